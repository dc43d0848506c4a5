/** The network: peers, traffic, block lists, limits (Lotus api/api_net.go). */
import { list, textMap } from '../../codec/combinators.ts'
import { int64, text } from '../../codec/primitives.ts'
import { method, param } from '../method.ts'
import {
  addrInfo,
  bandwidthStats,
  netBlockList as blockLists,
  connectedness,
  extendedPeerInfo,
  netLimit as limit,
  natInfo,
  peerId,
  pubsubScore,
  netStat as stat,
} from '../types/net.ts'
import { nothing } from '../types/shape.ts'
import { v0v1 } from './params.ts'

const peer = param('peer', peerId)
const scope = param('scope', text)

export const netConnectedness = method({
  name: 'Filecoin.NetConnectedness',
  perm: 'read',
  params: [peer],
  result: connectedness,
  doc: 'Whether there is a connection to a peer.',
  versions: v0v1,
  where: 'main',
})

export const netPeers = method({
  name: 'Filecoin.NetPeers',
  perm: 'read',
  params: [],
  result: list(addrInfo),
  doc: 'The open connections: peers and their addresses.',
  versions: v0v1,
  where: 'main',
})

export const netPing = method({
  name: 'Filecoin.NetPing',
  perm: 'read',
  params: [peer],
  result: int64,
  doc: 'Time that a peer takes to answer, nanoseconds.',
  versions: v0v1,
  where: 'main',
})

export const netConnect = method({
  name: 'Filecoin.NetConnect',
  perm: 'write',
  params: [param('peer', addrInfo)],
  result: nothing,
  doc: 'Connects to a peer; without addresses it is looked for.',
  versions: v0v1,
  where: 'main',
})

export const netAddrsListen = method({
  name: 'Filecoin.NetAddrsListen',
  perm: 'read',
  params: [],
  result: addrInfo,
  doc: "The node's own peer id and addresses.",
  versions: v0v1,
  where: 'main',
})

export const netDisconnect = method({
  name: 'Filecoin.NetDisconnect',
  perm: 'write',
  params: [peer],
  result: nothing,
  doc: 'Closes the connections to a peer.',
  versions: v0v1,
  where: 'main',
})

export const netFindPeer = method({
  name: 'Filecoin.NetFindPeer',
  perm: 'read',
  params: [peer],
  result: addrInfo,
  doc: 'Looks for the addresses of a peer.',
  versions: v0v1,
  where: 'main',
})

export const netPubsubScores = method({
  name: 'Filecoin.NetPubsubScores',
  perm: 'read',
  params: [],
  result: list(pubsubScore),
  doc: 'What gossip thinks of the peers.',
  versions: v0v1,
  where: 'main',
})

export const netAutoNatStatus = method({
  name: 'Filecoin.NetAutoNatStatus',
  perm: 'read',
  params: [],
  result: natInfo,
  doc: 'Whether the node can be reached from outside.',
  versions: v0v1,
  where: 'main',
})

export const netAgentVersion = method({
  name: 'Filecoin.NetAgentVersion',
  perm: 'read',
  params: [peer],
  result: text,
  doc: 'What program a peer says it runs.',
  versions: v0v1,
  where: 'main',
})

export const netPeerInfo = method({
  name: 'Filecoin.NetPeerInfo',
  perm: 'read',
  params: [peer],
  result: extendedPeerInfo,
  doc: 'What is known about a peer.',
  versions: v0v1,
  where: 'main',
})

export const netBandwidthStats = method({
  name: 'Filecoin.NetBandwidthStats',
  perm: 'read',
  params: [],
  result: bandwidthStats,
  doc: 'Traffic in all.',
  versions: v0v1,
  where: 'main',
})

export const netBandwidthStatsByPeer = method({
  name: 'Filecoin.NetBandwidthStatsByPeer',
  perm: 'read',
  params: [],
  result: textMap(bandwidthStats),
  doc: 'Traffic by peer.',
  versions: v0v1,
  where: 'main',
})

export const netBandwidthStatsByProtocol = method({
  name: 'Filecoin.NetBandwidthStatsByProtocol',
  perm: 'read',
  params: [],
  result: textMap(bandwidthStats),
  doc: 'Traffic by protocol.',
  versions: v0v1,
  where: 'main',
})

export const netBlockAdd = method({
  name: 'Filecoin.NetBlockAdd',
  perm: 'admin',
  params: [param('acl', blockLists)],
  result: nothing,
  doc: 'Blocks peers, addresses and subnets, and closes their connections.',
  versions: v0v1,
  where: 'main',
})

export const netBlockRemove = method({
  name: 'Filecoin.NetBlockRemove',
  perm: 'admin',
  params: [param('acl', blockLists)],
  result: nothing,
  doc: 'Takes peers, addresses and subnets off the block lists.',
  versions: v0v1,
  where: 'main',
})

export const netBlockList = method({
  name: 'Filecoin.NetBlockList',
  perm: 'read',
  params: [],
  result: blockLists,
  doc: 'The block lists.',
  versions: v0v1,
  where: 'main',
})

export const netProtectAdd = method({
  name: 'Filecoin.NetProtectAdd',
  perm: 'admin',
  params: [param('acl', list(peerId))],
  result: nothing,
  doc: 'Protects the connections to peers from being cut for their number.',
  versions: v0v1,
  where: 'main',
})

export const netProtectRemove = method({
  name: 'Filecoin.NetProtectRemove',
  perm: 'admin',
  params: [param('acl', list(peerId))],
  result: nothing,
  doc: 'Ends the protection of peers.',
  versions: v0v1,
  where: 'main',
})

export const netProtectList = method({
  name: 'Filecoin.NetProtectList',
  perm: 'read',
  params: [],
  result: list(peerId, { emptyJson: 'null' }),
  doc: 'The protected peers.',
  versions: v0v1,
  where: 'main',
})

export const netStat = method({
  name: 'Filecoin.NetStat',
  perm: 'read',
  params: [scope],
  result: stat,
  doc: 'Streams and connections of a scope: all, system, transient, svc:, proto: or peer:.',
  versions: v0v1,
  where: 'main',
})

export const netLimit = method({
  name: 'Filecoin.NetLimit',
  perm: 'read',
  params: [scope],
  result: limit,
  doc: 'The limits of a scope: system, transient or peer:.',
  versions: v0v1,
  where: 'main',
})

export const netSetLimit = method({
  name: 'Filecoin.NetSetLimit',
  perm: 'admin',
  params: [scope, param('limit', limit)],
  result: nothing,
  doc: 'Sets the limit of connections of the scope system.',
  versions: v0v1,
  where: 'main',
})
