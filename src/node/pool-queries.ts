/** What a worker thread answers to the message pool; everything is synchronous. */
import { ActorError } from '../actors/errors.ts'
import { decode, encode } from '../codec/codec.ts'
import { list } from '../codec/combinators.ts'
import { messageFault } from '../consensus/rules/message-form.ts'
import { signatureFault } from '../consensus/rules/message-signature.ts'
import { onChainMessageGas } from '../consensus/rules/on-chain-gas.ts'
import { canSend } from '../consensus/rules/senders.ts'
import { senderKeys } from '../consensus/sender-keys.ts'
import { getLogger } from '../lib/log.ts'
import { Lru } from '../lib/lru.ts'
import type { MessageFaults, SenderFacts } from '../mpool/pool-chain.ts'
import { type PackedMessages, unpack } from '../mpool/pooled-message.ts'
import { blsVerify } from '../native/crypto.ts'
import type { Network } from '../networks/types.ts'
import { nextBaseFee } from '../state/base-fee.ts'
import { StateError } from '../state/errors.ts'
import type { StateManager } from '../state/state-manager.ts'
import { MissingBlockError } from '../store/blockstore.ts'
import { StoreError } from '../store/errors.ts'
import { Address, Protocol } from '../types/address.ts'
import { CID, cidKey } from '../types/cid.ts'
import { chainLength, message, messageCid, type SignedMessage, signedMessage, signedMessageCid } from '../types/message.ts'
import { SignatureType } from '../types/signature.ts'
import { type Tipset, TipsetKey } from '../types/tipset.ts'

const log = getLogger('mpool')

/** Heads whose messages' senders are remembered. */
const KEPT_HEADS = 16
/** Tipsets between two heads that the pool follows one by one: twice what a reorganisation can span. */
const MAX_WAY = 1800

type Key = readonly string[]

/** A message of a block; `signed` tells which form the bytes have. */
export interface WireReverted {
  readonly data: Uint8Array
  readonly signed: boolean
}
export interface WireApplied {
  readonly from: Uint8Array
  readonly nonce: bigint
  readonly id: string
}

/** The methods of the worker by their names. */
export interface PoolQueries {
  poolExamine(args: { messages: readonly Uint8Array[]; verified: readonly boolean[]; height: number }): MessageFaults[]
  poolSenders(args: { addresses: readonly Uint8Array[]; base: Key }): (SenderFacts | undefined)[]
  poolKeys(args: { addresses: readonly Uint8Array[]; base: Key }): (Uint8Array | undefined)[]
  poolBaseFee(args: { base: Key }): bigint
  /** The messages as the JSON text of a list. */
  poolJson(args: PackedMessages): string
  poolWay(args: { from: Key; to: Key }): { readonly reverted: WireReverted[]; readonly applied: WireApplied[] }
}

export function poolQueries(state: StateManager): PoolQueries {
  const { chain, network } = state
  const tipset = (key: Key): Tipset => chain.tipset(new TipsetKey(key.map((c) => CID.parse(c))))
  const nonces = new Lru<string, ReadonlyMap<string, bigint>>(KEPT_HEADS)

  /** The next nonces that a tipset's messages leave, by sender's key. */
  const noncesAfter = (base: Tipset): ReadonlyMap<string, bigint> => {
    const known = nonces.get(base.key.id)
    if (known !== undefined) return known
    const keyOf = senderKeys(state, base)
    const next = new Map<string, bigint>()
    for (const m of messagesOf(base)) {
      const bare = 'signature' in m ? m.message : m
      const key = keyOf(bare.from)?.key
      if (key !== undefined && (next.get(key) ?? 0n) <= bare.nonce) next.set(key, bare.nonce + 1n)
    }
    nonces.set(base.key.id, next)
    return next
  }

  const messagesOf = (t: Tipset): ReturnType<typeof chain.messagesForTipset> => {
    // The genesis has none, and a snapshot may hold none for the oldest tipsets.
    if (t.height === 0) return []
    try {
      return chain.messagesForTipset(t)
    } catch (error) {
      if (!(error instanceof MissingBlockError)) throw error
      log.warn('messages of a tipset are not in the store', { height: t.height }, error)
      return []
    }
  }

  return {
    poolExamine({ messages, verified, height }) {
      // It can only stand in a block of the next epoch or a later one.
      const rules = { network, networkVersion: state.networkVersion(height + 1) }
      return messages.map((data, i) => examineMessage(decode(signedMessage, data), verified[i] === true, rules, height + 1))
    },

    poolSenders({ addresses, base: key }) {
      const base = tipset(key)
      const before = state.parentState(base)
      const after = state.stateTree(state.tipsetState(base).stateRoot)
      const used = noncesAfter(base)
      const nv = state.networkVersion(base.height + 1)
      return addresses.map((bytes) => {
        const address = Address.fromBytes(bytes)
        const actor = before.getActor(address)
        if (actor === undefined) return undefined
        const inTipset = used.get(address.key) ?? 0n
        const now = after.getActor(address)
        return {
          nonce: inTipset > actor.nonce ? inTipset : actor.nonce,
          after:
            now === undefined ? undefined : { nonce: now.nonce, balance: now.balance, canSend: canSend(state.registry, now, nv) },
        }
      })
    },

    poolKeys({ addresses, base: key }) {
      const base = tipset(key)
      const after = state.stateTree(state.tipsetState(base).stateRoot)
      return addresses.map((bytes) => {
        try {
          return state.accountKey(after, Address.fromBytes(bytes)).bytes
        } catch (error) {
          if (error instanceof StateError && error.code === 'STATE_ACTOR_NOT_FOUND') return undefined
          if (error instanceof ActorError && error.code === 'ACTOR_KIND') return undefined
          throw error
        }
      })
    },

    poolJson: (packed) => JSON.stringify(list(signedMessage).toJson(unpack(packed), { addressPrefix: network.addressPrefix })),

    poolBaseFee: ({ base }) => nextBaseFee(network, chain, tipset(base)),

    poolWay({ from, to }) {
      const reverted: WireReverted[] = []
      const applied: WireApplied[] = []
      let path: ReturnType<typeof chain.path>
      try {
        path = chain.path(tipset(from), tipset(to), { max: MAX_WAY })
      } catch (error) {
        if (!(error instanceof StoreError) || error.code !== 'STORE_PATH_TOO_LONG') throw error
        // So far apart are only heads that an operator set: what waits is judged anew by the state when it is looked at.
        return { reverted, applied }
      }
      for (const { type, tipset: t } of path) {
        if (type === 'revert') {
          for (const m of messagesOf(t))
            reverted.push(
              'signature' in m ? { data: encode(signedMessage, m), signed: true } : { data: encode(message, m), signed: false },
            )
          continue
        }
        const keyOf = senderKeys(state, t)
        for (const m of messagesOf(t)) {
          const bare = 'signature' in m ? m.message : m
          const key = keyOf(bare.from)
          const cid = 'signature' in m ? signedMessageCid(m) : messageCid(m)
          if (key !== undefined) applied.push({ from: key.bytes, nonce: bare.nonce, id: cidKey(cid) })
        }
      }
      return { reverted, applied }
    },
  }
}

/**
 * What is wrong with a message for a block of an epoch.
 * @param verified true leaves the signature out
 */
export function examineMessage(
  signed: SignedMessage,
  verified: boolean,
  { network, networkVersion }: { readonly network: Network; readonly networkVersion: number },
  epoch: number,
): MessageFaults {
  const form = messageFault(signed.message, 0n, networkVersion)
  const least = onChainMessageGas(network, epoch, chainLength(signed))
  const gas = form === undefined ? messageFault(signed.message, least, networkVersion) : undefined
  return { form, gas, signature: verified ? undefined : ownSignatureFault(signed, network, networkVersion) }
}

/** The sender is its own key here: one that is named by its id is refused, as in Lotus. */
function ownSignatureFault(signed: SignedMessage, network: Network, networkVersion: number): string | undefined {
  const { from } = signed.message
  const { type, data } = signed.signature
  if (type !== SignatureType.bls) return signatureFault(signed, from, network, networkVersion)
  const good = from.protocol === Protocol.bls && blsVerify(from.payload, messageCid(signed.message).bytes, data)
  return good ? undefined : `it is not signed by ${from}`
}
