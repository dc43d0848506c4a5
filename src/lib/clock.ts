import { setTimeout as sleep } from 'node:timers/promises'

/** Time as a part of the program sees it, so that tests can give it another. */
export interface Clock {
  /** Unix milliseconds. */
  now(): number
  /** Settles after so many milliseconds; at once for 0 and less. @throws the signal's reason */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** A clock that worker threads can read as well. */
export interface SharedClock extends Clock {
  readonly wire: ClockWire
}

/** What a worker thread needs to see the same time; survives the structured clone. */
export interface ClockWire {
  /** Milliseconds by which it is behind its source. */
  readonly behindMs: number
  /** Where a {@link SettableClock} keeps its time; this machine's where it is not given. */
  readonly time?: BigInt64Array
}

/** Node's timers hold no longer delays. */
const MAX_DELAY_MS = 2 ** 31 - 1

/** The time of this machine. */
export const systemClock: SharedClock = {
  wire: { behindMs: 0 },
  now: Date.now,
  async sleep(ms, signal) {
    signal?.throwIfAborted()
    for (let left = ms; left > 0; left -= MAX_DELAY_MS) {
      try {
        await sleep(Math.min(left, MAX_DELAY_MS), undefined, signal === undefined ? {} : { signal })
      } catch (error) {
        signal?.throwIfAborted()
        throw error
      }
    }
  },
}

/** A clock that is so many milliseconds behind another one: that of a network which stood still. */
export function clockBehind(behindMs: number, source: SharedClock = systemClock): SharedClock {
  if (behindMs === 0) return source
  return {
    wire: { ...source.wire, behindMs: source.wire.behindMs + behindMs },
    now: () => source.now() - behindMs,
    sleep: (ms, signal) => source.sleep(ms, signal),
  }
}

/** The time, in Unix milliseconds, of a clock in another thread. */
export function readClock({ behindMs, time }: ClockWire): () => number {
  if (time === undefined) return () => Date.now() - behindMs
  return () => Number(Atomics.load(time, 0)) - behindMs
}

interface Sleeper {
  readonly at: number
  readonly wake: () => void
}

/** A clock that stands still until it is set: who sleeps by it wakes when it is set to their time or a later one. */
export class SettableClock implements SharedClock {
  readonly wire: ClockWire & { readonly time: BigInt64Array }
  readonly #sleepers = new Set<Sleeper>()
  /** Told after somebody fell asleep. */
  onSleep: (() => void) | undefined

  /** @param now Unix milliseconds */
  constructor(now: number) {
    const time = new BigInt64Array(new SharedArrayBuffer(8))
    this.wire = { behindMs: 0, time }
    this.set(now)
  }

  now(): number {
    return Number(Atomics.load(this.wire.time, 0))
  }

  /** Unix milliseconds at which the next sleeper wakes; undefined while nobody sleeps. */
  get next(): number | undefined {
    let next: number | undefined
    for (const { at } of this.#sleepers) if (next === undefined || at < next) next = at
    return next
  }

  /** @param now Unix milliseconds */
  set(now: number): void {
    Atomics.store(this.wire.time, 0, BigInt(Math.ceil(now)))
    const due = [...this.#sleepers].filter(({ at }) => at <= now).sort((a, b) => a.at - b.at)
    for (const sleeper of due) {
      this.#sleepers.delete(sleeper)
      sleeper.wake()
    }
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted()
      if (ms <= 0) return resolve()
      const onAbort = (): void => {
        this.#sleepers.delete(sleeper)
        reject(signal?.reason)
      }
      const sleeper = {
        at: this.now() + ms,
        wake: (): void => {
          signal?.removeEventListener('abort', onAbort)
          resolve()
        },
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#sleepers.add(sleeper)
      this.onSleep?.()
    })
  }
}
