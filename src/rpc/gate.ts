import { limitExceeded } from '../api/errors.ts'

interface Waiting {
  enter(): void
}

/** Lets a number of tasks in at a time; a bounded number of others wait in order of arrival. */
export class Gate {
  readonly #max: number
  readonly #maxWaiting: number
  readonly #waiting = new Set<Waiting>()
  #active = 0

  constructor(max: number, maxWaiting: number) {
    this.#max = max
    this.#maxWaiting = maxWaiting
  }

  get active(): number {
    return this.#active
  }

  get waiting(): number {
    return this.#waiting.size
  }

  /**
   * Runs a task when there is room.
   * @throws ApiError API_LIMIT when too many wait; the signal's reason when it fires before the task has begun
   */
  async run<T>(task: () => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted()
    if (this.#active < this.#max) this.#active++
    else await this.#turn(signal)
    try {
      return await task()
    } finally {
      // The place goes to the next in line without ever counting as free.
      const next = this.#waiting.values().next().value
      if (next === undefined) this.#active--
      else {
        this.#waiting.delete(next)
        next.enter()
      }
    }
  }

  #turn(signal: AbortSignal): Promise<void> {
    if (this.#waiting.size >= this.#maxWaiting)
      return Promise.reject(limitExceeded(`the node is busy: ${this.#maxWaiting} calls wait already, try again later`))
    return new Promise((resolve, reject) => {
      const entry: Waiting = {
        enter: () => {
          signal.removeEventListener('abort', leave)
          resolve()
        },
      }
      const leave = (): void => {
        this.#waiting.delete(entry)
        reject(signal.reason)
      }
      signal.addEventListener('abort', leave, { once: true })
      this.#waiting.add(entry)
    })
  }
}
