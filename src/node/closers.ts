/** The order in which a process of many parts ends: what was opened last is closed first. */
import { getLogger } from '../lib/log.ts'

type Close = () => Promise<unknown> | unknown

/** What was opened, with how to close it. */
export class Closers {
  readonly #closers: Close[] = []

  push(close: Close): void {
    this.#closers.push(close)
  }

  /** In reverse order of opening; the first failure is thrown when all had their turn. */
  async closeAll(): Promise<void> {
    let failure: unknown
    for (const close of this.#closers.splice(0).reverse()) {
      try {
        await close()
      } catch (error) {
        failure ??= error
      }
    }
    if (failure !== undefined) throw failure
  }

  /** Settles when everything was closed, which begins with the signal; rejects when that failed. */
  closedAfter(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (): void => void this.closeAll().then(resolve, reject)
      if (signal.aborted) end()
      else signal.addEventListener('abort', end, { once: true })
    })
  }
}

/**
 * Runs a start whose steps register how to close what they open; when one fails, that is closed again.
 * @param logger of what cannot be closed then
 */
export async function startInOrder<T>(logger: string, start: (closers: Closers) => Promise<T>): Promise<T> {
  const closers = new Closers()
  try {
    return await start(closers)
  } catch (error) {
    await closers.closeAll().catch((e: unknown) => getLogger(logger).error('closing after a failed start failed too', {}, e))
    throw error
  }
}

/** What stops a process of many parts: its own end, or the given signal. @throws the signal's reason where it has fired already */
export function stoppedBy(signal: AbortSignal | undefined): AbortController {
  const stopping = new AbortController()
  signal?.addEventListener('abort', () => stopping.abort(signal.reason), { once: true })
  signal?.throwIfAborted()
  return stopping
}
