import { MpoolError } from './errors.ts'
import { MAX_ACTOR_PENDING, MAX_ACTOR_PENDING_UNTRUSTED, MAX_NONCE_GAP, REPLACE_BY_FEE_MIN } from './limits.ts'
import type { PooledMessage } from './pooled-message.ts'

/**
 * How strictly a message is added: `local` may leave gaps of any size, as a wallet of ours numbers its messages itself;
 * `network` up to 4; `untrusted` none, and it has fewer places (Lotus msgSet.add).
 */
export type Strictness = 'local' | 'network' | 'untrusted'

/** Least premium of what replaces a message with this one. attoFIL per unit of gas. @param ratio whole percent */
export function replacementPremium(premium: bigint, ratio: bigint = REPLACE_BY_FEE_MIN): bigint {
  return (premium * ratio) / 100n + 1n
}

/** The messages of one sender by nonce, and its next one. */
export class SenderQueue {
  readonly #messages = new Map<bigint, PooledMessage>()
  readonly #prefix: 'f' | 't'
  #nextNonce: bigint
  #requiredFunds = 0n
  #sorted: readonly PooledMessage[] | undefined

  /** @param nonce the sender's next nonce on chain @param prefix the letter of addresses in errors */
  constructor(nonce: bigint, prefix: 'f' | 't') {
    this.#nextNonce = nonce
    this.#prefix = prefix
  }

  get size(): number {
    return this.#messages.size
  }

  /** The first nonce for which there is no message. */
  get nextNonce(): bigint {
    return this.#nextNonce
  }

  get(nonce: bigint): PooledMessage | undefined {
    return this.#messages.get(nonce)
  }

  /** By nonce. */
  list(): readonly PooledMessage[] {
    this.#sorted ??= [...this.#messages.values()].sort((a, b) =>
      a.signed.message.nonce < b.signed.message.nonce ? -1 : a.signed.message.nonce > b.signed.message.nonce ? 1 : 0,
    )
    return this.#sorted
  }

  /** attoFIL that the gas of all messages but the one of a nonce may cost. */
  requiredFunds(except: bigint): bigint {
    return this.#requiredFunds - (this.#messages.get(except)?.requiredFunds ?? 0n)
  }

  /**
   * @returns the message that was replaced, if there was one
   * @throws MpoolError MPOOL_NONCE_GAP, MPOOL_NONCE_TAKEN, MPOOL_REPLACE_FEE, MPOOL_TOO_MANY; nothing has changed then
   */
  add(m: PooledMessage, strictness: Strictness): PooledMessage | undefined {
    const { nonce, from, gasPremium } = m.signed.message
    const strict = strictness !== 'local'
    const gap = nonce > this.#nextNonce
    if (strict && nonce > this.#nextNonce + (strictness === 'untrusted' ? 0n : MAX_NONCE_GAP))
      throw new MpoolError(
        'MPOOL_NONCE_GAP',
        `message nonce has too big a gap from expected nonce (Nonce: ${nonce}, nextNonce: ${this.#nextNonce}): unfulfilled nonce gap`,
      )
    const before = this.#messages.get(nonce)
    if (before !== undefined) {
      if (strict && gap)
        throw new MpoolError(
          'MPOOL_NONCE_GAP',
          `rejecting replace by fee because of nonce gap (Nonce: ${nonce}, nextNonce: ${this.#nextNonce}): unfulfilled nonce gap`,
        )
      if (before.id === m.id)
        throw new MpoolError(
          'MPOOL_NONCE_TAKEN',
          `message from ${from.toString(this.#prefix)} with nonce ${nonce} already in mpool: message with nonce already exists`,
        )
      const least = replacementPremium(before.signed.message.gasPremium)
      if (gasPremium < least)
        throw new MpoolError(
          'MPOOL_REPLACE_FEE',
          `message from ${from.toString(this.#prefix)} with nonce ${nonce} already in mpool, increase GasPremium to ${least} from ${gasPremium} to trigger replace by fee: replace by fee has too low GasPremium`,
        )
    } else if (this.#messages.size >= (strictness === 'untrusted' ? MAX_ACTOR_PENDING_UNTRUSTED : MAX_ACTOR_PENDING)) {
      throw new MpoolError('MPOOL_TOO_MANY', 'too many pending messages for actor')
    }
    this.#requiredFunds += m.requiredFunds - (before?.requiredFunds ?? 0n)
    this.#messages.set(nonce, m)
    this.#sorted = undefined
    if (nonce === this.#nextNonce) this.#advance(nonce + 1n)
    return before
  }

  /** Takes a message out because a block carries one with its nonce, whether the pool knows it or not. */
  applied(nonce: bigint): PooledMessage | undefined {
    const m = this.#take(nonce)
    if (nonce >= this.#nextNonce) this.#advance(nonce + 1n)
    return m
  }

  /** Takes a message out for want of room. */
  pruned(nonce: bigint): PooledMessage | undefined {
    const m = this.#take(nonce)
    if (m !== undefined && nonce < this.#nextNonce) this.#nextNonce = nonce
    return m
  }

  #take(nonce: bigint): PooledMessage | undefined {
    const m = this.#messages.get(nonce)
    if (m === undefined) return undefined
    this.#messages.delete(nonce)
    this.#requiredFunds -= m.requiredFunds
    this.#sorted = undefined
    return m
  }

  #advance(to: bigint): void {
    this.#nextNonce = to
    while (this.#messages.has(this.#nextNonce)) this.#nextNonce++
  }
}
