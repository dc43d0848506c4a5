interface Sample {
  readonly atMs: number
  remaining: number
}

/**
 * Tells how long what remains will take, from how fast it went down lately. What remains may grow: a chain's target moves on
 * (Lotus cli/util/eta.go).
 */
export class Eta {
  readonly #keep: number
  readonly #samples: Sample[] = []
  #last = ''

  /** @param keep samples that are looked back on */
  constructor(keep: number) {
    this.#keep = keep
  }

  /** @param nowMs any clock that does not run backwards @returns `01h:02m:03s`, empty while there is nothing to tell it by */
  update(remaining: number, nowMs: number): string {
    const before = this.#samples.at(-1)
    if (before !== undefined && before.remaining === remaining) return this.#last
    if (before !== undefined && before.remaining < remaining) {
      // More has come than was done: the samples move up with it, so that they still tell the pace.
      const first = this.#samples[0] as Sample
      const pace = this.#samples.length > 1 ? Math.round((first.remaining - before.remaining) / this.#samples.length) : 1
      const shift = remaining - before.remaining + Math.max(1, pace)
      for (const sample of this.#samples) sample.remaining += shift
    }
    if (this.#samples.length >= this.#keep) this.#samples.shift()
    this.#samples.push({ atMs: nowMs, remaining })
    const first = this.#samples[0] as Sample
    if (first.remaining > remaining) this.#last = text(((nowMs - first.atMs) / (first.remaining - remaining)) * remaining)
    return this.#last
  }
}

function text(ms: number): string {
  const seconds = Math.floor(Math.max(0, ms) / 1000)
  const two = (n: number) => String(n).padStart(2, '0')
  return `${two(Math.floor(seconds / 3600))}h:${two(Math.floor(seconds / 60) % 60)}m:${two(seconds % 60)}s`
}
