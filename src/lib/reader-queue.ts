export interface ReaderQueueInit<T> {
  /** Items that wait for a reader before it is dropped. */
  readonly buffer: number
  /** What a reader is told that was dropped because it did not keep up. */
  readonly slow: () => Error
  /** Ends the reading. */
  readonly signal?: AbortSignal | undefined
  /** Called once, when nothing is to be pushed any more. */
  readonly onEnd: (queue: ReaderQueue<T>) => void
}

/**
 * One reader's queue of items that come one by one: an async iterator that ends with the signal. Nothing is left out of what a reader
 * sees: after the first item that finds no room there are no more, and what was buffered is followed by the error.
 */
export class ReaderQueue<T> implements AsyncIterableIterator<T> {
  readonly #init: ReaderQueueInit<T>
  readonly #waiting: T[] = []
  #reader: { resolve(r: IteratorResult<T>): void; reject(e: unknown): void } | undefined
  #ended = false
  #error: Error | undefined

  constructor(init: ReaderQueueInit<T>) {
    this.#init = init
    init.signal?.addEventListener('abort', this.#end, { once: true })
    if (init.signal?.aborted === true) this.#end()
  }

  push(item: T): void {
    if (this.#ended) return
    if (this.#reader !== undefined) {
      const reader = this.#reader
      this.#reader = undefined
      reader.resolve({ value: item, done: false })
      return
    }
    if (this.#waiting.length >= this.#init.buffer) {
      this.#error = this.#init.slow()
      this.#end()
      return
    }
    this.#waiting.push(item)
  }

  readonly #end = (): void => {
    if (this.#ended) return
    this.#ended = true
    this.#init.signal?.removeEventListener('abort', this.#end)
    this.#init.onEnd(this)
    this.#reader?.resolve({ value: undefined, done: true })
    this.#reader = undefined
  }

  next(): Promise<IteratorResult<T>> {
    const { signal } = this.#init
    if (this.#waiting.length > 0 && signal?.aborted !== true)
      return Promise.resolve({ value: this.#waiting.shift() as T, done: false })
    if (this.#ended) {
      const error = signal?.aborted === true ? undefined : this.#error
      this.#error = undefined
      return error !== undefined ? Promise.reject(error) : Promise.resolve({ value: undefined, done: true })
    }
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject }
    })
  }

  return(): Promise<IteratorResult<T>> {
    this.#waiting.length = 0
    this.#error = undefined
    this.#end()
    return Promise.resolve({ value: undefined, done: true })
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<T> {
    return this
  }
}

/** Tells items to whoever reads them as they come; see {@link ReaderQueue}. */
export class Readers<T> {
  readonly #queues = new Set<ReaderQueue<T>>()
  readonly #init: Pick<ReaderQueueInit<T>, 'buffer' | 'slow'>

  constructor(init: Pick<ReaderQueueInit<T>, 'buffer' | 'slow'>) {
    this.#init = init
  }

  push(item: T): void {
    for (const queue of this.#queues) queue.push(item)
  }

  /** The items that come from the call on, until the signal fires. */
  read(signal: AbortSignal): AsyncIterable<T> {
    const queue = new ReaderQueue<T>({ ...this.#init, signal, onEnd: (q) => this.#queues.delete(q) })
    if (!signal.aborted) this.#queues.add(queue)
    return queue
  }
}
