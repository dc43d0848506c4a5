import type { Api } from '../api/api.ts'
import type { TipsetView } from '../api/types/chain.ts'
import type { Clock } from '../lib/clock.ts'
import { getLogger } from '../lib/log.ts'

const log = getLogger('miner')

/** Milliseconds until a lost subscription is made anew. */
const RETRY_MS = 1_000

/**
 * Tells the head of the full node's chain whenever it moves, and at the beginning. A subscription that ends (the full node stopped, or this
 * process fell behind) is made anew; the first item of each says where the head is, so that nothing is missed but what was reverted since.
 */
export class HeadFollower {
  readonly #api: Pick<Api, 'chainNotify'>
  readonly #clock: Clock
  readonly #stop = new AbortController()
  readonly #listeners = new Set<(head: TipsetView) => void>()
  #running: Promise<void> | undefined

  constructor(components: { readonly api: Pick<Api, 'chainNotify'>; readonly clock: Clock }) {
    this.#api = components.api
    this.#clock = components.clock
  }

  /** Listeners return at once; what they begin is theirs. Those that are added after `start` miss the head of the moment. */
  onHead(listener: (head: TipsetView) => void): void {
    this.#listeners.add(listener)
  }

  start(): void {
    this.#running ??= this.#run()
  }

  async close(): Promise<void> {
    this.#stop.abort(new Error('the miner is stopping'))
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      try {
        for await (const changes of this.#api.chainNotify([], { signal })) {
          // In a batch the last one applied is the new head; one of reverts alone (a head set by hand) ends at a parent that a batch to come tells.
          const head = changes.findLast((c) => c.type !== 'revert')
          if (head !== undefined) for (const listener of this.#listeners) listener(head.val)
        }
      } catch (error) {
        if (!signal.aborted) log.warn('the subscription to the head was lost and is made anew', {}, error)
      }
      await this.#clock.sleep(RETRY_MS, signal).catch(() => undefined)
    }
  }
}
