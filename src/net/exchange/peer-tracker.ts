/** How well peers answered, and in which order to ask them (Lotus chain/exchange/peer_tracker.go). */

interface PeerStats {
  successes: number
  failures: number
  /** Moving average of ms per tipset; undefined until the first answer. */
  averageMs: number | undefined
}

/** A peer that was never asked counts as a little better than the average, so that new peers get tried. */
const NEW_PEER_FACTOR = 0.9
/** Weights of moving averages: a peer's own over its last 20 requests, the global one over the last 50. */
const LOCAL_WEIGHT = 1 / 10
const GLOBAL_WEIGHT = 1 / 25
/** The best peers among which chance decides, so that no single one carries all requests. */
const SHUFFLED = 16

export class PeerTracker {
  readonly #peers = new Map<string, PeerStats>()
  #globalMs = 0

  get size(): number {
    return this.#peers.size
  }

  has(peer: string): boolean {
    return this.#peers.has(peer)
  }

  add(peer: string): void {
    if (!this.#peers.has(peer)) this.#peers.set(peer, { successes: 0, failures: 0, averageMs: undefined })
  }

  remove(peer: string): void {
    this.#peers.delete(peer)
  }

  /** @param ms from the request to its answer @param tipsets that the answer held */
  success(peer: string, ms: number, tipsets: number): void {
    const p = this.#peers.get(peer)
    if (p === undefined) return
    p.successes++
    note(p, ms / Math.max(1, tipsets))
  }

  /** @param tipsets that were asked for */
  failure(peer: string, ms: number, tipsets: number): void {
    const p = this.#peers.get(peer)
    if (p === undefined) return
    p.failures++
    note(p, ms / Math.max(1, tipsets))
  }

  /** @param ms from a caller's request to its answer, all peers tried included */
  globalSuccess(ms: number): void {
    this.#globalMs = this.#globalMs === 0 ? ms : this.#globalMs + (ms - this.#globalMs) * GLOBAL_WEIGHT
  }

  /** Expected cost of asking a peer: its time, and the share of requests that it fails paid with the time of asking on. */
  cost(peer: string): number {
    const p = this.#peers.get(peer)
    const tries = p === undefined ? 0 : p.successes + p.failures
    if (p === undefined || tries === 0) return this.#globalMs * NEW_PEER_FACTOR
    return (p.averageMs ?? 0) + (p.failures / tries) * this.#globalMs
  }

  /** The best 16 in random order. @param random as Math.random */
  best(random: () => number = Math.random): string[] {
    const out = [...this.#peers.keys()]
      .map((peer) => ({ peer, cost: this.cost(peer) }))
      .sort((a, b) => a.cost - b.cost)
      .slice(0, SHUFFLED)
      .map((p) => p.peer)
    for (let i = out.length - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1))
      const a = out[i] as string
      out[i] = out[j] as string
      out[j] = a
    }
    return out
  }
}

function note(p: PeerStats, ms: number): void {
  p.averageMs = p.averageMs === undefined ? ms : p.averageMs + (ms - p.averageMs) * LOCAL_WEIGHT
}
