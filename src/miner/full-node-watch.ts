import type { Api } from '../api/api.ts'
import type { Clock } from '../lib/clock.ts'
import { errorMessage } from '../lib/errors.ts'
import { getLogger } from '../lib/log.ts'

const log = getLogger('miner')

/** How often the full node is asked, and how long it may take to answer, milliseconds. */
const EVERY_MS = 10_000
const TIMEOUT_MS = 10_000

/**
 * Looks after the connection to the full node: says when it is lost, when it is back, and when another process answers than
 * before. Calls need no such help, each makes its own way; it is the operator who wants to know.
 */
export class FullNodeWatch {
  readonly #api: Pick<Api, 'session'>
  readonly #clock: Clock
  readonly #stop = new AbortController()
  readonly #running: Promise<void>
  #session: string | undefined
  #lost = false

  constructor({ api, clock }: { readonly api: Pick<Api, 'session'>; readonly clock: Clock }) {
    this.#api = api
    this.#clock = clock
    this.#running = this.#run()
  }

  /** False after a question that was not answered. */
  get connected(): boolean {
    return !this.#lost
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      await this.#ask(signal)
      await this.#clock.sleep(EVERY_MS, signal).catch(() => undefined)
    }
  }

  async #ask(signal: AbortSignal): Promise<void> {
    try {
      const session = await this.#api.session([], { signal, timeoutMs: TIMEOUT_MS })
      if (this.#lost) log.info('the full node answers again')
      if (this.#session !== undefined && this.#session !== session) log.info('the full node was started anew')
      this.#session = session
      this.#lost = false
    } catch (error) {
      if (signal.aborted || this.#lost) return
      this.#lost = true
      log.error('the full node does not answer; no blocks and no proofs until it does', { reason: errorMessage(error) })
    }
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }
}
