import type { HeadChange } from './chain-reader.ts'
import { StoreError } from './errors.ts'

/** Batches that wait for one subscriber before it is dropped (Lotus chain/store/store.go SubHeadChanges). */
const BUFFER = 16

/** One subscriber's queue: an async iterator of batches that ends with the signal. */
export class HeadChangeQueue implements AsyncIterableIterator<readonly HeadChange[]> {
  readonly #waiting: (readonly HeadChange[])[] = []
  readonly #onEnd: (queue: HeadChangeQueue) => void
  readonly #signal: AbortSignal | undefined
  #reader: { resolve(r: IteratorResult<readonly HeadChange[]>): void; reject(e: unknown): void } | undefined
  #ended = false
  #error: StoreError | undefined

  constructor(onEnd: (queue: HeadChangeQueue) => void, signal: AbortSignal | undefined) {
    this.#onEnd = onEnd
    this.#signal = signal
    signal?.addEventListener('abort', this.#end, { once: true })
    if (signal?.aborted === true) this.#end()
  }

  /** Adds a batch; a subscriber whose buffer is full is dropped and told so when it has read what is in it. */
  push(batch: readonly HeadChange[]): void {
    if (this.#ended) return
    if (this.#reader !== undefined) {
      const reader = this.#reader
      this.#reader = undefined
      reader.resolve({ value: batch, done: false })
      return
    }
    if (this.#waiting.length >= BUFFER) {
      this.#error = new StoreError(
        'STORE_SLOW_READER',
        `a subscriber of head changes fell ${BUFFER} changes behind and was dropped`,
      )
      this.#end()
      return
    }
    this.#waiting.push(batch)
  }

  readonly #end = (): void => {
    if (this.#ended) return
    this.#ended = true
    this.#signal?.removeEventListener('abort', this.#end)
    this.#onEnd(this)
    this.#reader?.resolve({ value: undefined, done: true })
    this.#reader = undefined
  }

  next(): Promise<IteratorResult<readonly HeadChange[]>> {
    const batch = this.#waiting.shift()
    if (batch !== undefined && this.#signal?.aborted !== true) return Promise.resolve({ value: batch, done: false })
    if (this.#ended) {
      const error = this.#error
      this.#error = undefined
      return error !== undefined ? Promise.reject(error) : Promise.resolve({ value: undefined, done: true })
    }
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject }
    })
  }

  return(): Promise<IteratorResult<readonly HeadChange[]>> {
    this.#waiting.length = 0
    this.#end()
    return Promise.resolve({ value: undefined, done: true })
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<readonly HeadChange[]> {
    return this
  }
}
