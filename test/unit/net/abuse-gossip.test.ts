// Peers that mean harm, at gossip and with connections and streams: each case is bounded, and an honest peer is served beside it.

import { createConnection } from 'node:net'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Stream } from '@libp2p/interface'
import t from 'tap'
import { configureLogging } from '../../../src/lib/log.ts'
import { ProtoWriter, uvarint } from '../../../src/net/bitswap/protobuf.ts'
import { CHAIN_EXCHANGE_PROTOCOL } from '../../../src/types/wire/chain-exchange.ts'
import { HELLO_PROTOCOL } from '../../../src/types/wire/hello.ts'
import { HostilePeer, heapGrowth, hostile, stillServes, target } from '../../kit/hostile-peer.ts'
import { connect, makeNode, until } from '../../kit/net-pair.ts'

configureLogging({ level: 'fatal' })

const MIB = 1 << 20
const MESHSUB = '/meshsub/1.1.0'

t.test('gossip: foreign topics, control messages and frames that are too long', async (t) => {
  const at = await target(t, { checkEveryMs: 200 })
  if (at === undefined) return
  const { node, chain } = at
  const gossip = node.host.libp2p.services.pubsub as unknown as { topics: Map<string, unknown>; backoff?: Map<string, unknown> }
  const topics = (count: number, salt: string): Uint8Array => {
    const rpc = new ProtoWriter()
    for (let i = 0; i < count; i++) {
      const sub = new ProtoWriter()
      sub.varint(1, 1)
      sub.bytes(2, Buffer.from(`t${salt}${i}`))
      rpc.bytes(1, sub.finish())
    }
    return rpc.finish()
  }
  const control = (build: (c: ProtoWriter) => void): Uint8Array => {
    const c = new ProtoWriter()
    build(c)
    const rpc = new ProtoWriter()
    rpc.bytes(3, c.finish())
    return rpc.finish()
  }
  const send = async (stream: Stream, bytes: Uint8Array): Promise<void> => {
    for (const part of [uvarint(bytes.length), bytes])
      if (!stream.send(part)) await stream.onDrain({ signal: AbortSignal.timeout(3000) })
  }
  const ihaves = Array.from({ length: 100 }, (_, i) =>
    control((c) => {
      const ihave = new ProtoWriter()
      ihave.bytes(1, Buffer.from(node.pubsub.blocksTopic))
      for (let k = 0; k < 5000; k++) ihave.bytes(2, Buffer.from(`id${i}-${k}-${'x'.repeat(20)}`))
      c.bytes(1, ihave.finish())
    }),
  )
  const prune = control((c) => {
    const one = new ProtoWriter()
    one.bytes(1, Buffer.from(node.pubsub.blocksTopic))
    one.varint(3, Number.MAX_SAFE_INTEGER)
    c.bytes(4, one.finish())
  })
  // 300,000 topics, in frames that the decoder takes and in frames that it does not.
  const floods = [
    ...Array.from({ length: 1000 }, (_, i) => topics(100, `a${i}.`)),
    ...Array.from({ length: 10 }, (_, i) => topics(20_000, `b${i}.`)),
  ]
  const peer = await hostile(t)
  await peer.serve(MESHSUB, async () => {})
  const connection = await peer.dial(node)
  const stream = await connection.newStream(MESHSUB)
  const before = gossip.topics.size
  const lag = monitorEventLoopDelay({ resolution: 5 })
  lag.enable()
  const growth = await heapGrowth(async () => {
    for (const frame of [...floods, ...ihaves, prune]) await send(stream, frame)
    await until(() => stream.writeBufferLength === 0)
    await sleep(500)
  })
  lag.disable()
  t.ok(gossip.topics.size - before <= 1, 'no foreign topic was kept')
  t.ok(growth < 10 * MIB, `${(growth / MIB).toFixed(1)} MiB`)
  const p99 = lag.percentile(99) / 1e6
  t.comment(`event loop delay p99 ${p99.toFixed(0)} ms, with the flood made in the same thread`)
  // The aim is 100 ms; a busy machine must not fail the test, a loop that is blocked must.
  t.ok(p99 < 1000)

  const other = await hostile(t)
  const raw = await (await other.dial(node)).newStream(MESHSUB)
  raw.send(uvarint(2 * MIB))
  raw.send(Buffer.alloc(64 * 1024))
  const peers = (): string[] => node.host.libp2p.services.pubsub.getPeers().map(String)
  await until(() => !peers().includes(other.id), 5000, 'the end of gossip with it')
  t.pass('a frame over 1 MiB ends gossip with the peer')
  await stillServes(t, node, chain)
})

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
