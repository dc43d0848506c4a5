/** A map of bounded size that forgets what was not used for longest. */
export class Lru<K, V> {
  readonly #max: number
  readonly #weigh: (value: V) => number
  readonly #map = new Map<K, V>()
  #weight = 0

  /**
   * @param max sum of the weights
   * @param weigh what a value counts; each counts 1 unless told otherwise
   */
  constructor(max: number, weigh: (value: V) => number = () => 1) {
    this.#max = max
    this.#weigh = weigh
  }

  get size(): number {
    return this.#map.size
  }

  get(key: K): V | undefined {
    const value = this.#map.get(key)
    if (value !== undefined) {
      this.#map.delete(key)
      this.#map.set(key, value)
    }
    return value
  }

  /** A value that is heavier than all together may be is not kept. */
  set(key: K, value: V): void {
    this.delete(key)
    this.#map.set(key, value)
    this.#weight += this.#weigh(value)
    while (this.#weight > this.#max) this.delete(this.#map.keys().next().value as K)
  }

  delete(key: K): boolean {
    const value = this.#map.get(key)
    if (value !== undefined) this.#weight -= this.#weigh(value)
    return this.#map.delete(key)
  }

  clear(): void {
    this.#map.clear()
    this.#weight = 0
  }
}
