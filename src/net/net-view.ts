import type { Peer, Stream } from '@libp2p/interface'
import { multiaddrFromText, type PeerAddresses, peerIdFromText, withoutPeer } from './addresses.ts'
import type { BandwidthStats } from './bandwidth.ts'
import { NetError } from './errors.ts'
import { type BlockLists, MAX_CONNECTIONS_PER_IP } from './gater.ts'
import { MAX_PENDING_CONNECTIONS, MAX_STREAMS_PER_CONNECTION } from './host.ts'
import { isPublic } from './ip.ts'
import type { PeerScore } from './pubsub/pubsub.ts'
import type { NetService } from './service.ts'

/** go-libp2p's network.Connectedness and network.Reachability. */
export const Connectedness = { notConnected: 0, connected: 1 } as const
export const Reachability = { unknown: 0, public: 1, private: 2 } as const

export interface PeerDetails {
  readonly id: string
  readonly agent: string
  readonly addrs: readonly string[]
  readonly protocols: readonly string[]
  readonly worth:
    | {
        readonly firstSeen: Date
        readonly value: number
        readonly tags: ReadonlyMap<string, number>
        /** When each connection was opened, by its remote address. */
        readonly connections: ReadonlyMap<string, Date>
      }
    | undefined
}

/** What each new stream lets its peer send unread; go-yamux reserves as much of a scope's memory. */
const INITIAL_STREAM_WINDOW = 256 << 10

/** What one scope of the network holds (go-libp2p network.ScopeStat). */
export interface ScopeStats {
  readonly streamsInbound: number
  readonly streamsOutbound: number
  readonly connsInbound: number
  readonly connsOutbound: number
  /** Bytes that peers may make us hold for open streams, or that these hold already, whichever is more. */
  readonly memory: number
}

/** Limits of a scope; 0 bytes of memory means that memory is not limited by scope. */
export interface ScopeLimits {
  readonly memory: bigint
  readonly streams: number
  readonly streamsInbound: number
  readonly streamsOutbound: number
  readonly conns: number
  readonly connsInbound: number
  readonly connsOutbound: number
  readonly fd: number
}

const PING_TIMEOUT_MS = 10_000
const FIND_TIMEOUT_MS = 60_000
/** Time after which a node that asks others to dial it and heard of no address that works takes itself for hidden, ms. */
const UNREACHABLE_AFTER_MS = 120_000

/** Questions and orders about the network, as the API has them. Peers and addresses are text. */
export class NetView {
  readonly #net: NetService
  readonly #autonat: boolean
  readonly #since = performance.now()

  constructor(components: { readonly service: NetService; readonly autonat: boolean }) {
    this.#net = components.service
    this.#autonat = components.autonat
  }

  get #libp2p() {
    return this.#net.host.libp2p
  }

  self(): PeerAddresses {
    return { id: this.#net.peerId, addrs: this.#libp2p.getMultiaddrs().map(withoutPeer) }
  }

  /** One entry per connection, as Lotus lists them. */
  connections(): PeerAddresses[] {
    return this.#libp2p.getConnections().map((c) => ({ id: c.remotePeer.toString(), addrs: [withoutPeer(c.remoteAddr)] }))
  }

  connectedness(peer: string): number {
    const connected = this.#libp2p.getConnections(peerIdFromText(peer)).length > 0
    return connected ? Connectedness.connected : Connectedness.notConnected
  }

  /** @returns round-trip time in ms @throws NetError NET_UNREACHABLE */
  async ping(peer: string, signal?: AbortSignal): Promise<number> {
    const id = peerIdFromText(peer)
    try {
      return await this.#libp2p.services.ping.ping(id, { signal: within(PING_TIMEOUT_MS, signal) })
    } catch (cause) {
      throw new NetError('NET_UNREACHABLE', `${peer} did not answer a ping`, { cause })
    }
  }

  /** @throws NetError NET_ADDRESS, NET_UNREACHABLE */
  async connect(target: PeerAddresses, signal?: AbortSignal): Promise<void> {
    const id = peerIdFromText(target.id)
    const addrs = target.addrs.map((a) => multiaddrFromText(`${a.replace(/\/p2p\/[^/]+$/, '')}/p2p/${target.id}`))
    try {
      await this.#libp2p.dial(addrs.length === 0 ? id : addrs, { signal: within(FIND_TIMEOUT_MS, signal) })
    } catch (cause) {
      throw new NetError('NET_UNREACHABLE', `${target.id} could not be reached`, { cause })
    }
  }

  async disconnect(peer: string): Promise<void> {
    await this.#libp2p.hangUp(peerIdFromText(peer), { signal: AbortSignal.timeout(PING_TIMEOUT_MS) })
  }

  /** @throws NetError NET_UNREACHABLE when nobody knows the peer */
  async findPeer(peer: string, signal?: AbortSignal): Promise<PeerAddresses> {
    const id = peerIdFromText(peer)
    const known = await this.#stored(peer)
    if (known !== undefined && known.addresses.length > 0 && this.#libp2p.getConnections(id).length > 0) {
      return { id: peer, addrs: known.addresses.map((a) => withoutPeer(a.multiaddr)) }
    }
    // The search would wait for peers to come.
    if (this.#libp2p.getConnections().length === 0)
      throw new NetError('NET_UNREACHABLE', `no addresses of ${peer} were found: this node has no peers to ask`)
    try {
      const found = await this.#libp2p.peerRouting.findPeer(id, { signal: within(FIND_TIMEOUT_MS, signal) })
      return { id: peer, addrs: found.multiaddrs.map(withoutPeer) }
    } catch (cause) {
      throw new NetError('NET_UNREACHABLE', `no addresses of ${peer} were found`, { cause })
    }
  }

  /** What the peer calls itself; empty when it has not said. */
  async agent(peer: string): Promise<string> {
    peerIdFromText(peer)
    return agentOf(await this.#stored(peer))
  }

  async details(peer: string): Promise<PeerDetails> {
    const id = peerIdFromText(peer)
    const stored = await this.#stored(peer)
    const worth = this.#net.trimmer.worth(peer)
    const connections = this.#libp2p.getConnections(id)
    return {
      id: peer,
      agent: agentOf(stored),
      addrs: (stored?.addresses ?? []).map((a) => withoutPeer(a.multiaddr)).sort(),
      protocols: [...(stored?.protocols ?? [])].sort(),
      worth:
        worth === undefined
          ? undefined
          : { ...worth, connections: new Map(connections.map((c) => [withoutPeer(c.remoteAddr), new Date(c.timeline.open)])) },
    }
  }

  async #stored(peer: string): Promise<Peer | undefined> {
    try {
      return await this.#libp2p.peerStore.get(peerIdFromText(peer))
    } catch {
      return undefined
    }
  }

  scores(): PeerScore[] {
    return this.#net.pubsub.scores((peer) => this.#net.appScore(peer))
  }

  bandwidth(): BandwidthStats {
    return this.#net.host.bandwidth.total()
  }

  bandwidthByPeer(): ReadonlyMap<string, BandwidthStats> {
    return this.#net.host.bandwidth.byPeer()
  }

  bandwidthByProtocol(): ReadonlyMap<string, BandwidthStats> {
    return this.#net.host.bandwidth.byProtocol()
  }

  /** Whether others can dial this node, and the public addresses by which they can. */
  reachability(): { readonly status: number; readonly publicAddrs: readonly string[] } {
    if (!this.#autonat) return { status: Reachability.unknown, publicAddrs: [] }
    // Addresses that nobody has confirmed are not among these.
    const publicAddrs = this.#libp2p.getMultiaddrs().filter(isPublic).map(withoutPeer)
    if (publicAddrs.length > 0) return { status: Reachability.public, publicAddrs }
    const early = performance.now() - this.#since < UNREACHABLE_AFTER_MS
    return { status: early ? Reachability.unknown : Reachability.private, publicAddrs: [] }
  }

  blockLists(): BlockLists {
    return this.#net.gater.lists
  }

  /** Blocks, and closes what is open to those blocked. @throws NetError NET_ADDRESS */
  async block(lists: BlockLists): Promise<void> {
    const { gater } = this.#net
    await gater.add(lists)
    const open = this.#libp2p.getConnections()
    for (const c of open)
      if (gater.isBlocked(c.remotePeer.toString()) || gater.isBlockedAddress(c.remoteAddr))
        c.abort(new NetError('NET_UNREACHABLE', 'the peer was blocked'))
  }

  unblock(lists: BlockLists): Promise<void> {
    return this.#net.gater.remove(lists)
  }

  protect(peers: readonly string[]): void {
    for (const p of peers.map(peerIdFromText)) this.#net.trimmer.protect(p.toString())
  }

  unprotect(peers: readonly string[]): void {
    for (const p of peers.map(peerIdFromText)) this.#net.trimmer.unprotect(p.toString())
  }

  protectedPeers(): readonly string[] {
    return this.#net.trimmer.protectedPeers
  }

  /** What all connections, those of one peer, or the streams of one protocol hold. */
  stats(filter: { readonly peer?: string; readonly protocol?: string } = {}): ScopeStats {
    const out = { streamsInbound: 0, streamsOutbound: 0, connsInbound: 0, connsOutbound: 0, memory: 0 }
    for (const c of this.#libp2p.getConnections()) {
      if (filter.peer !== undefined && c.remotePeer.toString() !== filter.peer) continue
      if (filter.protocol === undefined) out[c.direction === 'inbound' ? 'connsInbound' : 'connsOutbound']++
      for (const s of c.streams) {
        if (filter.protocol !== undefined && s.protocol !== filter.protocol) continue
        out[s.direction === 'inbound' ? 'streamsInbound' : 'streamsOutbound']++
        out.memory += Math.max(INITIAL_STREAM_WINDOW, bufferedBytes(s))
      }
    }
    return out
  }

  /** @throws NetError NET_SCOPE */
  limits(scope: string): ScopeLimits {
    const { high } = this.#net.trimmer.marks
    const of = (conns: number, streams: number): ScopeLimits => ({
      memory: 0n,
      streams: 2 * streams,
      streamsInbound: streams,
      streamsOutbound: streams,
      conns,
      connsInbound: conns,
      connsOutbound: conns,
      fd: conns,
    })
    if (scope === 'system') return of(high, high * MAX_STREAMS_PER_CONNECTION)
    if (scope === 'transient') return of(MAX_PENDING_CONNECTIONS, MAX_PENDING_CONNECTIONS)
    if (scope.startsWith('peer:')) return of(MAX_CONNECTIONS_PER_IP, MAX_STREAMS_PER_CONNECTION)
    throw new NetError('NET_SCOPE', `the scope ${scope.slice(0, 80)} has no limits; use system, transient or peer:<id>`)
  }

  /** Sets the number of connections above which they are cut. @throws NetError NET_SCOPE for any other limit */
  setLimits(scope: string, limits: { readonly conns: number }): void {
    if (scope !== 'system' || limits.conns < 1) {
      throw new NetError('NET_SCOPE', 'only the number of connections of the scope system can be changed, to 1 or more')
    }
    this.#net.trimmer.setHigh(limits.conns)
  }

  /** Protocols with open streams, and connected peers: the scopes that have statistics. */
  scopes(): { readonly protocols: readonly string[]; readonly peers: readonly string[] } {
    const connections = this.#libp2p.getConnections()
    return {
      protocols: [...new Set(connections.flatMap((c) => c.streams.map((s) => s.protocol)))].filter((p) => p !== '').sort(),
      peers: [...new Set(connections.map((c) => c.remotePeer.toString()))].sort(),
    }
  }
}

/** Bytes that wait in a stream's buffers. */
function bufferedBytes(stream: Stream): number {
  const { readBufferLength = 0, writeBufferLength = 0 } = stream as { readBufferLength?: number; writeBufferLength?: number }
  return readBufferLength + writeBufferLength
}

function agentOf(peer: Peer | undefined): string {
  const bytes = peer?.metadata.get('AgentVersion')
  return bytes === undefined ? '' : new TextDecoder().decode(bytes)
}

function within(ms: number, signal: AbortSignal | undefined): AbortSignal {
  const late = AbortSignal.timeout(ms)
  return signal === undefined ? late : AbortSignal.any([signal, late])
}
