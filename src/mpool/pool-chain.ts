import type { Address } from '../types/address.ts'
import type { Message, SignedMessage } from '../types/message.ts'
import type { Tipset } from '../types/tipset.ts'

/** What is to be known of a sender to judge its messages after a tipset. */
export interface SenderFacts {
  /** The next nonce after the tipset's messages, whether they are executed or not. */
  readonly nonce: bigint
  /** Nonce and balance (attoFIL) in the state after the tipset; undefined where the actor is not in it. */
  readonly after: { readonly nonce: bigint; readonly balance: bigint; readonly canSend: boolean } | undefined
}

/** What is wrong with a message whoever sends it; undefined where nothing is. */
export interface MessageFaults {
  /** Breaks a rule of form, as if for the epoch after the tipset. */
  readonly form: string | undefined
  /** Its gas limit is below what taking it in costs there. */
  readonly gas: string | undefined
  readonly signature: string | undefined
}

/** A message of a block: `from` is the sender's key address where it has one. */
export interface AppliedMessage {
  readonly from: Address
  readonly nonce: bigint
  /** `cidKey` of the CID by which the chain knows it. */
  readonly id: string
}

/** What leads from one tipset to another, as far as messages go. */
export interface MessageWay {
  /** Messages of blocks that are left, BLS ones without signature (`signature` is null). */
  readonly reverted: readonly {
    readonly message: SignedMessage['message']
    readonly signature: SignedMessage['signature'] | null
  }[]
  readonly applied: readonly AppliedMessage[]
}

/**
 * What the pool asks of chain and state. The answers come from other threads; nothing here reads the disk on the pool's own.
 * A sender is asked for by its key address (f1, f3, f410).
 */
export interface PoolChain {
  /** @param verified messages whose signatures are known to be good */
  examine(messages: readonly SignedMessage[], verified: readonly boolean[], base: Tipset): Promise<readonly MessageFaults[]>
  /** undefined for one that is not in the state before the tipset. */
  senders(addresses: readonly Address[], base: Tipset): Promise<readonly (SenderFacts | undefined)[]>
  /** Key addresses behind ids; undefined where there is none. */
  keys(addresses: readonly Address[], base: Tipset): Promise<readonly (Address | undefined)[]>
  /** Base fee of the blocks that follow the tipset, attoFIL. */
  baseFee(base: Tipset): Promise<bigint>
  /** @param urgent false where a caller may name any tipset: the way can be long */
  way(from: Tipset, to: Tipset, urgent?: boolean): Promise<MessageWay>
  /** What is wrong with a message for the epoch after a height, whatever its gas limit; undefined where nothing is. */
  formFault(message: Message, height: number): string | undefined
  /** Least gas limit of a message in a block at a height, by the bytes that it takes on chain. */
  minGas(height: number, length: number): bigint
  /** What that is made of, in gas. */
  messageCharge(height: number, length: number): { readonly compute: bigint; readonly storage: bigint }
}
