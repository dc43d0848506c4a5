import type { ChainEpoch } from '../types/scalars.ts'
import type { TipsetKey } from '../types/tipset.ts'

/** Stages in the order of Lotus's numbers (api.SyncStateStage). */
export const syncStages = ['idle', 'headers', 'persist headers', 'messages', 'complete', 'error', 'fetching messages'] as const
export type SyncStage = (typeof syncStages)[number]

/** What one sync is doing; times are Unix milliseconds. */
export interface SyncReport {
  readonly workerId: number
  readonly base: TipsetKey
  readonly baseHeight: ChainEpoch
  readonly target: TipsetKey
  readonly targetHeight: ChainEpoch
  readonly stage: SyncStage
  /** Height that is being worked on. */
  readonly height: ChainEpoch
  readonly start: number
  readonly end: number | undefined
  /** Empty unless the stage is `error`. */
  readonly message: string
}

/** Reports of syncs that have ended which are kept. */
const HISTORY = 10

/** The reports of the syncs that run and of those that ended last. */
export class SyncReports {
  readonly #now: () => number
  readonly #running = new Map<number, SyncReport>()
  #ended: SyncReport[] = []
  #next = 1

  constructor(now: () => number) {
    this.#now = now
  }

  begin(start: Pick<SyncReport, 'base' | 'baseHeight' | 'target' | 'targetHeight'>): number {
    const workerId = this.#next++
    this.#running.set(workerId, {
      ...start,
      workerId,
      stage: 'headers',
      height: start.targetHeight,
      start: this.#now(),
      end: undefined,
      message: '',
    })
    return workerId
  }

  update(workerId: number, change: Partial<Pick<SyncReport, 'stage' | 'height' | 'base' | 'baseHeight' | 'targetHeight'>>): void {
    const report = this.#running.get(workerId)
    if (report !== undefined) this.#running.set(workerId, { ...report, ...change })
  }

  end(workerId: number, failure?: string): void {
    const report = this.#running.get(workerId)
    if (report === undefined) return
    this.#running.delete(workerId)
    const outcome =
      failure === undefined
        ? ({ stage: 'complete', height: report.targetHeight, message: '' } as const)
        : ({ stage: 'error', message: failure } as const)
    this.#ended = [...this.#ended, { ...report, ...outcome, end: this.#now() }].slice(-HISTORY)
  }

  /** Running ones last. */
  all(): readonly SyncReport[] {
    return [...this.#ended, ...this.#running.values()]
  }
}
