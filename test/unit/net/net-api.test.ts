import t from 'tap'
import { configureLogging } from '../../../src/lib/log.ts'
import { TokenAuth } from '../../../src/rpc/auth.ts'
import { RpcClient } from '../../../src/rpc/client.ts'
import { netHandlers } from '../../../src/rpc/handlers/net.ts'
import { connect, makeNode, readChain, until } from '../../kit/net-pair.ts'
import { testServer } from '../../kit/rpc-server.ts'
import { sharedData } from '../../kit/shared-data.ts'
import { wireRecords } from '../../kit/wire-records.ts'

configureLogging({ level: 'fatal' })

t.test('a node speaks what Lotus speaks', async (t) => {
  const records = wireRecords(t)
  const folder = sharedData(t, 'chains', 'lotus-devnet-proofs')
  if (records === undefined || folder === undefined) return
  const protocols = records.find((r) => r.what === 'identify')?.protocols ?? []
  const node = await makeNode(readChain(folder), {}, { autonat: true })
  await node.start()
  t.teardown(() => node.stop())
  const ours = new Set(node.host.libp2p.getProtocols())
  // F3 has its own part of the program. The others are older or newer forms of what is spoken.
  const without = ['/chain/ipfs/bitswap', '/f3/certexch/get/1/2k', '/meshsub/1.3.0']
  t.same(
    protocols.filter((p) => !ours.has(p)),
    without,
  )
})

t.test('the Net methods over JSON-RPC', async (t) => {
  const folder = sharedData(t, 'chains', 'lotus-devnet-proofs')
  if (folder === undefined) return
  const chain = readChain(folder)
  const a = await makeNode(chain)
  const b = await makeNode(chain)
  t.teardown(() => Promise.all([a.stop(), b.stop()]))
  await Promise.all([a.start(), b.start()])
  const auth = new TokenAuth(new Uint8Array(32).fill(9))
  const server = await testServer(t, netHandlers({ net: a.view }), { components: { auth } })
  const { api } = new RpcClient({ url: server.url, token: auth.create(['read', 'write', 'admin']) })
  const reader = new RpcClient({ url: server.url, token: undefined }).api

  const self = await api.netAddrsListen([])
  t.equal(self.id, a.peerId)
  t.match(self.addrs[0]!, /^\/ip4\/127\.0\.0\.1\/tcp\/\d+$/)
  t.equal(await api.netConnectedness([b.peerId]), 0)
  await t.rejects(reader.netConnect([{ id: b.peerId, addrs: [] }]), 'a caller without a token cannot connect')
  const target = b.view.self()
  await api.netConnect([{ id: target.id, addrs: [...target.addrs] }])
  t.equal(await api.netConnectedness([b.peerId]), 1)
  t.same(
    (await api.netPeers([])).map((p) => p.id),
    [b.peerId],
  )
  const nanos = await api.netPing([b.peerId])
  t.ok(nanos > 10_000n && nanos < 1_000_000_000n, `${nanos} ns`)
  await until(async () => (await a.view.agent(b.peerId)) !== '')
  t.equal(await api.netAgentVersion([b.peerId]), 'nelumbo-test')
  await until(() => a.peers.peers.has(b.peerId))
  const info = await api.netPeerInfo([b.peerId])
  t.ok(info.protocols.includes('/fil/hello/1.0.0') && info.protocols.includes('/fil/chain/xchg/0.0.1'))
  t.equal(info.connMgrMeta?.tags.get('fcpeer'), 10)
  t.equal(info.connMgrMeta?.conns.size, 1)
  t.same((await api.netFindPeer([b.peerId])).id, b.peerId)

  await a.exchange.headers(chain.head.key, 100)
  const traffic = await api.netBandwidthStats([])
  t.ok(traffic.totalIn > 50_000n && traffic.totalOut > 100n && traffic.rateIn > 0)
  t.ok((await api.netBandwidthStatsByPeer([])).get(b.peerId)!.totalIn > 50_000n)
  t.ok((await api.netBandwidthStatsByProtocol([])).get('/fil/chain/xchg/0.0.1')!.totalIn > 50_000n)
  await until(() => a.pubsub.subscribers(a.pubsub.blocksTopic).length === 1)
  t.same(
    (await api.netPubsubScores([])).map((s) => s.id),
    [b.peerId],
  )
  t.same(await api.netAutoNatStatus([]), { reachability: 0, publicAddrs: [] })

  const all = await api.netStat(['all'])
  t.equal(all.system!.numConnsInbound + all.system!.numConnsOutbound, 1)
  t.ok(all.protocols!.size > 0 && all.peers!.has(b.peerId))
  t.equal((await api.netStat([`peer:${b.peerId}`])).system, null)
  await t.rejects(api.netStat(['everything']), { message: /invalid scope/ })
  t.equal((await api.netLimit(['system'])).conns, 180)
  await api.netSetLimit(['system', { ...(await api.netLimit(['system'])), conns: 50 }])
  t.equal((await api.netLimit(['system'])).conns, 50)
  await t.rejects(api.netSetLimit(['peer:x', await api.netLimit(['system'])]), { message: /only the number/ })

  await api.netProtectAdd([[b.peerId]])
  t.same(await api.netProtectList([]), [b.peerId])
  await api.netProtectRemove([[b.peerId]])
  t.same(await api.netProtectList([]), [])
  await t.rejects(api.netProtectAdd([['x']]), { message: /is not a peer id/ })

  await api.netDisconnect([b.peerId])
  t.equal(await api.netConnectedness([b.peerId]), 0)
  await api.netBlockAdd([{ peers: [b.peerId], ipAddrs: ['10.1.2.3'], ipSubnets: ['10.0.0.0/8'] }])
  t.same(await api.netBlockList([]), { peers: [b.peerId], ipAddrs: ['10.1.2.3'], ipSubnets: ['10.0.0.0/8'] })
  await t.rejects(api.netConnect([{ id: target.id, addrs: [...target.addrs] }]), { message: /could not be reached/ })
  await connect(b, a).catch(() => {})
  await until(() => a.view.connectedness(b.peerId) === 0)
  for (const acl of [
    { peers: ['x'], ipAddrs: [], ipSubnets: [] },
    { peers: [], ipAddrs: ['10.0.0.300'], ipSubnets: [] },
    { peers: [], ipAddrs: [], ipSubnets: ['10.0.0.0/33'] },
  ]) {
    await t.rejects(api.netBlockAdd([acl]), { message: /is not an? / })
  }
  await api.netBlockRemove([{ peers: [b.peerId], ipAddrs: ['10.1.2.3'], ipSubnets: ['10.0.0.0/8'] }])
  await api.netConnect([{ id: target.id, addrs: [...target.addrs] }])
  await api.netBlockAdd([{ peers: [], ipAddrs: ['127.0.0.1'], ipSubnets: [] }])
  await until(() => a.view.connectedness(b.peerId) === 0, 2000, 'the end of a blocked connection')
})
