import type { GossipsubOpts, Message } from '@libp2p/gossipsub'
import type { TopicScoreParams } from '@libp2p/gossipsub/score'
import { peerIdFromString } from '@libp2p/peer-id'
import { blake2b256 } from '../../native/crypto.ts'
import { checkPeerAddress, peerIdIn } from '../addresses.ts'
import { IpSet, LOOPBACK } from '../ip.ts'
import { blockTopicScore, messageTopicScore, otherTopicScore, peerScoreParams, scoreThresholds } from './score-params.ts'

export function blocksTopic(p2pName: string): string {
  return `/fil/blocks/${p2pName}`
}

export function messagesTopic(p2pName: string): string {
  return `/fil/msgs/${p2pName}`
}

export interface GossipInit {
  /** The network's name in topics: `testnetnet` for mainnet. */
  readonly p2pName: string
  /** Topics beside blocks and messages that may be joined (F3's). All others are ignored, whoever announces them. */
  readonly extraTopics?: readonly string[]
  /** Whether this node introduces peers to each other and keeps no mesh of its own. */
  readonly bootstrapper?: boolean
  /** Multiaddresses with peer ids: messages pass to these directly, outside of the mesh. */
  readonly directPeers?: readonly string[]
  /** Subnets from which any number of peers is welcome. */
  readonly ipColocationWhitelist?: readonly string[]
  /** Milliseconds between heartbeats; 1000 but in tests. */
  readonly heartbeatMs?: number
}

/** Whether streams of a protocol are the router's. */
export const isGossip = (protocol: string): boolean => protocol.startsWith('/meshsub/') || protocol.startsWith('/floodsub/')

/** Largest frame; Lotus leaves go-libp2p-pubsub's default of 1 MiB. */
export const MAX_GOSSIP_FRAME = 1 << 20
/** Bytes that may wait for a peer that does not read. */
const MAX_OUTBOUND_BUFFER = 8 << 20

/** Lotus's mesh (node/modules/lp2p/pubsub.go). */
const mesh = { D: 8, Dscore: 6, Dout: 3, Dlo: 6, Dhi: 12, Dlazy: 12, gossipFactor: 0.1 }
/** A bootstrapper keeps no mesh: it gossips to many and sends peers on to each other. */
const bootstrapperMesh = { D: 0, Dscore: 0, Dout: 0, Dlo: 0, Dhi: 0, Dlazy: 64, gossipFactor: 0.25, pruneBackoff: 5 * 60_000 }

/** Options for libp2p's gossipsub. @throws NetError NET_ADDRESS */
export function gossipOptions(init: GossipInit, appScore: (peer: string) => number): Partial<GossipsubOpts> {
  const blocks = blocksTopic(init.p2pName)
  const messages = messagesTopic(init.p2pName)
  const extra = init.extraTopics ?? []
  const topics: Record<string, TopicScoreParams> = { [blocks]: blockTopicScore, [messages]: messageTopicScore }
  for (const t of extra) topics[t] = otherTopicScore
  const bootstrapper = init.bootstrapper === true
  return {
    ...(bootstrapper ? bootstrapperMesh : mesh),
    mcacheLength: 10,
    mcacheGossip: 3,
    heartbeatInterval: init.heartbeatMs ?? 1000,
    gossipsubIWantFollowupMs: 5000,
    directConnectTicks: 30,
    floodPublish: true,
    doPX: bootstrapper,
    globalSignaturePolicy: 'StrictSign',
    fallbackToFloodsub: true,
    allowPublishToZeroTopicPeers: true,
    ignoreDuplicatePublishError: true,
    emitSelf: false,
    msgIdFn: (msg: Message) => blake2b256(msg.data),
    // The same id before anything is verified: copies of a message that was found in order cost their hash, not a signature.
    fastMsgIdFn: (msg) => Buffer.from(blake2b256(msg.data ?? new Uint8Array(0))).toString('latin1'),
    allowedTopics: new Set([blocks, messages, ...extra]),
    maxInboundDataLength: MAX_GOSSIP_FRAME,
    // The next frame of a peer is looked at when the one before has been begun (paced.ts); no message's verdict is waited for.
    awaitRpcHandler: true,
    maxOutboundBufferSize: MAX_OUTBOUND_BUFFER,
    // A peer reconnects its stream now and then; more than two at once are no use.
    maxInboundStreams: 2,
    maxOutboundStreams: 2,
    // Lotus's subscription filter refuses more than 100 at once.
    decodeRpcLimits: {
      maxSubscriptions: 100,
      maxMessages: 5000,
      maxIhaveMessageIDs: 5000,
      maxIwantMessageIDs: 5000,
      maxControlMessages: 100,
      maxIdontwantMessageIDs: 512,
      maxPeerInfos: 16,
    },
    directPeers: (init.directPeers ?? []).map((text) => {
      const addr = checkPeerAddress(text)
      return { id: peerIdFromString(peerIdIn(addr) as string), addrs: [addr] }
    }),
    scoreParams: peerScoreParams({
      topics,
      appScore,
      ipWhitelist: new SubnetSet([...LOOPBACK, ...(init.ipColocationWhitelist ?? [])]),
    }),
    scoreThresholds,
  }
}

/**
 * The whitelist asks for single addresses; the config names subnets. Loopback is always among them: a private network of many
 * nodes on one machine is not an attack.
 */
class SubnetSet extends Set<string> {
  readonly #ips = new IpSet()

  constructor(subnets: readonly string[]) {
    super()
    for (const s of subnets) this.#ips.addSubnet(s)
  }

  override has(ip: string): boolean {
    return this.#ips.has(ip)
  }
}
