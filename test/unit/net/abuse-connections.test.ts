// Peers that mean harm, with connections and streams: each case is bounded, and an honest peer is served beside it.

import { createConnection } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Stream } from '@libp2p/interface'
import t from 'tap'
import { configureLogging } from '../../../src/lib/log.ts'
import { CHAIN_EXCHANGE_PROTOCOL } from '../../../src/types/wire/chain-exchange.ts'
import { HELLO_PROTOCOL } from '../../../src/types/wire/hello.ts'
import { HostilePeer, hostile, stillServes, target } from '../../kit/hostile-peer.ts'
import { connect, makeNode, until } from '../../kit/net-pair.ts'

configureLogging({ level: 'fatal' })

t.test('streams: half-open ones, idle ones and too many of them end by themselves', async (t) => {
  const at = await target(t)
  if (at === undefined) return
  const { node, chain } = at
  const peer = await hostile(t)
  const connection = await peer.dial(node)
  const opened: Stream[] = []
  for (let i = 0; i < 300; i++) {
    const stream = await connection.newStream(CHAIN_EXCHANGE_PROTOCOL, { maxOutboundStreams: 100_000 }).catch(() => undefined)
    if (stream !== undefined) opened.push(stream)
  }
  await sleep(300)
  t.ok(node.view.stats({ protocol: CHAIN_EXCHANGE_PROTOCOL }).streamsInbound <= 17, 'of one protocol no more than the limit')
  t.ok(node.exchangeServer.active <= 4)
  const hellos = await Promise.all(
    Array.from({ length: 50 }, () => connection.newStream(HELLO_PROTOCOL, { maxOutboundStreams: 1000 }).catch(() => undefined)),
  )
  t.ok(node.view.stats({ protocol: HELLO_PROTOCOL }).streamsInbound <= 5, `of ${hellos.length} hellos`)
  await peer.stop()
  await until(() => node.view.stats().streamsInbound === 0, 5000, 'all streams gone')
  t.equal(node.exchangeServer.active, 0)
  await stillServes(t, node, chain)
})

t.test('connections: churn leaves nothing behind', async (t) => {
  const at = await target(t)
  if (at === undefined) return
  const { node, chain } = at
  const count = (): number => process.getActiveResourcesInfo().filter((r) => r === 'TCPSocketWrap').length
  const before = count()
  for (let round = 0; round < 10; round++) {
    const peers = await Promise.all(Array.from({ length: 8 }, () => HostilePeer.start({ listen: false })))
    await Promise.all(peers.map((p) => p.dial(node).catch(() => {})))
    await Promise.all(peers.map((p) => p.stop()))
  }
  await until(() => node.view.connections().length === 0, 10_000, 'the end of all connections')
  await until(() => count() <= before + 10, 10_000, 'all sockets closed')
  t.equal(node.exchange.peers.size, 0)
  await stillServes(t, node, chain)
})

t.test('connections: hundreds that never say a word do not keep others out', async (t) => {
  const at = await target(t, { maxPendingMs: 500 })
  if (at === undefined) return
  const { node, chain } = at
  const [addr] = node.view.self().addrs
  const port = Number(/tcp\/(\d+)/.exec(addr!)![1])
  const sockets = Array.from({ length: 300 }, () => {
    const s = createConnection({ host: '127.0.0.1', port })
    s.on('error', () => {})
    return s
  })
  t.teardown(() => {
    for (const s of sockets) s.destroy()
  })
  await sleep(200)
  const open = (): number => sockets.filter((s) => s.readyState === 'open').length
  t.comment(`${open()} of 300 are open while they are silent`)
  await until(() => open() === 0, 10_000, 'the end of the mute ones')
  await stillServes(t, node, chain)
})

t.test('connections: above the mark the least worthy are cut', async (t) => {
  const at = await target(t, { connLow: 3, connHigh: 5, connGraceMs: 0, checkEveryMs: 50 })
  if (at === undefined) return
  const { node, chain } = at
  const friend = await makeNode(chain)
  t.teardown(() => friend.stop())
  await friend.start()
  await connect(friend, node)
  await until(() => node.peers.peers.has(friend.peerId))
  const peers = await Promise.all(Array.from({ length: 7 }, () => hostile(t)))
  await Promise.all(peers.map((p) => p.dial(node).catch(() => {})))
  await until(() => node.view.connections().length <= 5, 5000, 'fewer connections')
  t.equal(node.view.connectedness(friend.peerId), 1, 'a peer on our chain stays')
})
