// What connections and streams may cost, with the attacker in another process: row S7 of the requirements' table of attacks.

import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { configureLogging } from '../../../src/lib/log.ts'
import { CHAIN_EXCHANGE_PROTOCOL } from '../../../src/types/wire/chain-exchange.ts'
import { figure } from '../../kit/figures.ts'
import { HostilePeer, hostile } from '../../kit/hostile-peer.ts'
import { until } from '../../kit/net-pair.ts'
import { TargetProcess } from '../../kit/target-process.ts'

configureLogging({ level: 'fatal' })
t.setTimeout(figure(3_600_000, 240_000))

t.test('churn, half-open and idle streams, many identities: everything is given back, and others get in', async (t) => {
  const target = await TargetProcess.start(t, { inboundPerSecond: 10_000 })
  if (target === undefined) return
  await sleep(500)
  const baseline = target.fds()
  /** An honest peer gets in. @returns ms until it was */
  const getsIn = async (): Promise<number> => {
    const started = performance.now()
    for (;;) {
      const peer = await HostilePeer.start({ listen: false })
      try {
        await peer.dialTo(target.addrs)
        await sleep(50)
        if ((await target.peer(peer.id)).connected) return performance.now() - started
      } catch {
        // Not yet.
      } finally {
        await peer.stop()
      }
      if (performance.now() - started > 120_000) throw new Error('nobody gets in any more')
    }
  }
  const idle = await getsIn()
  const settled = async (what: string): Promise<void> => {
    const since = performance.now()
    const recovery = await getsIn()
    t.ok(recovery <= 10_000 + 4 * idle, `${what}: others get in after ${recovery.toFixed(0)} ms`)
    await until(async () => (await target.measure()).connections === 0, 20_000, `the end of connections after ${what}`)
    await until(() => Math.abs(target.fds() - baseline) <= 10, 20_000, `all descriptors closed after ${what}`)
    const { streamsIn, heapBytes } = await target.measure()
    t.equal(streamsIn, 0, `${what}: no stream is left`)
    t.comment(
      `${what}: descriptors ${baseline} before, ${target.fds()} after ${((performance.now() - since) / 1000).toFixed(1)} s; ` +
        `others get in after ${recovery.toFixed(0)} ms (idle ${idle.toFixed(0)}); heap ${(heapBytes / 2 ** 20).toFixed(0)} MiB`,
    )
  }

  const rounds = figure(5000, 100)
  const churners = await Promise.all(Array.from({ length: 8 }, () => hostile(t)))
  let dialled = 0
  await Promise.all(
    churners.map(async (peer) => {
      while (dialled++ < rounds) {
        const connection = await peer.dialTo(target.addrs).catch(() => undefined)
        if (dialled % 2 === 0) connection?.abort(new Error('gone'))
        else await connection?.close().catch(() => {})
      }
    }),
  )
  await settled(`${rounds} connects and disconnects`)

  const open = async (count: number, data: Uint8Array | undefined): Promise<void> => {
    const peers: HostilePeer[] = []
    let opened = 0
    while (opened < count) {
      const peer = await HostilePeer.start({ listen: false })
      peers.push(peer)
      const connection = await peer.dialTo(target.addrs)
      for (let i = 0; i < 100 && opened < count; i++, opened++) {
        const stream = await connection
          .newStream(CHAIN_EXCHANGE_PROTOCOL, { maxOutboundStreams: 100_000, signal: AbortSignal.timeout(5000) })
          .catch(() => undefined)
        try {
          if (data !== undefined) stream?.send(data)
        } catch {
          // The node has closed it already.
        }
      }
    }
    const { streamsIn } = await target.measure()
    // Of one peer no more than 24 are let in; a few of other protocols stand beside them.
    t.ok(streamsIn <= peers.length * 28, `${streamsIn} of ${count} streams are open at the node`)
    await Promise.all(peers.map((p) => p.stop()))
  }
  const halfOpen = figure(1000, 200)
  await open(halfOpen, Buffer.from('8381', 'hex'))
  await settled(`${halfOpen} half-open streams`)
  const idleStreams = 300
  await open(idleStreams, undefined)
  await settled(`${idleStreams} idle streams`)

  const identities = figure(2000, 64)
  for (let i = 0; i < identities; i += 64) {
    const peers = await Promise.all(
      Array.from({ length: Math.min(64, identities - i) }, () => HostilePeer.start({ listen: false })),
    )
    await Promise.all(peers.map((p) => p.dialTo(target.addrs).catch(() => {})))
    const { connections } = await target.measure()
    t.ok(connections <= 270, `${connections} connections at most`)
    await Promise.all(peers.map((p) => p.stop()))
  }
  await settled(`${identities} identities from one address`)
  t.equal(target.ended, undefined)
})

t.test(
  'as a node is set up by default, one address that dials without end is slowed down and does not keep others out',
  async (t) => {
    const target = await TargetProcess.start(t, { inboundPerSecond: 10 })
    if (target === undefined) return
    await sleep(300)
    const baseline = target.fds()
    const stop = performance.now() + figure(30_000, 3000)
    const peers = await Promise.all(Array.from({ length: 16 }, () => hostile(t)))
    let dials = 0
    await Promise.all(
      peers.map(async (peer) => {
        while (performance.now() < stop) {
          dials++
          const c = await peer.dialTo(target.addrs).catch(() => undefined)
          c?.abort(new Error('gone'))
        }
      }),
    )
    const since = performance.now()
    const honest = await hostile(t)
    await until(
      async () => {
        await honest.dialTo(target.addrs).catch(() => {})
        await sleep(100)
        return (await target.peer(honest.id)).connected
      },
      10_000,
      'a connection of an honest peer',
    )
    t.comment(`${dials} dials; an honest peer gets in after ${(performance.now() - since).toFixed(0)} ms`)
    await until(() => Math.abs(target.fds() - baseline) <= 10, 10_000, 'the end of descriptors')
  },
)
