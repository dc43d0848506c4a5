import type { Connection } from '@libp2p/interface'
import { NetError } from './errors.ts'

export interface TrimInit {
  /** Connections down to which they are cut. */
  readonly low: number
  /** Connections above which they are cut. */
  readonly high: number
  /** Time for which a new connection is safe, ms. */
  readonly graceMs: number
}

/** What is known about a peer's worth (go-libp2p connmgr TagInfo). */
export interface PeerWorth {
  readonly firstSeen: Date
  readonly value: number
  readonly tags: ReadonlyMap<string, number>
}

/**
 * Keeps the number of connections between two marks by closing those to the peers of least worth; protected peers and new
 * connections stay. Lotus uses go-libp2p's basic connection manager with the same three numbers.
 */
export class ConnectionTrimmer {
  readonly #connections: () => readonly Connection[]
  #init: TrimInit
  readonly #tags = new Map<string, Map<string, number>>()
  readonly #firstSeen = new Map<string, Date>()
  readonly #protected = new Set<string>()

  constructor(components: { readonly connections: () => readonly Connection[] }, init: TrimInit) {
    this.#connections = components.connections
    this.#init = init
  }

  get marks(): { readonly low: number; readonly high: number } {
    return this.#init
  }

  /** Moves the upper mark, and the lower one below it where it must. */
  setHigh(high: number): void {
    this.#init = { ...this.#init, high, low: Math.min(this.#init.low, high) }
  }

  get protectedPeers(): readonly string[] {
    return [...this.#protected]
  }

  protect(peer: string): void {
    this.#protected.add(peer)
  }

  unprotect(peer: string): void {
    this.#protected.delete(peer)
  }

  /** Says what a connected peer is worth in one respect; 0 takes the tag away. */
  tag(peer: string, name: string, value: number): void {
    let tags = this.#tags.get(peer)
    if (tags === undefined) {
      tags = new Map()
      this.#tags.set(peer, tags)
    }
    if (value === 0) tags.delete(name)
    else tags.set(name, value)
  }

  worth(peer: string): PeerWorth | undefined {
    const firstSeen = this.#firstSeen.get(peer)
    if (firstSeen === undefined) return undefined
    const tags = this.#tags.get(peer) ?? new Map<string, number>()
    return { firstSeen, tags, value: [...tags.values()].reduce((a, b) => a + b, 0) }
  }

  connected(peer: string): void {
    if (!this.#firstSeen.has(peer)) this.#firstSeen.set(peer, new Date())
  }

  /** Tags live as long as a connection: what is kept for peers must not grow with the number that ever came. */
  disconnected(peer: string): void {
    this.#firstSeen.delete(peer)
    this.#tags.delete(peer)
  }

  /** Closes connections when there are more than `high`. @returns how many were closed */
  async trim(now: number = Date.now()): Promise<number> {
    const all = this.#connections()
    if (all.length <= this.#init.high) return 0
    const candidates = all
      .filter((c) => !this.#protected.has(c.remotePeer.toString()) && now - c.timeline.open >= this.#init.graceMs)
      .map((c) => ({ connection: c, value: this.worth(c.remotePeer.toString())?.value ?? 0 }))
      .sort(
        (a, b) =>
          a.value - b.value ||
          Number(b.connection.direction === 'inbound') - Number(a.connection.direction === 'inbound') ||
          a.connection.timeline.open - b.connection.timeline.open,
      )
    const victims = candidates.slice(0, all.length - this.#init.low)
    await Promise.all(victims.map(({ connection }) => closeConnection(connection)))
    return victims.length
  }
}

/** Closes in good order within a second, else at once. */
export async function closeConnection(connection: Connection, reason = 'the connection was closed'): Promise<void> {
  try {
    await connection.close({ signal: AbortSignal.timeout(1000) })
  } catch {
    connection.abort(new NetError('NET_UNREACHABLE', reason))
  }
}
