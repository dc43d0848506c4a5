import { NodeError } from './errors.ts'

/** Values that tell the series of one metric apart; few and known beforehand, never what a peer or a caller makes up. */
export type Labels = Readonly<Record<string, string>>

/** Series that one metric may have; more are a mistake in the program. */
const MAX_SERIES = 2000

interface Metric {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  lines(): Iterable<string>
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

function labelText(labels: Labels, extra = ''): string {
  const parts = Object.entries(labels).map(([k, v]) => `${k}="${escapeLabel(v)}"`)
  if (extra !== '') parts.push(extra)
  return parts.length === 0 ? '' : `{${parts.join(',')}}`
}

class Series<T> {
  readonly #map = new Map<string, { readonly labels: Labels; value: T }>()
  readonly #make: () => T
  readonly #name: string

  constructor(name: string, make: () => T) {
    this.#name = name
    this.#make = make
  }

  of(labels: Labels): { labels: Labels; value: T } {
    const key = labelText(labels)
    let found = this.#map.get(key)
    if (found === undefined) {
      if (this.#map.size >= MAX_SERIES)
        throw new NodeError('METRIC_SERIES', `the metric ${this.#name} has more than ${MAX_SERIES} series`)
      found = { labels, value: this.#make() }
      this.#map.set(key, found)
    }
    return found
  }

  all(): Iterable<{ readonly labels: Labels; readonly value: T }> {
    return this.#map.values()
  }
}

/** Counts up. */
export class Counter implements Metric {
  readonly type = 'counter'
  readonly name: string
  readonly help: string
  readonly #series: Series<number>

  constructor(name: string, help: string) {
    this.name = name
    this.help = help
    this.#series = new Series(name, () => 0)
  }

  add(by = 1, labels: Labels = {}): void {
    this.#series.of(labels).value += by
  }

  *lines(): Iterable<string> {
    for (const s of this.#series.all()) yield `${this.name}${labelText(s.labels)} ${s.value}`
  }
}

/** A value that goes up and down; set, or asked for when it is read. */
export class Gauge implements Metric {
  readonly type = 'gauge'
  readonly name: string
  readonly help: string
  readonly #series: Series<number>
  readonly #read: (() => number | undefined) | undefined

  constructor(name: string, help: string, read?: () => number | undefined) {
    this.name = name
    this.help = help
    this.#read = read
    this.#series = new Series(name, () => 0)
  }

  set(value: number, labels: Labels = {}): void {
    this.#series.of(labels).value = value
  }

  *lines(): Iterable<string> {
    const value = this.#read?.()
    if (value !== undefined) yield `${this.name} ${value}`
    for (const s of this.#series.all()) yield `${this.name}${labelText(s.labels)} ${s.value}`
  }
}

/** Bounds in milliseconds that suit calls and validations. */
export const millisecondBuckets: readonly number[] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 30_000]

interface Distribution {
  readonly counts: number[]
  sum: number
  count: number
}

/** How values are spread over buckets. */
export class Histogram implements Metric {
  readonly type = 'histogram'
  readonly name: string
  readonly help: string
  readonly #bounds: readonly number[]
  readonly #series: Series<Distribution>

  constructor(name: string, help: string, bounds: readonly number[] = millisecondBuckets) {
    this.name = name
    this.help = help
    this.#bounds = bounds
    this.#series = new Series(name, () => ({ counts: bounds.map(() => 0), sum: 0, count: 0 }))
  }

  observe(value: number, labels: Labels = {}): void {
    const { value: d } = this.#series.of(labels)
    const at = this.#bounds.findIndex((b) => value <= b)
    if (at >= 0) d.counts[at] = (d.counts[at] as number) + 1
    d.sum += value
    d.count++
  }

  *lines(): Iterable<string> {
    for (const { labels, value: d } of this.#series.all()) {
      let below = 0
      for (const [i, bound] of this.#bounds.entries()) {
        below += d.counts[i] as number
        yield `${this.name}_bucket${labelText(labels, `le="${bound}"`)} ${below}`
      }
      yield `${this.name}_bucket${labelText(labels, 'le="+Inf"')} ${d.count}`
      yield `${this.name}_sum${labelText(labels)} ${d.sum}`
      yield `${this.name}_count${labelText(labels)} ${d.count}`
    }
  }
}

/** The metrics of one node, as Prometheus reads them. */
export class MetricsRegistry {
  readonly #metrics = new Map<string, Metric>()

  /** @throws NodeError METRIC_NAME for a name that is taken or that Prometheus does not take */
  add<M extends Metric>(metric: M): M {
    if (!/^[a-z][a-z0-9_]*$/.test(metric.name) || this.#metrics.has(metric.name)) {
      throw new NodeError('METRIC_NAME', `the metric name ${metric.name} is taken or malformed`)
    }
    this.#metrics.set(metric.name, metric)
    return metric
  }

  /** Prometheus's text format, version 0.0.4. */
  text(): string {
    const out: string[] = []
    for (const m of this.#metrics.values()) {
      out.push(`# HELP ${m.name} ${m.help}`, `# TYPE ${m.name} ${m.type}`, ...m.lines())
    }
    return `${out.join('\n')}\n`
  }
}
