import { Lru } from '../lib/lru.ts'
import { Protocol } from '../types/address.ts'
import { cidKey } from '../types/cid.ts'
import type { Message, SignedMessage } from '../types/message.ts'
import { messageCid } from '../types/message.ts'
import { type Signature, SignatureType } from '../types/signature.ts'
import { KEPT_BLS_SIGNATURES } from './limits.ts'
import type { AppliedMessage, MessageWay } from './pool-chain.ts'
import { type PooledMessage, pooled } from './pooled-message.ts'

/** The signatures of BLS messages that passed through the pool: blocks carry their sum alone. */
export class BlsSignatures {
  readonly #kept = new Lru<string, Signature>(KEPT_BLS_SIGNATURES)

  remember(m: PooledMessage): void {
    if (m.signed.signature.type === SignatureType.bls) this.#kept.set(m.id, m.signed.signature)
  }

  /** The signed form of a message of a block, undefined where its signature never came by. */
  recover(message: Message): SignedMessage | undefined {
    const signature = this.#kept.get(cidKey(messageCid(message)))
    return signature === undefined ? undefined : { message, signature }
  }
}

/** What a head change means for the pool. */
export interface Effect {
  /** Messages that are in no block any more. */
  readonly returned: readonly PooledMessage[]
  /** Messages whose nonces are used now. */
  readonly used: readonly AppliedMessage[]
}

/** Reverted messages return unless a block that was applied holds one of their sender and nonce. */
export function effectOf(way: MessageWay, signatures: BlsSignatures): Effect {
  const returned = new Map<string, PooledMessage>()
  for (const { message, signature } of way.reverted) {
    // A sender that is named by its id signed as its key; the pool knows senders by their keys alone.
    if (message.from.protocol === Protocol.id) continue
    const signed = signature === null ? signatures.recover(message) : { message, signature }
    if (signed !== undefined) returned.set(`${message.from.key}/${message.nonce}`, pooled(signed))
  }
  for (const { from, nonce } of way.applied) returned.delete(`${from.key}/${nonce}`)
  return { returned: [...returned.values()], used: way.applied }
}
