import type { Tipset } from '../types/tipset.ts'
import { Facts } from './facts.ts'
import { effectOf } from './head-changes.ts'
import type { PoolState } from './pool-state.ts'
import { type PooledMessage, pooled } from './pooled-message.ts'
import { selectMessages } from './selection/select.ts'

export interface SelectorComponents {
  readonly state: PoolState
  /** From 0 up to, but not, 1. */
  readonly random: () => number
}

/** What waits as seen from a tipset, and what of it goes into a block on top of that. */
export class Selector {
  readonly #state: PoolState
  readonly #random: () => number

  constructor(components: SelectorComponents) {
    this.#state = components.state
    this.#random = components.random
  }

  /** One list for each ticket quality; no message is in two of them. */
  async select(base: Tipset, ticketQualities: readonly number[]): Promise<PooledMessage[][]> {
    const state = this.#state
    const facts = base.equals(state.head) ? state.facts : new Facts(state.chain, base)
    const pending = await this.#pendingAt(base)
    if (pending.size === 0) return ticketQualities.map(() => [])
    const [baseFee, senders, priority] = await Promise.all([
      facts.baseFee(),
      state.senderStates(pending, facts),
      state.prioritySenders(),
    ])
    const out: PooledMessage[][] = []
    for (const quality of ticketQualities) {
      // Each takes some milliseconds: others get their turn between two of them.
      if (out.length > 0) await new Promise((resolve) => setImmediate(resolve))
      const chosen = selectMessages({
        pending,
        senders,
        priority,
        baseFee,
        minGas: (length) => state.chain.minGas(base.height, length),
        quality: Math.min(1, Math.max(0, quality)),
        random: this.#random,
      })
      // Whoever gave messages to one block gives none to another: theirs would lack those before them.
      for (const m of chosen) pending.delete(m.signed.message.from.key)
      out.push(chosen)
    }
    return out
  }

  /** By sender, with the messages of blocks that the tipset's chain does not have, without those that it has. */
  async #pendingAt(base: Tipset): Promise<Map<string, readonly PooledMessage[]>> {
    const state = this.#state
    const pending = state.pending.bySender()
    if (base.equals(state.head)) return pending
    const { returned, used } = effectOf(await state.chain.way(state.head, base, false), state.signatures)
    const without = (key: string, nonce: bigint): PooledMessage[] =>
      (pending.get(key) ?? []).filter((p) => p.signed.message.nonce !== nonce)
    for (const m of returned) {
      const { from, nonce } = m.signed.message
      const list = [...without(from.key, nonce), m]
      list.sort((a, b) => (a.signed.message.nonce < b.signed.message.nonce ? -1 : 1))
      pending.set(from.key, list)
    }
    for (const { from, nonce } of used) if (pending.has(from.key)) pending.set(from.key, without(from.key, nonce))
    return pending
  }

  /** All that waits, with the messages of the tipset's chain that are not on the pool's (Lotus MpoolPending). */
  async pendingMessages(base: Tipset): Promise<PooledMessage[]> {
    const { pending, head, chain, signatures } = this.#state
    const out = [...pending.all()]
    if (base.height < head.height || base.equals(head)) return out
    const known = new Set(out.map((m) => m.id))
    const { reverted } = await chain.way(base, head, false)
    for (const { message, signature } of reverted) {
      const signed = signature === null ? signatures.recover(message) : { message, signature }
      if (signed === undefined) continue
      const m = pooled(signed)
      if (!known.has(m.id)) out.push(m)
    }
    return out
  }
}
