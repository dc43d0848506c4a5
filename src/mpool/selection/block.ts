import { blockGasLimit, blockMessageLimit } from '../../networks/constants.ts'
import { SignatureType } from '../../types/signature.ts'
import { LEAST_GAS, MAX_OF_KIND } from '../limits.ts'
import type { PooledMessage } from '../pooled-message.ts'
import { byPerformance, type MessageChain } from './chains.ts'

/** A block that is being filled. */
export class BlockFilling {
  readonly messages: PooledMessage[] = []
  gasLeft = Number(blockGasLimit)
  #bls = MAX_OF_KIND
  #secp = MAX_OF_KIND

  get full(): boolean {
    return this.gasLeft < LEAST_GAS || this.messages.length >= blockMessageLimit
  }

  #room({ signatureType }: MessageChain): number {
    const ofKind = signatureType === SignatureType.bls ? this.#bls : this.#secp
    return Math.min(ofKind, blockMessageLimit - this.messages.length)
  }

  #take(chain: MessageChain): void {
    this.messages.push(...chain.messages)
    this.gasLeft -= chain.gasLimit
    if (chain.signatureType === SignatureType.bls) this.#bls -= chain.messages.length
    else this.#secp -= chain.messages.length
  }

  /** @returns false when the chain does not fit */
  tryToAdd(chain: MessageChain): boolean {
    if (this.#room(chain) < chain.messages.length || this.gasLeft < chain.gasLimit) return false
    this.#take(chain)
    return true
  }

  /**
   * Adds a chain after those that it depends on. One that does not fit is cut so that it does, or given up when not even
   * those before it fit.
   * @returns false when it was not added
   */
  tryToAddWithDeps(chain: MessageChain): boolean {
    const before: MessageChain[] = []
    let gas = 0
    let count = 0
    for (let c = chain.prev; c !== undefined && !c.merged; c = c.prev) {
      before.push(c)
      gas += c.gasLimit
      count += c.messages.length
    }
    const room = this.#room(chain)
    if (gas + chain.gasLimit > this.gasLeft || count + chain.messages.length > room) {
      if (gas > this.gasLeft || count >= room) chain.invalidate()
      else chain.trim(this.gasLeft - gas, room - count)
      return false
    }
    for (const c of before.reverse()) {
      c.merged = true
      this.#take(c)
    }
    chain.merged = true
    this.#take(chain)
    return true
  }

  /** Cuts a chain to what is left of the block. */
  trim(chain: MessageChain): void {
    const room = this.#room(chain)
    if (chain.gasLimit > this.gasLeft || chain.messages.length > room) chain.trim(this.gasLeft, room)
  }

  /**
   * Fills the block from the best chain down; the first that does not fit is cut and put back to where it then belongs
   * (Lotus selectMessagesGreedy). Since each sender's chains perform in falling order, none comes before one that it needs.
   */
  addGreedily(given: readonly MessageChain[]): void {
    const chains = [...given].sort(byPerformance)
    let at = 0
    while (!this.full && at < chains.length) {
      const chain = chains[at] as MessageChain
      if (!chain.valid) {
        at++
        continue
      }
      if (chain.performance < 0) return
      if (this.tryToAdd(chain)) {
        at++
        continue
      }
      this.trim(chain)
      if (chain.valid) pushDown(chains, at, byPerformance)
    }
  }
}

/** Moves the entry at `from` behind all that are to come before it. */
export function pushDown<T>(list: T[], from: number, order: (a: T, b: T) => number): void {
  const item = list[from] as T
  let at = from
  while (at + 1 < list.length && order(item, list[at + 1] as T) >= 0) {
    list[at] = list[at + 1] as T
    at++
  }
  list[at] = item
}
