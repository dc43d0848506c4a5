/** Milliseconds that each part of a validation took from its start to its end, waiting included; for people and metrics. */
export type PartTimes = Readonly<Record<string, number>>

/**
 * Runs the independent parts of a validation side by side. All are waited for, and the failure that counts is that of the part
 * that was started first, so that a block is refused for the same reason on every machine.
 */
export class Checks {
  readonly #times: Record<string, number> = {}
  readonly #running: Promise<unknown>[] = []

  /** Runs a synchronous part at once; what it throws is thrown. */
  now<T>(name: string, part: () => T): T {
    const started = performance.now()
    try {
      return part()
    } finally {
      this.#times[name] = performance.now() - started
    }
  }

  /** Starts a part; what it throws comes out of `settle`. */
  start(name: string, part: () => void | Promise<void>): void {
    const started = performance.now()
    const run = async (): Promise<void> => await part()
    this.#running.push(
      run().then(
        () => {
          this.#times[name] = performance.now() - started
        },
        (error: unknown) => {
          this.#times[name] = performance.now() - started
          // An object, so that an `undefined` that is thrown counts as well.
          return { error }
        },
      ),
    )
  }

  /** @throws the error of the first part in order that failed */
  async settle(): Promise<PartTimes> {
    for (const outcome of await Promise.all(this.#running)) {
      const failure = outcome as { readonly error: unknown } | undefined
      if (failure !== undefined) throw failure.error
    }
    return this.#times
  }
}
