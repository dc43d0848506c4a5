import type { MpoolUpdate } from '../api/types/mpool.ts'
import { MpoolError } from './errors.ts'

/** Changes that wait for one reader before it is dropped: an epoch's messages of a full chain, and more. */
const BUFFER = 20_000

interface Reader {
  readonly waiting: MpoolUpdate[]
  wake: (() => void) | undefined
  slow: boolean
}

/** Tells of the pool's changes to whoever reads them. */
export class MpoolUpdates {
  readonly #readers = new Set<Reader>()

  push(update: MpoolUpdate): void {
    for (const reader of this.#readers) {
      // A reader that misses one misses all that follow, so that it cannot believe a pool that never was.
      if (reader.waiting.length >= BUFFER) reader.slow = true
      if (!reader.slow) reader.waiting.push(update)
      reader.wake?.()
    }
  }

  /** Changes from the call on, until the signal fires. @throws MpoolError MPOOL_SLOW_READER from the iterator */
  read(signal: AbortSignal): AsyncIterable<MpoolUpdate> {
    const reader: Reader = { waiting: [], wake: undefined, slow: false }
    if (signal.aborted) return this.#items(reader, signal)
    this.#readers.add(reader)
    signal.addEventListener('abort', () => this.#readers.delete(reader), { once: true })
    return this.#items(reader, signal)
  }

  async *#items(reader: Reader, signal: AbortSignal): AsyncGenerator<MpoolUpdate, void, undefined> {
    const stop = (): void => reader.wake?.()
    signal.addEventListener('abort', stop, { once: true })
    try {
      while (!signal.aborted) {
        const next = reader.waiting.shift()
        if (next !== undefined) yield next
        else if (reader.slow) {
          throw new MpoolError(
            'MPOOL_SLOW_READER',
            `a reader of the message pool fell ${BUFFER} changes behind and was dropped: subscribe again and read the pending messages`,
          )
        } else {
          await new Promise<void>((resolve) => {
            reader.wake = resolve
          })
        }
      }
    } finally {
      signal.removeEventListener('abort', stop)
      this.#readers.delete(reader)
    }
  }
}
