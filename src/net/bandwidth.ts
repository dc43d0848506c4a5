import type { Metrics, MultiaddrConnection, Stream } from '@libp2p/interface'

/** Bytes since the start, and bytes per second over the last seconds (go-libp2p metrics.Stats). */
export interface BandwidthStats {
  readonly totalIn: bigint
  readonly totalOut: bigint
  readonly rateIn: number
  readonly rateOut: number
}

/** Names that are remembered; the oldest go first. Peers choose protocol names, so the number must be bounded. */
const MAX_NAMES = 2048
/** Time over which rates are averaged, in ms. */
const RATE_WINDOW_MS = 8000

class Meter {
  totalIn = 0
  totalOut = 0
  #rateIn = 0
  #rateOut = 0
  #at = performance.now()

  add(bytesIn: number, bytesOut: number): void {
    this.#decay()
    this.totalIn += bytesIn
    this.totalOut += bytesOut
    this.#rateIn += (bytesIn * 1000) / RATE_WINDOW_MS
    this.#rateOut += (bytesOut * 1000) / RATE_WINDOW_MS
  }

  /** Rates fall by 1/e over the window while nothing moves. */
  #decay(): void {
    const now = performance.now()
    const factor = Math.exp((this.#at - now) / RATE_WINDOW_MS)
    this.#at = now
    this.#rateIn *= factor
    this.#rateOut *= factor
  }

  stats(): BandwidthStats {
    this.#decay()
    return {
      totalIn: BigInt(this.totalIn),
      totalOut: BigInt(this.totalOut),
      rateIn: this.#rateIn,
      rateOut: this.#rateOut,
    }
  }
}

/** Counts the bytes of streams, in all, by peer and by protocol. */
export class Bandwidth {
  readonly #total = new Meter()
  readonly #peers = new Map<string, Meter>()
  readonly #protocols = new Map<string, Meter>()

  total(): BandwidthStats {
    return this.#total.stats()
  }

  byPeer(): ReadonlyMap<string, BandwidthStats> {
    return new Map([...this.#peers].map(([k, m]) => [k, m.stats()]))
  }

  byProtocol(): ReadonlyMap<string, BandwidthStats> {
    return new Map([...this.#protocols].map(([k, m]) => [k, m.stats()]))
  }

  /**
   * Counts what passes over a stream from now on. Listening for messages would take the stream's first bytes from the
   * protocol that has yet to listen, so its own functions are wrapped.
   */
  track(stream: Stream, peer: string | undefined): void {
    const meters = [this.#total, meterOf(this.#protocols, stream.protocol)]
    if (peer !== undefined) meters.push(meterOf(this.#peers, peer))
    const send = stream.send.bind(stream)
    stream.send = (data) => {
      for (const m of meters) m.add(0, data.byteLength)
      return send(data)
    }
    const dispatch = stream.dispatchEvent.bind(stream)
    stream.dispatchEvent = (event: Event) => {
      if (event.type === 'message') {
        const { data } = event as Event & { readonly data: { readonly byteLength: number } }
        for (const m of meters) m.add(data.byteLength, 0)
      }
      return dispatch(event)
    }
  }
}

/**
 * libp2p's metrics go nowhere, but they are where it tells of each new connection, and of each stream whose protocol is settled,
 * before anybody reads from it.
 * (Its middleware would too; in libp2p 3.3 each stream adds its own handler to a protocol's middleware, and all of them run.)
 */
export function streamMetrics(on: {
  readonly connection: (connection: MultiaddrConnection) => void
  readonly stream: (stream: Stream) => void
}): Metrics {
  const nothing = (): void => {}
  const metric = () => ({
    update: nothing,
    increment: nothing,
    decrement: nothing,
    reset: nothing,
    observe: nothing,
    timer: () => nothing,
  })
  return {
    trackMultiaddrConnection: on.connection,
    trackProtocolStream: on.stream,
    registerMetric: metric,
    registerMetricGroup: metric,
    registerCounter: metric,
    registerCounterGroup: metric,
    registerHistogram: metric,
    registerHistogramGroup: metric,
    registerSummary: metric,
    registerSummaryGroup: metric,
    traceFunction: <F>(_name: string, fn: F): F => fn,
    createTrace: nothing,
  } as unknown as Metrics
}

function meterOf(map: Map<string, Meter>, name: string): Meter {
  let meter = map.get(name)
  if (meter === undefined) {
    meter = new Meter()
    map.set(name, meter)
    if (map.size > MAX_NAMES) map.delete(map.keys().next().value as string)
  }
  return meter
}
