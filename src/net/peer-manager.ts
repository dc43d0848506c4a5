import type { Libp2p } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { errorMessage } from '../lib/errors.ts'
import { getLogger } from '../lib/log.ts'
import { checkPeerAddress, multiaddrFromText, type PeerAddresses, withoutPeer } from './addresses.ts'
import type { HostServices } from './host.ts'

const log = getLogger('peers')

/** Where addresses of peers outlive the process. */
export interface PeerBook {
  load(): Promise<readonly PeerAddresses[]>
  save(peers: readonly PeerAddresses[]): Promise<void>
}

export interface PeerManagerComponents {
  readonly libp2p: Libp2p<HostServices>
  readonly book?: PeerBook | undefined
}

export interface PeerManagerInit {
  /** Multiaddresses of peers to begin with. */
  readonly bootstrapPeers: readonly string[]
  /** Peers on our chain below which more are looked for (Lotus lib/peermgr: 12). */
  readonly minPeers: number
  /** Peers on our chain above which none are looked for (Lotus: 32). */
  readonly maxPeers: number
  readonly checkEveryMs?: number
}

/** Peers that are kept in the book. */
const BOOK_SIZE = 200
const ADDRESSES_PER_PEER = 8
const SAVE_EVERY_MS = 300_000
/** Dials in one round of looking for peers, and the time that a round may take. */
const DIALS_PER_ROUND = 16
const ROUND_MS = 30_000

/** Tries of a peer that cannot be reached, each after twice the time of the one before, until it is forgotten: for some five hours. */
const TRIES = 12
const FIRST_RETRY_MS = 5000

/** A peer of an earlier run or one whose connection was lost. */
interface Known {
  readonly addrs: readonly string[]
  tries: number
  /** When it may be tried again, by `performance.now()`. */
  notBefore: number
}

/** Knows the peers on our chain, and sees to it that there are enough of them. */
export class PeerManager {
  readonly #c: PeerManagerComponents
  readonly #init: PeerManagerInit
  /** Peers that said hello with our genesis. */
  readonly #peers = new Set<string>()
  /** How long connected peers took to answer our hello, ms. The answer may come before their own hello. */
  readonly #latency = new Map<string, number>()
  readonly #known = new Map<string, Known>()
  readonly #stopping = new AbortController()
  #expanding: Promise<void> | undefined
  #timers: NodeJS.Timeout[] = []

  constructor(components: PeerManagerComponents, init: PeerManagerInit) {
    this.#c = components
    this.#init = init
    for (const addr of init.bootstrapPeers) checkPeerAddress(addr)
  }

  /** Peers on our chain. */
  get peers(): ReadonlySet<string> {
    return this.#peers
  }

  /** How long a connected peer took to answer a hello, ms. */
  latency(peer: string): number | undefined {
    return this.#latency.get(peer)
  }

  add(peer: string): void {
    this.#peers.add(peer)
    this.#known.delete(peer)
  }

  setLatency(peer: string, ms: number): void {
    this.#latency.set(peer, ms)
  }

  /** The connection to a peer is gone. If it was a peer on our chain it is looked for again when peers are few. */
  async remove(peer: string): Promise<void> {
    this.#latency.delete(peer)
    if (!this.#peers.delete(peer)) return
    const addrs = await this.#addresses(peer)
    if (addrs.length === 0 || this.#peers.has(peer) || this.#known.size >= BOOK_SIZE) return
    this.#known.set(peer, { addrs, tries: 0, notBefore: 0 })
  }

  async start(): Promise<void> {
    for (const { id, addrs } of (await this.#c.book?.load()) ?? [])
      this.#known.set(id, { addrs: addrs.slice(0, ADDRESSES_PER_PEER), tries: 0, notBefore: 0 })
    const check = (): void => {
      if (this.#peers.size < this.#init.minPeers) this.expand()
    }
    this.#timers = [
      setInterval(check, this.#init.checkEveryMs ?? 5000),
      setInterval(() => this.#save().catch((e: unknown) => log.warn('the peer book was not saved', {}, e)), SAVE_EVERY_MS),
    ]
    for (const t of this.#timers) t.unref()
    check()
  }

  async stop(): Promise<void> {
    for (const t of this.#timers) clearInterval(t)
    await this.#save().catch((e: unknown) => log.warn('the peer book was not saved', {}, e))
    this.#stopping.abort()
    await this.#expanding
  }

  /** Looks for more peers; one round at a time. */
  expand(): void {
    this.#expanding ??= this.#expand()
      .catch((error: unknown) => log.debug('looking for peers failed', { reason: errorMessage(error) }))
      .finally(() => {
        this.#expanding = undefined
      })
  }

  async #expand(): Promise<void> {
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(ROUND_MS)])
    if (this.#peers.size === 0) await this.#dialAll(this.#init.bootstrapPeers, signal)
    const room = Math.min(DIALS_PER_ROUND, this.#init.maxPeers - this.#peers.size)
    await this.#dialAll(this.#candidates(room), signal)
    if (this.#peers.size < this.#init.minPeers) await this.#askDht(signal)
  }

  /** Addresses of known peers whose time has come; each is noted as tried. */
  #candidates(room: number): string[] {
    const now = performance.now()
    const due = [...this.#known]
      .filter(([id, known]) => known.notBefore <= now && !isConnected(this.#c.libp2p, id))
      .slice(0, room)
    for (const [id, known] of due) {
      known.notBefore = now + FIRST_RETRY_MS * 2 ** known.tries++
      if (known.tries === TRIES) this.#known.delete(id)
    }
    return due.flatMap(([id, { addrs }]) => addrs.slice(0, 2).map((a) => `${a}/p2p/${id}`))
  }

  /** A walk to a random place of the DHT fills its table; whoever it met is dialled. */
  async #askDht(signal: AbortSignal): Promise<void> {
    const { libp2p } = this.#c
    if (libp2p.services.dht === undefined || libp2p.getConnections().length === 0) return
    await libp2p.services.dht.refreshRoutingTable()
    signal.throwIfAborted()
    const met = await libp2p.peerStore.all({ limit: 500, signal })
    const fresh = met.filter((p) => p.addresses.length > 0 && !isConnected(libp2p, p.id.toString()))
    await Promise.all(
      fresh.slice(0, DIALS_PER_ROUND).map(async (p) => {
        await libp2p
          .dial(p.id, { signal })
          .catch((e: unknown) => log.debug('dialling failed', { peer: p.id.toString(), reason: errorMessage(e) }))
      }),
    )
  }

  async #dialAll(addrs: readonly string[], signal: AbortSignal): Promise<void> {
    await Promise.all(
      addrs.map(async (addr) => {
        try {
          await this.#c.libp2p.dial(multiaddrFromText(addr), { signal })
        } catch (error) {
          if (!this.#stopping.signal.aborted)
            log.info('a peer could not be reached', { address: addr, reason: errorMessage(error) })
        }
      }),
    )
  }

  async #addresses(peer: string): Promise<string[]> {
    const stored = await this.#c.libp2p.peerStore.get(peerIdFromString(peer)).catch(() => undefined)
    return (stored?.addresses ?? []).map((a) => withoutPeer(a.multiaddr)).slice(0, ADDRESSES_PER_PEER)
  }

  async #save(): Promise<void> {
    if (this.#c.book === undefined) return
    const now = new Map<string, readonly string[]>()
    for (const peer of this.#peers) {
      const addrs = await this.#addresses(peer)
      if (addrs.length > 0) now.set(peer, addrs)
    }
    // Those that are not connected stay, behind the ones of now.
    for (const [id, { addrs }] of this.#known) if (!now.has(id)) now.set(id, addrs)
    await this.#c.book.save([...now].slice(0, BOOK_SIZE).map(([id, addrs]) => ({ id, addrs })))
  }
}

function isConnected(libp2p: Libp2p<HostServices>, peer: string): boolean {
  try {
    return libp2p.getConnections(peerIdFromString(peer)).length > 0
  } catch {
    return true
  }
}
