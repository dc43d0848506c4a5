/** The libp2p host: transport, identity, limits, gates, gossip router and DHT client. Protocols register on it. */
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { autoNAT } from '@libp2p/autonat'
import { privateKeyFromProtobuf } from '@libp2p/crypto/keys'
import { type GossipSub, gossipsub } from '@libp2p/gossipsub'
import { type Identify, identify, identifyPush } from '@libp2p/identify'
import type { Libp2p, PeerId, Stream } from '@libp2p/interface'
import { type KadDHT, kadDHT, passthroughMapper, removePrivateAddressesMapper } from '@libp2p/kad-dht'
import { type Ping, ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { uPnPNAT } from '@libp2p/upnp-nat'
import { createLibp2p } from 'libp2p'
import { Bandwidth, streamMetrics } from './bandwidth.ts'
import { NetError } from './errors.ts'
import type { Gater } from './gater.ts'
import { silentLibp2p } from './libp2p-logger.ts'
import { takeInTurns } from './paced-input.ts'
import { type GossipInit, gossipOptions, isGossip } from './pubsub/options.ts'
import { handleInTurns, readInTurns } from './pubsub/paced.ts'

export interface HostInit {
  /** libp2p's protobuf form of the private key. */
  readonly privateKey: Uint8Array
  /** What identify tells: `nelumbo-0.1.0`. */
  readonly userAgent: string
  readonly version: string
  /** Multiaddresses to listen on; those of transports other than TCP are left out. */
  readonly listen: readonly string[]
  /** Addresses to tell instead of the interfaces'. */
  readonly announce?: readonly string[]
  readonly noAnnounce?: readonly string[]
  /** Most connections at all; beyond it none is accepted. The trimmer keeps the number lower. */
  readonly maxConnections: number
  /** Connections that one address may open per second. */
  readonly inboundPerSecond?: number
  /** Time that an inbound connection has for its handshakes, ms. */
  readonly maxPendingMs?: number
  readonly gossip: GossipInit
  /** Whether peers are looked for in the DHT. */
  readonly dht: boolean
  /** Whether only public addresses are taken from and put into the DHT's table. */
  readonly publicAddressesOnly: boolean
  /** Whether others are asked if this node can be reached from outside. */
  readonly autonat: boolean
  /** Whether the router is asked to forward the port. */
  readonly portMapping: boolean
}

export interface HostComponents {
  readonly gater: Gater
  /** What the node itself thinks of a peer, part of its gossip score. */
  readonly appScore: (peer: string) => number
}

// libp2p's types know only index signatures for services.
export type HostServices = {
  identify: Identify
  ping: Ping
  pubsub: GossipSub
  dht?: KadDHT
}

export interface Host {
  readonly libp2p: Libp2p<HostServices>
  readonly bandwidth: Bandwidth
}

/** Streams of one connection that a peer may open; go-libp2p's default for a peer is 256 inbound. */
export const MAX_STREAMS_PER_CONNECTION = 256
/**
 * Streams that a peer may open before this side has set the connection up, which takes a while on a busy machine; with more the
 * connection ends. A Lotus opens some five, and 16 more if it asks for the chain at once.
 */
const MAX_EARLY_STREAMS = 32
/** Connections that may be in the middle of their handshakes. */
export const MAX_PENDING_CONNECTIONS = 128
/** Bytes that a stream's receive window grows to: enough for 100 MiB/s at 40 ms. */
const STREAM_WINDOW = 4 << 20

/** Makes a host that has not started yet. @throws NetError NET_ADDRESS */
export async function createHost(components: HostComponents, init: HostInit): Promise<Host> {
  const { gater } = components
  const bandwidth = new Bandwidth()
  const holder: { libp2p?: Libp2p<HostServices> } = {}
  const peerOf = (stream: Stream): string | undefined =>
    holder.libp2p
      ?.getConnections()
      .find((c) => c.streams.includes(stream))
      ?.remotePeer.toString()

  const libp2p = await createLibp2p<HostServices>({
    start: false,
    logger: silentLibp2p,
    privateKey: privateKeyFromProtobuf(init.privateKey),
    nodeInfo: { name: 'nelumbo', version: init.version, userAgent: init.userAgent },
    addresses: {
      listen: tcpOnly(init.listen),
      announce: [...(init.announce ?? [])],
      noAnnounce: [...(init.noAnnounce ?? [])],
    },
    transports: [tcp({ listenOpts: { noDelay: true }, dialOpts: { noDelay: true } })],
    connectionEncrypters: [noise()],
    streamMuxers: [
      yamux({
        maxInboundStreams: MAX_STREAMS_PER_CONNECTION,
        maxOutboundStreams: MAX_STREAMS_PER_CONNECTION,
        maxEarlyStreams: MAX_EARLY_STREAMS,
        streamOptions: { maxStreamWindowSize: STREAM_WINDOW },
      }),
    ],
    connectionGater: gater,
    connectionManager: {
      maxConnections: init.maxConnections,
      maxIncomingPendingConnections: MAX_PENDING_CONNECTIONS,
      inboundConnectionThreshold: init.inboundPerSecond ?? 10,
      inboundUpgradeTimeout: init.maxPendingMs ?? 5000,
      dialTimeout: 10_000,
      maxParallelDials: 32,
      // Reconnecting is the peer manager's business, which knows why a peer went.
      reconnectRetries: 0,
    },
    // A peer that answers no ping in this time is gone; its connection holds resources for nothing. libp2p's own 5 s cut honest
    // peers whose machine was busy, and with a node's only peer its chain.
    connectionMonitor: { pingInterval: 30_000, pingTimeout: { minTimeout: 25_000 }, abortConnectionOnPingFailure: true },
    metrics: () =>
      streamMetrics({
        connection: takeInTurns,
        stream: (stream) => {
          bandwidth.track(stream, peerOf(stream))
          if (isGossip(stream.protocol)) readInTurns(stream)
        },
      }),
    services: {
      identify: identify({ maxMessageSize: 64 * 1024, timeout: 10_000 }),
      identifyPush: identifyPush({ maxMessageSize: 64 * 1024 }),
      ping: ping({ maxInboundStreams: 2, maxOutboundStreams: 2 }),
      pubsub: gossipsub(gossipOptions(init.gossip, components.appScore)),
      ...(init.dht
        ? {
            dht: kadDHT({
              protocol: `/fil/kad/${init.gossip.p2pName}/kad/1.0.0`,
              // Only a client: nothing of what others send is stored, and nobody's queries are answered.
              clientMode: true,
              peerInfoMapper: init.publicAddressesOnly ? removePrivateAddressesMapper : passthroughMapper,
            }),
          }
        : {}),
      ...(init.autonat ? { autonat: autoNAT({ maxInboundStreams: 1 }) } : {}),
      ...(init.portMapping ? { upnp: uPnPNAT() } : {}),
    } as never,
  })
  holder.libp2p = libp2p
  handleInTurns(libp2p.services.pubsub)
  return { libp2p, bandwidth }
}

/**
 * Lotus's default addresses name QUIC and WebTransport too, which this node does not speak (their listeners were a way to
 * exhaust a node's memory); its config must work here.
 */
function tcpOnly(addrs: readonly string[]): string[] {
  const out = addrs.filter((a) => a.includes('/tcp/') && !/\/(ws|wss|tls)(\/|$)/.test(a))
  if (out.length === 0 && addrs.length > 0) {
    throw new NetError('NET_ADDRESS', `none of the addresses to listen on is a TCP address: ${addrs.join(', ').slice(0, 200)}`)
  }
  return out
}

/** Whether a peer has said that it speaks a protocol. */
export async function speaks(libp2p: Libp2p<HostServices>, peer: PeerId, protocol: string): Promise<boolean> {
  try {
    return (await libp2p.peerStore.get(peer)).protocols.includes(protocol)
  } catch {
    return false
  }
}
