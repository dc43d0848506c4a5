import { as, list, optional, record, type Shape, textMap } from '../../codec/combinators.ts'
import { goList } from '../../codec/go-forms.ts'
import { int64, safeInt, text, uint64 } from '../../codec/primitives.ts'
import { float, omitEmpty, time } from './shape.ts'

/** A libp2p peer id in its text form. */
export const peerId = text
/** A multiaddress. */
export const multiaddrText = text

/** A peer and addresses at which it can be reached (go-libp2p peer.AddrInfo). */
export const addrInfo = record('AddrInfo', { id: as('ID', peerId), addrs: list(multiaddrText) })

/** 0 not connected, 1 connected (go-libp2p network.Connectedness). */
export const connectedness = safeInt

/** What a peer did in one topic; `timeInMesh` in nanoseconds. */
const topicScore = record('TopicScoreSnapshot', {
  timeInMesh: int64,
  firstMessageDeliveries: float,
  meshMessageDeliveries: float,
  invalidMessageDeliveries: float,
})
export const pubsubScore = record('PubsubScore', {
  id: as('ID', peerId),
  score: record('PeerScoreSnapshot', {
    score: float,
    topics: textMap(topicScore),
    appSpecificScore: float,
    ipColocationFactor: as('IPColocationFactor', float),
    behaviourPenalty: float,
  }),
})

/** `reachability`: 0 unknown, 1 public, 2 private. */
export const natInfo = record('NatInfo', { reachability: safeInt, publicAddrs: goList(multiaddrText) })

/** When connections were opened, by remote address, and what the peer is worth, by reason. */
const connMgrInfo = record('ConnMgrInfo', { firstSeen: time, value: safeInt, tags: textMap(safeInt), conns: textMap(time) })
export const extendedPeerInfo = record('ExtendedPeerInfo', {
  id: as('ID', peerId),
  agent: text,
  addrs: goList(multiaddrText),
  protocols: goList(text),
  connMgrMeta: optional(connMgrInfo),
})

/** Bytes since the start and bytes per second. */
export const bandwidthStats = record('BandwidthStats', { totalIn: int64, totalOut: int64, rateIn: float, rateOut: float })

/** Lotus prints no peers as [], no addresses and no subnets as null. */
export const netBlockList = record('NetBlockList', {
  peers: list(peerId),
  ipAddrs: as('IPAddrs', goList(text)),
  ipSubnets: as('IPSubnets', goList(text)),
})

const scopeStat = record('ScopeStat', {
  numStreamsInbound: safeInt,
  numStreamsOutbound: safeInt,
  numConnsInbound: safeInt,
  numConnsOutbound: safeInt,
  numFD: safeInt,
  memory: uint64,
})
export type ScopeStat = Shape<typeof scopeStat.fields>

/** What scopes hold; those that were not asked for are left out. */
export const netStat = omitEmpty(
  record('NetStat', {
    system: optional(scopeStat),
    transient: optional(scopeStat),
    services: optional(textMap(scopeStat)),
    protocols: optional(textMap(scopeStat)),
    peers: optional(textMap(scopeStat)),
  }),
  'System',
  'Transient',
  'Services',
  'Protocols',
  'Peers',
)

/** Limits of a scope: bytes, streams, connections, file descriptors. */
export const netLimit = record('NetLimit', {
  memory: int64,
  streams: safeInt,
  streamsInbound: safeInt,
  streamsOutbound: safeInt,
  conns: safeInt,
  connsInbound: safeInt,
  connsOutbound: safeInt,
  fd: as('FD', safeInt),
})
