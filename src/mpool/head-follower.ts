import { errorMessage } from '../lib/errors.ts'
import { getLogger } from '../lib/log.ts'
import type { Tipset } from '../types/tipset.ts'
import { Facts } from './facts.ts'
import { type Effect, effectOf } from './head-changes.ts'
import type { LocalMessages } from './local-messages.ts'
import type { PoolState } from './pool-state.ts'

const log = getLogger('mpool')

export interface HeadFollowerComponents {
  readonly state: PoolState
  readonly local: LocalMessages
}

/** Brings the pool to the chain's head, however many heads came meanwhile. */
export class HeadFollower {
  readonly #state: PoolState
  readonly #local: LocalMessages
  #target: Tipset
  #following: Promise<void> = Promise.resolve()
  #leavesChain = false
  #closed = false
  /** CIDs (`cidKey`) of what was sent out last; when one of them is in a block there may be room for more. */
  republished: ReadonlySet<string> = new Set()
  /** Called when one of them is. */
  onRepublishedApplied: (() => void) | undefined

  constructor(components: HeadFollowerComponents) {
    this.#state = components.state
    this.#local = components.local
    this.#target = components.state.head
  }

  onHeadChange(changes: readonly { readonly type: string }[], head: Tipset): void {
    if (this.#closed) return
    this.#target = head
    if (changes.some((c) => c.type !== 'apply')) this.#leavesChain = true
    this.#following = this.#following
      .then(() => this.#follow())
      .catch((error: unknown) => {
        log.error('the message pool could not follow the head', { head: head.key.toString() }, error)
      })
  }

  /** Settles when the pool has followed the chain to what was its head at the call. */
  async settled(): Promise<void> {
    await this.#following
  }

  async #follow(): Promise<void> {
    const state = this.#state
    const head = this.#target
    if (head.equals(state.head) || this.#closed) return
    const facts = new Facts(state.chain, head)
    // With nothing to wait for a block nothing leaves, and while catching up nothing needs to be read.
    if (state.pending.size === 0 && !this.#leavesChain) {
      state.facts = facts
      await this.#local.sweep(head.height)
      return
    }
    this.#leavesChain = false
    const effect = effectOf(await state.chain.way(state.head, head), state.signatures)
    const nonces = await Promise.all(effect.returned.map(async (m) => (await facts.sender(m.signed.message.from))?.nonce))
    state.facts = facts
    const again = this.#take(effect, nonces, head)
    await this.#local.sweep(head.height)
    if (again) this.onRepublishedApplied?.()
  }

  /** @param nonces next nonces of the senders of what returns @returns whether a block holds what was sent out last */
  #take({ returned, used }: Effect, nonces: readonly (bigint | undefined)[], head: Tipset): boolean {
    let again = false
    for (const { from: sender, nonce, id } of used) {
      this.#state.pending.applied(sender, nonce)
      this.#local.settle({ from: sender, nonce }, head.height)
      again ||= this.republished.has(id)
    }
    for (const [i, m] of returned.entries()) {
      this.#local.unsettle(m.signed.message)
      const nonce = nonces[i]
      if (nonce === undefined) continue
      try {
        this.#state.insert(m, 'local', nonce)
      } catch (error) {
        log.info('a message of a block that was left did not return', { message: String(m.cid), reason: errorMessage(error) })
      }
    }
    return again
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#following
  }
}
