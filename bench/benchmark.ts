/** One measured piece of work in one run of a benchmark. */
export interface Measurement {
  readonly name: string
  /** Wall time of the work. */
  readonly ms: number
  /** How many `unit`s were done in it, for a rate. */
  readonly count?: number
  /** Plural name of what is counted, `blocks`. */
  readonly unit?: string
  /** Name of the measurement of the same benchmark that this one is compared with; the ratio is its time to this one's. */
  readonly baseline?: string
}

/** What a bench/*.bench.ts exports. `run` is called six times; its first call is not counted. */
export interface Benchmark {
  readonly name: string
  run(): Promise<Measurement[]> | Measurement[]
}

/** The measurements of one name over all runs. */
export interface Summary {
  readonly name: string
  readonly medianMs: number
  readonly minMs: number
  readonly maxMs: number
  readonly perSecond?: number
  readonly unit?: string
  readonly baseline?: string
  /** Time of the baseline divided by this one's, medians, to two digits: above 1 is faster than the baseline. */
  readonly ratio?: number
}

/** The middle value; the mean of the two middle ones of an even number. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** Times `work` in milliseconds. */
export async function timed(work: () => unknown): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

/** One summary for each name, in the order of the first run. */
export function summarize(samples: readonly (readonly Measurement[])[]): Summary[] {
  const byName = new Map<string, Measurement[]>()
  for (const measurement of samples.flat()) byName.set(measurement.name, [...(byName.get(measurement.name) ?? []), measurement])
  const medians = new Map([...byName].map(([name, all]) => [name, median(all.map(({ ms }) => ms))]))
  return [...byName].map(([name, all]) => {
    const times = all.map(({ ms }) => ms)
    const medianMs = medians.get(name) ?? Number.NaN
    const { count, unit, baseline } = all[0] ?? {}
    const baselineMs = baseline === undefined ? undefined : medians.get(baseline)
    return {
      name,
      medianMs,
      minMs: Math.min(...times),
      maxMs: Math.max(...times),
      ...(count === undefined ? {} : { perSecond: Math.round((count * 1000) / medianMs), unit: unit ?? 'operations' }),
      ...(baseline === undefined || baselineMs === undefined
        ? {}
        : { baseline, ratio: Math.round((baselineMs / medianMs) * 100) / 100 }),
    }
  })
}
