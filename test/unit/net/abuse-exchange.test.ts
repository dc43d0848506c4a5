// Peers that mean harm, at hello and chain exchange: each case is bounded in memory and in time, and an honest peer is served
// beside it.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection } from '@libp2p/interface'
import t from 'tap'
import { decode, encode } from '../../../src/codec/codec.ts'
import { configureLogging } from '../../../src/lib/log.ts'
import { ExchangeClient } from '../../../src/net/exchange/client.ts'
import { CHAIN_EXCHANGE_PROTOCOL, exchangeRequest, exchangeResponse } from '../../../src/types/wire/chain-exchange.ts'
import { HELLO_PROTOCOL, latencyMessage } from '../../../src/types/wire/hello.ts'
import { type HostilePeer, heapGrowth, hostile, isReset, stillServes, target } from '../../kit/hostile-peer.ts'
import { until } from '../../kit/net-pair.ts'

configureLogging({ level: 'fatal' })

const MIB = 1 << 20

t.test('hello: another genesis, too long, too slow, too many, garbage', async (t) => {
  const at = await target(t)
  if (at === undefined) return
  const { node, chain } = at
  const friend = await hostile(t)
  const good = await friend.dial(node)
  const answer = await friend.hello(good, chain.genesis, chain.head.cids)
  const { tArrival, tSent } = decode(latencyMessage, answer!)
  t.ok(tSent >= tArrival && Math.abs(Number(tSent / 1_000_000n) - Date.now()) < 5000, 'our clock in nanoseconds')

  const foreign = await hostile(t)
  const connection = await foreign.dial(node)
  t.equal(await foreign.hello(connection, chain.head.parentStateRoot), undefined)
  await until(() => node.view.connectedness(foreign.id) === 0, 3000, 'the end of the connection')
  t.ok(node.gater.isBlocked(foreign.id), 'a peer of another chain is turned away for a while')
  t.notOk(node.peers.peers.has(foreign.id))

  for (const [name, bytes] of [
    ['garbage', Buffer.from('ffffffff', 'hex')],
    ['a bomb', Buffer.from('849b7fffffffffffffff', 'hex')],
    ['too long', Buffer.concat([Buffer.from('845a00100000', 'hex'), Buffer.alloc(5000)])],
    ['nesting', Buffer.alloc(4000, 0x81)],
    ['bytes behind it', Buffer.from('8000', 'hex')],
  ] as const) {
    const peer = await hostile(t)
    const c = await peer.dial(node)
    t.equal(await peer.ask(c, HELLO_PROTOCOL, bytes), undefined, name)
    await until(() => node.view.connectedness(peer.id) === 0, 3000, `the end after ${name}`)
  }

  for (let i = 0; i < 10; i++) await friend.hello(good, chain.genesis, chain.head.cids)
  let heard = 0
  node.events.on('hello', () => heard++)
  for (let i = 0; i < 20; i++) await friend.hello(good, chain.genesis, chain.head.cids)
  t.ok(heard <= 4, `${heard} of 20 more hellos were heard`)
  await stillServes(t, node, chain)
})

t.test('chain exchange: bombs and long requests get no answer, cost nothing', async (t) => {
  const at = await target(t)
  if (at === undefined) return
  const { node, chain } = at
  const peer = await hostile(t)
  const connection = await peer.dial(node)
  const growth = await heapGrowth(async () => {
    for (const bytes of [
      Buffer.from('839b00000000ffffffff', 'hex'),
      Buffer.concat([Buffer.from('8399ffff', 'hex'), Buffer.alloc(3000, 0xf6)]),
      Buffer.concat([Buffer.from('835a3b9aca00', 'hex'), Buffer.alloc(3000)]),
      Buffer.alloc(4000, 0x81),
      Buffer.alloc(100_000, 0x01),
      Buffer.from('a1', 'hex'),
    ]) {
      const started = performance.now()
      t.equal(await peer.ask(connection, CHAIN_EXCHANGE_PROTOCOL, bytes, 2000), undefined)
      t.ok(performance.now() - started < 1500)
    }
    // 50 MiB of padding behind an open array: cut off at 4 KiB.
    const stream = await connection.newStream(CHAIN_EXCHANGE_PROTOCOL)
    const chunk = Buffer.alloc(64 * 1024, 0x01)
    try {
      for (let i = 0; i < 800; i++) if (!stream.send(chunk)) await stream.onDrain({ signal: AbortSignal.timeout(2000) })
    } catch {
      // Cut off.
    }
    t.ok(isReset(stream))
  })
  t.ok(growth < 60 * MIB, `${Math.round(growth / MIB)} MiB`)
  t.equal(node.exchangeServer.active, 0)
  await stillServes(t, node, chain)
})

t.test('chain exchange: a flood of requests is worked on four at a time, with "go away" for the rest', async (t) => {
  // Whoever does not find room at once is soon turned away.
  const at = await target(t, { exchangeServer: { maxWaitMs: 1 } })
  if (at === undefined) return
  const { node, chain } = at
  const request = encode(exchangeRequest, { head: [...chain.head.cids], length: 900n, options: 3n })
  const peers = await Promise.all(Array.from({ length: 12 }, () => hostile(t)))
  const connections = await Promise.all(peers.map((p) => p.dial(node)))
  let most = 0
  const watch = setInterval(() => {
    most = Math.max(most, node.exchangeServer.active)
  }, 1)
  const statuses = new Map<string, number>()
  const one = async (peer: HostilePeer, connection: Connection): Promise<void> => {
    const answer = await peer.ask(connection, CHAIN_EXCHANGE_PROTOCOL, request, 30_000).catch(() => undefined)
    const status = answer === undefined ? 'reset' : `${decode(exchangeResponse, answer).status}`
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
  }
  await Promise.all(peers.flatMap((p, i) => Array.from({ length: 6 }, () => one(p, connections[i]!))))
  clearInterval(watch)
  t.comment(JSON.stringify([...statuses]), `at most ${most} at a time`)
  t.ok(most <= 32, 'no more than 32 at a time')
  t.ok((statuses.get('202') ?? 0) > 0, 'some were told to go away')
  t.ok((statuses.get('101') ?? 0) >= 32, 'as many were answered as are worked on at a time')
  // The peers have their answers before the server has closed its last streams.
  await until(() => node.exchangeServer.active === 0, 3000, 'the end of the requests')
  await stillServes(t, node, chain)
})

t.test('chain exchange: peers that answer a byte at a time, without end, or not at all are given up on', async (t) => {
  const at = await target(t)
  if (at === undefined) return
  const { node, chain } = at
  const client = new ExchangeClient({ host: node.host }, { readTimeoutMs: 200, writeTimeoutMs: 200, maxAnswerBytes: 4 * MIB })
  const ask = async (peer: HostilePeer): Promise<{ message: string; ms: number }> => {
    await peer.dial(node)
    await until(() => node.view.connectedness(peer.id) === 1)
    const started = performance.now()
    const error = await client.headers(chain.head.key, 10, { peer: peer.id }).then(
      () => new Error('it should have failed'),
      (e: Error) => e,
    )
    return { message: error.message, ms: performance.now() - started }
  }
  const drip = await hostile(t)
  await drip.serve(CHAIN_EXCHANGE_PROTOCOL, async (stream) => {
    stream.send(Buffer.from('830060990384', 'hex'))
    while (!isReset(stream)) {
      stream.send(Buffer.of(0x82))
      await sleep(20)
    }
  })
  const slow = await ask(drip)
  t.match(slow.message, /in time/)
  t.ok(slow.ms < 2000, 'one byte at a time does not buy time')

  const mute = await hostile(t)
  await mute.serve(CHAIN_EXCHANGE_PROTOCOL, async () => {})
  t.match((await ask(mute)).message, /in time/)

  const endless = await hostile(t)
  await endless.serve(CHAIN_EXCHANGE_PROTOCOL, async (stream) => {
    stream.send(Buffer.from('83005a7fffffff', 'hex'))
  })
  t.match((await ask(endless)).message, /longer than the limit/, 'a string of 2 GiB is refused at its head')

  const padded = await hostile(t)
  await padded.serve(CHAIN_EXCHANGE_PROTOCOL, async (stream) => {
    stream.send(Buffer.from('83006098c8', 'hex'))
    const chunk = Buffer.concat(
      Array.from({ length: 64 }, () => Buffer.concat([Buffer.from('590400', 'hex'), Buffer.alloc(1024)])),
    )
    for (let i = 0; i < 1000; i++) if (!stream.send(chunk)) await stream.onDrain({ signal: AbortSignal.timeout(5000) })
  })
  const growth = await heapGrowth(async () => {
    const { message } = await ask(padded)
    t.match(message, /not|expected|longer|follow/)
  })
  t.ok(growth < 40 * MIB, `${Math.round(growth / MIB)} MiB`)
  await stillServes(t, node, chain)
})
