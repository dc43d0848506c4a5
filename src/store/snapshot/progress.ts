/** What a long import or export tells of itself. */
export interface SnapshotProgress {
  readonly phase: 'transfer' | 'check'
  /** Bytes of the file read or written; as stored, so compressed where the file is. */
  readonly bytes: number
  /** Bytes of the whole file, when known. */
  readonly totalBytes: number | undefined
  readonly blocks: number
  readonly bytesPerSecond: number
  readonly secondsLeft: number | undefined
  /** Height of the header that passed last. */
  readonly height: number | undefined
}

const INTERVAL_MS = 250

/** Calls back at most four times a second, with rate and remaining time. */
export class ProgressReporter {
  readonly #report: ((progress: SnapshotProgress) => void) | undefined
  readonly #started = performance.now()
  #last = 0

  constructor(report: ((progress: SnapshotProgress) => void) | undefined) {
    this.#report = report
  }

  update(
    now: {
      phase: SnapshotProgress['phase']
      bytes: number
      totalBytes?: number | undefined
      blocks: number
      height?: number | undefined
    },
    force = false,
  ): void {
    if (this.#report === undefined) return
    const time = performance.now()
    if (!force && time - this.#last < INTERVAL_MS) return
    this.#last = time
    const seconds = Math.max((time - this.#started) / 1000, 0.001)
    const bytesPerSecond = now.bytes / seconds
    const left = now.totalBytes === undefined ? undefined : Math.max(now.totalBytes - now.bytes, 0)
    this.#report({
      phase: now.phase,
      bytes: now.bytes,
      totalBytes: now.totalBytes,
      blocks: now.blocks,
      bytesPerSecond,
      secondsLeft: left === undefined || bytesPerSecond === 0 ? undefined : left / bytesPerSecond,
      height: now.height === Number.POSITIVE_INFINITY ? undefined : now.height,
    })
  }
}
