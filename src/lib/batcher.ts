interface Waiting<K, V> {
  readonly key: K
  readonly resolve: (value: V) => void
  readonly reject: (error: unknown) => void
}

/**
 * Collects single questions into batches: those that come while a batch is answered wait for the next one. One answer at a time
 * is asked for, so that load shows in the batches' size and not in their number.
 */
export class Batcher<K, V> {
  readonly #ask: (keys: readonly K[]) => Promise<readonly V[]>
  readonly #max: number
  readonly #waiting: Waiting<K, V>[] = []
  #running = false

  /** @param ask answers in the order of the keys @param max keys of one batch */
  constructor(ask: (keys: readonly K[]) => Promise<readonly V[]>, max: number) {
    this.#ask = ask
    this.#max = max
  }

  /** Questions that have no answer yet and are in no batch. */
  get waiting(): number {
    return this.#waiting.length
  }

  load(key: K): Promise<V> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ key, resolve, reject })
      if (this.#running) return
      this.#running = true
      // What is asked in the same turn of the event loop goes together.
      queueMicrotask(() => void this.#run())
    })
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, this.#max)
      try {
        const values = await this.#ask(batch.map((b) => b.key))
        for (const [i, b] of batch.entries()) b.resolve(values[i] as V)
      } catch (error) {
        for (const b of batch) b.reject(error)
      }
    }
    this.#running = false
  }
}
