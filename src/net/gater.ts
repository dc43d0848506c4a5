import type { ConnectionGater, MultiaddrConnection, PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { peerIdFromText } from './addresses.ts'
import { IpSet, ipOf, LOOPBACK, parseIp, parseSubnet } from './ip.ts'

/** Peers, IP addresses and subnets with which there is to be no connection (Lotus api.NetBlockList). */
export interface BlockLists {
  readonly peers: readonly string[]
  readonly ipAddrs: readonly string[]
  readonly ipSubnets: readonly string[]
}

/** Where block lists outlive the process. */
export interface BlockListStore {
  load(): Promise<BlockLists | undefined>
  save(lists: BlockLists): Promise<void>
}

/** Inbound connections that one IP address may have (go-libp2p's default). */
export const MAX_CONNECTIONS_PER_IP = 8

export interface GaterComponents {
  readonly store?: BlockListStore | undefined
}

export interface GaterInit {
  /** Inbound connections that one IP address may have. */
  readonly maxPerIp?: number
  /** Subnets without that limit; loopback where it is not given. */
  readonly unlimitedSubnets?: readonly string[]
}

/** Peers that were turned away for a while are forgotten from the oldest on beyond this number. */
const MAX_SHUNNED = 4096

/**
 * Decides who may connect: block lists that the user keeps, and peers that are shunned for a while because of what they did
 * (a foreign genesis, invalid messages), and addresses that hold too many connections already.
 */
export class Gater implements ConnectionGater {
  readonly #store: BlockListStore | undefined
  /** Inbound connections by IP address, those in their handshakes among them. */
  readonly #inbound = new Map<string, number>()
  readonly #maxPerIp: number
  /** Where any number may come from: this machine, and subnets that the user named. */
  readonly #unlimited = new IpSet()
  readonly #peers = new Set<string>()
  readonly #addresses = new Set<string>()
  readonly #subnets = new Set<string>()
  #ips = new IpSet()
  /** Peer id to the time (monotonic ms) until which it is turned away. */
  readonly #shunned = new Map<string, number>()

  /** @throws NetError NET_ADDRESS for a subnet that is none */
  constructor(components: GaterComponents = {}, init: GaterInit = {}) {
    this.#store = components.store
    this.#maxPerIp = init.maxPerIp ?? MAX_CONNECTIONS_PER_IP
    for (const s of init.unlimitedSubnets ?? LOOPBACK) this.#unlimited.addSubnet(s)
  }

  /** Reads the lists that were saved. */
  async load(): Promise<void> {
    const saved = await this.#store?.load()
    if (saved !== undefined) this.#insert(saved)
  }

  get lists(): BlockLists {
    return { peers: [...this.#peers], ipAddrs: [...this.#addresses], ipSubnets: [...this.#subnets] }
  }

  /** @throws NetError NET_ADDRESS; nothing is added then */
  async add(lists: BlockLists): Promise<void> {
    const checked = check(lists)
    this.#insert(checked)
    await this.#store?.save(this.lists)
  }

  /** @throws NetError NET_ADDRESS; nothing is removed then */
  async remove(lists: BlockLists): Promise<void> {
    const checked = check(lists)
    for (const p of checked.peers) this.#peers.delete(p)
    for (const a of checked.ipAddrs) this.#addresses.delete(a)
    for (const s of checked.ipSubnets) this.#subnets.delete(s)
    this.#rebuild()
    await this.#store?.save(this.lists)
  }

  #insert(lists: BlockLists): void {
    for (const p of lists.peers) this.#peers.add(p)
    for (const a of lists.ipAddrs) this.#addresses.add(a)
    for (const s of lists.ipSubnets) this.#subnets.add(s)
    this.#rebuild()
  }

  #rebuild(): void {
    const ips = new IpSet()
    for (const a of this.#addresses) ips.addAddress(a)
    for (const s of this.#subnets) ips.addSubnet(s)
    this.#ips = ips
  }

  /** Turns a peer away for some time. The connection at hand is the caller's to close. */
  shun(peer: string, ms: number): void {
    this.#shunned.delete(peer)
    this.#shunned.set(peer, performance.now() + ms)
    if (this.#shunned.size > MAX_SHUNNED) this.#shunned.delete(this.#shunned.keys().next().value as string)
  }

  isBlocked(peer: string): boolean {
    if (this.#peers.has(peer)) return true
    const until = this.#shunned.get(peer)
    if (until === undefined) return false
    if (until > performance.now()) return true
    this.#shunned.delete(peer)
    return false
  }

  isBlockedAddress(addr: Multiaddr): boolean {
    const ip = ipOf(addr)
    return ip !== undefined && this.#ips.has(ip)
  }

  /** Counts an inbound connection until it closes. False when its address has enough of them. */
  #admit(conn: MultiaddrConnection): boolean {
    const ip = ipOf(conn.remoteAddr)
    if (ip === undefined || this.#unlimited.has(ip)) return true
    const n = this.#inbound.get(ip) ?? 0
    if (n >= this.#maxPerIp) return false
    this.#inbound.set(ip, n + 1)
    conn.addEventListener(
      'close',
      () => {
        const left = (this.#inbound.get(ip) ?? 1) - 1
        if (left <= 0) this.#inbound.delete(ip)
        else this.#inbound.set(ip, left)
      },
      { once: true },
    )
    return true
  }

  // What libp2p asks. Fields, because it takes the functions off the object.
  readonly denyDialPeer = (peer: PeerId): boolean => this.isBlocked(peer.toString())
  readonly denyDialMultiaddr = (addr: Multiaddr): boolean => this.isBlockedAddress(addr)
  readonly denyInboundConnection = (conn: MultiaddrConnection): boolean =>
    this.isBlockedAddress(conn.remoteAddr) || !this.#admit(conn)
  readonly denyInboundEncryptedConnection = (peer: PeerId, conn: MultiaddrConnection): boolean =>
    this.isBlocked(peer.toString()) || this.isBlockedAddress(conn.remoteAddr)
  readonly denyOutboundEncryptedConnection = (peer: PeerId, conn: MultiaddrConnection): boolean =>
    this.isBlocked(peer.toString()) || this.isBlockedAddress(conn.remoteAddr)
}

function check(lists: BlockLists): BlockLists {
  for (const s of lists.ipSubnets) parseSubnet(s)
  return {
    peers: lists.peers.map((p) => peerIdFromText(p).toString()),
    ipAddrs: lists.ipAddrs.map(parseIp),
    ipSubnets: lists.ipSubnets,
  }
}
