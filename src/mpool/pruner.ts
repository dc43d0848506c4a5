import { getLogger } from '../lib/log.ts'
import { baseFeeLowerBound } from './admission.ts'
import { pruneCooldownMs } from './config.ts'
import { MpoolError } from './errors.ts'
import { KEEP_BASE_FEE_DIVISOR } from './limits.ts'
import type { PoolState } from './pool-state.ts'
import { messagesToPrune } from './prune.ts'

const log = getLogger('mpool')

/** Makes room: one prune at a time, and none too soon after the last. */
export class Pruner {
  readonly #state: PoolState
  readonly #now: () => number
  #running: Promise<void> | undefined
  #next = Number.NEGATIVE_INFINITY

  constructor(components: { readonly state: PoolState; readonly now: () => number }) {
    this.#state = components.state
    this.#now = components.now
    this.#state.onFull = () => this.start()
  }

  start(): void {
    if (this.#running !== undefined || this.#now() < this.#next) return
    this.#next = this.#now() + pruneCooldownMs(this.#state.config)
    this.#running = this.run()
      .catch((error: unknown) => log.error('the message pool could not be pruned', {}, error))
      .finally(() => {
        this.#running = undefined
      })
  }

  /** @throws MpoolError MPOOL_FULL while there is no room for others' messages */
  requireRoom(): void {
    if (!this.#state.isFull) return
    this.start()
    throw new MpoolError('MPOOL_FULL', `the message pool is full: it holds ${this.#state.pending.size} messages`)
  }

  /** Drops what is least worth, without looking at the clock. */
  async run(): Promise<void> {
    const { pending, facts, config } = this.#state
    const bySender = pending.bySender()
    const [baseFee, senders, priority] = await Promise.all([
      facts.baseFee(),
      this.#state.senderStates(bySender, facts),
      this.#state.prioritySenders(),
    ])
    const gone = messagesToPrune({
      pending: bySender,
      senders,
      protect: new Set([...priority, ...pending.localSenders().map((a) => a.key)]),
      baseFee: baseFeeLowerBound(baseFee, KEEP_BASE_FEE_DIVISOR),
      minGas: (length) => this.#state.minGas(length),
      keep: config.sizeLimitLow,
    })
    for (const m of gone) {
      const { from, nonce } = m.signed.message
      // It may have been replaced while the senders were looked up.
      if (pending.queue(from)?.get(nonce) === m) pending.pruned(from, nonce)
    }
    log.info('the message pool was pruned', { dropped: gone.length, left: pending.size })
  }

  /** Settles when no prune runs. */
  async settled(): Promise<void> {
    await this.#running
  }
}
