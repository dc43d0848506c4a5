import * as m from '../../api/methods/net.ts'
import type { ScopeStat } from '../../api/types/net.ts'
import { NetError } from '../../net/errors.ts'
import type { NetView, ScopeStats } from '../../net/net-view.ts'
import { type BoundHandler, bind } from '../router.ts'

const NANOS_PER_MS = 1_000_000

/** The handlers of the methods about the network. */
export function netHandlers({ net }: { readonly net: NetView }): readonly BoundHandler[] {
  return [
    bind(m.netConnectedness, ([peer]) => net.connectedness(peer)),
    bind(m.netPeers, () => net.connections().map(asAddrInfo)),
    bind(m.netPing, async ([peer], { signal }) => BigInt(Math.round((await net.ping(peer, signal)) * NANOS_PER_MS))),
    bind(m.netConnect, ([info], { signal }) => net.connect(info, signal)),
    bind(m.netAddrsListen, () => asAddrInfo(net.self())),
    bind(m.netDisconnect, ([peer]) => net.disconnect(peer)),
    bind(m.netFindPeer, async ([peer], { signal }) => asAddrInfo(await net.findPeer(peer, signal))),
    bind(m.netPubsubScores, () =>
      net.scores().map(({ peer, topics, ...score }) => ({
        id: peer,
        score: {
          ...score,
          topics: new Map(
            [...topics].map(([k, v]) => [k, { ...v, timeInMesh: BigInt(Math.round(v.timeInMesh)) * BigInt(NANOS_PER_MS) }]),
          ),
        },
      })),
    ),
    bind(m.netAutoNatStatus, () => {
      const { status, publicAddrs } = net.reachability()
      return { reachability: status, publicAddrs: [...publicAddrs] }
    }),
    bind(m.netAgentVersion, async ([peer]) => {
      const agent = await net.agent(peer)
      if (agent === '') throw new NetError('NET_UNREACHABLE', `${peer} has not said what it runs`)
      return agent
    }),
    bind(m.netPeerInfo, async ([peer]) => {
      const { worth, addrs, protocols, ...rest } = await net.details(peer)
      const connMgrMeta =
        worth === undefined
          ? null
          : { firstSeen: worth.firstSeen, value: worth.value, tags: new Map(worth.tags), conns: new Map(worth.connections) }
      return { ...rest, addrs: [...addrs], protocols: [...protocols], connMgrMeta }
    }),
    bind(m.netBandwidthStats, () => net.bandwidth()),
    bind(m.netBandwidthStatsByPeer, () => new Map(net.bandwidthByPeer())),
    bind(m.netBandwidthStatsByProtocol, () => new Map(net.bandwidthByProtocol())),
    bind(m.netBlockAdd, ([lists]) => net.block(lists)),
    bind(m.netBlockRemove, ([lists]) => net.unblock(lists)),
    bind(m.netBlockList, () => {
      const { peers, ipAddrs, ipSubnets } = net.blockLists()
      return { peers: [...peers], ipAddrs: [...ipAddrs], ipSubnets: [...ipSubnets] }
    }),
    bind(m.netProtectAdd, ([peers]) => net.protect(peers)),
    bind(m.netProtectRemove, ([peers]) => net.unprotect(peers)),
    bind(m.netProtectList, () => [...net.protectedPeers()]),
    bind(m.netStat, ([scope]) => statOf(net, scope)),
    bind(m.netLimit, ([scope]) => net.limits(scope)),
    bind(m.netSetLimit, ([scope, limit]) => net.setLimits(scope, limit)),
  ]
}

function asAddrInfo(p: { readonly id: string; readonly addrs: readonly string[] }): { id: string; addrs: string[] } {
  return { id: p.id, addrs: [...p.addrs] }
}

function asScopeStat(s: ScopeStats): ScopeStat {
  return {
    numStreamsInbound: s.streamsInbound,
    numStreamsOutbound: s.streamsOutbound,
    numConnsInbound: s.connsInbound,
    numConnsOutbound: s.connsOutbound,
    // Each connection is a TCP socket.
    numFD: s.connsInbound + s.connsOutbound,
    memory: BigInt(s.memory),
  }
}

type Stat = ReturnType<typeof emptyStat>

function emptyStat() {
  return {
    system: null as ScopeStat | null,
    transient: null as ScopeStat | null,
    services: null as Map<string, ScopeStat> | null,
    protocols: null as Map<string, ScopeStat> | null,
    peers: null as Map<string, ScopeStat> | null,
  }
}

/** The scopes of go-libp2p's resource manager. Services have none of their own here: each speaks one protocol. */
function statOf(net: NetView, scope: string): Stat {
  const none = { streamsInbound: 0, streamsOutbound: 0, connsInbound: 0, connsOutbound: 0, memory: 0 }
  const protocol = (p: string): [string, ScopeStat] => [p, asScopeStat(net.stats({ protocol: p }))]
  const peer = (p: string): [string, ScopeStat] => [p, asScopeStat(net.stats({ peer: p }))]
  const name = scope.slice(scope.indexOf(':') + 1)
  if (scope === 'all') {
    const { protocols, peers } = net.scopes()
    return {
      ...emptyStat(),
      system: asScopeStat(net.stats()),
      transient: asScopeStat(none),
      protocols: protocols.length === 0 ? null : new Map(protocols.map(protocol)),
      peers: peers.length === 0 ? null : new Map(peers.map(peer)),
    }
  }
  if (scope === 'system') return { ...emptyStat(), system: asScopeStat(net.stats()) }
  if (scope === 'transient') return { ...emptyStat(), transient: asScopeStat(none) }
  if (scope.startsWith('svc:')) return { ...emptyStat(), services: new Map([[name, asScopeStat(none)]]) }
  if (scope.startsWith('proto:')) return { ...emptyStat(), protocols: new Map([protocol(name)]) }
  if (scope.startsWith('peer:')) return { ...emptyStat(), peers: new Map([peer(name)]) }
  throw new NetError(
    'NET_SCOPE',
    `invalid scope ${scope.slice(0, 80)}; use all, system, transient, svc:<name>, proto:<name> or peer:<id>`,
  )
}
