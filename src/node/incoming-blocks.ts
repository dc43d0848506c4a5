import { StoreError } from '../store/errors.ts'
import type { BlockHeader } from '../types/block.ts'

/** Headers that wait for one reader before it is dropped. */
const READER_BUFFER = 64

interface Reader {
  readonly waiting: BlockHeader[]
  wake: (() => void) | undefined
  slow: boolean
}

/** Headers of new blocks, to whoever reads them as they come. */
export class IncomingBlocks {
  readonly #readers = new Set<Reader>()

  push(header: BlockHeader): void {
    for (const reader of this.#readers) {
      // Nothing is left out of what a reader sees: after the first that finds no room there are no more.
      if (reader.waiting.length >= READER_BUFFER) reader.slow = true
      if (!reader.slow) reader.waiting.push(header)
      reader.wake?.()
    }
  }

  /**
   * The headers that come from the call on, until the signal fires.
   * @throws StoreError STORE_SLOW_READER, from the iterator, after what was buffered for a reader that does not keep up
   */
  read(signal: AbortSignal): AsyncIterable<BlockHeader> {
    const reader: Reader = { waiting: [], wake: undefined, slow: false }
    this.#readers.add(reader)
    signal.addEventListener('abort', () => this.#readers.delete(reader), { once: true })
    return this.#items(reader, signal)
  }

  async *#items(reader: Reader, signal: AbortSignal): AsyncGenerator<BlockHeader, void, undefined> {
    const stop = (): void => reader.wake?.()
    signal.addEventListener('abort', stop, { once: true })
    try {
      while (!signal.aborted) {
        const header = reader.waiting.shift()
        if (header !== undefined) yield header
        else if (reader.slow) {
          throw new StoreError(
            'STORE_SLOW_READER',
            `a reader of incoming blocks fell ${READER_BUFFER} blocks behind and was dropped`,
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
