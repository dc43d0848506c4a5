// What gossip and the DHT may cost, with the attacker in another process: rows S5 and S6 of the requirements' table of attacks.

import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { encode } from '../../../src/codec/codec.ts'
import { configureLogging } from '../../../src/lib/log.ts'
import { ProtoWriter } from '../../../src/net/bitswap/protobuf.ts'
import { blockMsg } from '../../../src/types/block.ts'
import { figure, isFull } from '../../kit/figures.ts'
import { ihave, iwant, MESHSUB, message, prune, sendFrames, subscriptions } from '../../kit/gossip-frames.ts'
import { type HostilePeer, hostile } from '../../kit/hostile-peer.ts'
import { readChain, until } from '../../kit/net-pair.ts'
import { sharedData } from '../../kit/shared-data.ts'
import { TargetProcess } from '../../kit/target-process.ts'

configureLogging({ level: 'fatal' })
t.setTimeout(figure(1_800_000, 240_000))

const MIB = 1 << 20
/** Growth that one peer may cause. */
const PER_PEER = 10 * MIB
/** Work in one turn of the node's event loop, p99, ms. */
const BUSY_MS = 100

async function gossiper(
  t: Test,
  target: TargetProcess,
): Promise<{ peer: HostilePeer; stream: Awaited<ReturnType<typeof open>> }> {
  const peer = await hostile(t)
  await peer.serve(MESHSUB, async () => {})
  return { peer, stream: await open(peer, target) }
}

async function open(peer: HostilePeer, target: TargetProcess) {
  return (await peer.dialTo(target.addrs)).newStream(MESHSUB)
}

/** The flood, and what it cost the node. */
async function flood(t: Test, target: TargetProcess, what: string, run: () => Promise<unknown>): Promise<void> {
  await target.measure()
  const before = await target.measure()
  await run()
  let after = await target.measure()
  const { busyP99Ms, lagP99Ms, lagMaxMs } = after
  t.ok(busyP99Ms <= BUSY_MS, `${what}: the event loop is free after ${busyP99Ms.toFixed(1)} ms (p99)`)
  // What is on its way through buffers is not kept.
  for (let i = 0; i < 50 && after.heapBytes - before.heapBytes > PER_PEER / 2; i++) {
    await sleep(200)
    after = await target.measure()
  }
  const growth = after.heapBytes - before.heapBytes
  t.ok(growth <= PER_PEER, `${what}: ${(growth / MIB).toFixed(1)} MiB kept`)
  t.comment(
    `${what}: ${(growth / MIB).toFixed(2)} MiB kept; work in a turn p99 ${busyP99Ms.toFixed(1)} ms; ` +
      `delay by the clock p99 ${lagP99Ms.toFixed(0)}, longest ${lagMaxMs.toFixed(0)} ms`,
  )
}

t.test('floods of gossip', async (t) => {
  const target = await TargetProcess.start(t, { checkEveryMs: 200 })
  if (target === undefined) return
  const topic = target.blocksTopic
  await sleep(500)

  const topics = figure(300_000, 60_000)
  await flood(t, target, `${topics} topics`, async () => {
    const { stream } = await gossiper(t, target)
    await sendFrames(
      stream,
      (function* () {
        for (let i = 0; i < topics / 100 / 2; i++) yield subscriptions(100, `a${i}.`)
        for (let i = 0; i < topics / 2 / 20_000; i++) yield subscriptions(20_000, `b${i}.`)
      })(),
    )
    await sleep(300)
  })
  t.ok((await target.measure()).topics <= 2, 'no foreign topic is kept')

  const frames = figure(100, 100)
  await flood(t, target, `IHAVE with 5,000 ids × ${frames}`, async () => {
    const { stream } = await gossiper(t, target)
    await sendFrames(
      stream,
      (function* () {
        for (let i = 0; i < frames; i++) yield ihave(topic, 5000, `h${i}`)
      })(),
    )
    await sleep(300)
  })
  await flood(t, target, `IWANT with 5,000 ids × ${frames}`, async () => {
    const { stream } = await gossiper(t, target)
    await sendFrames(
      stream,
      (function* () {
        for (let i = 0; i < frames; i++) yield iwant(5000, `w${i}`)
      })(),
    )
    await sleep(300)
  })
  await flood(t, target, 'PRUNE with a back-off of 2^63', async () => {
    const { stream } = await gossiper(t, target)
    await sendFrames(
      stream,
      [1n << 63n, (1n << 64n) - 1n, 1n << 53n, 0n].map((b) => prune(topic, b)),
    )
    await sleep(300)
  })

  const folder = sharedData(t, 'chains', 'lotus-devnet-proofs')
  if (folder === undefined) return
  const { head, reader } = readChain(folder)
  const { blsCids, secpCids } = reader.messageCids(head.first)
  const data = encode(blockMsg, { header: head.first, blsMessages: [...blsCids], secpkMessages: [...secpCids] })
  const copies = figure(50_000, 5000)
  await flood(t, target, `${copies} copies of a message`, async () => {
    // A stream whose data is not read as fast as it comes is reset after 4 MiB: then the peer comes again.
    let streams = 0
    for (let sent = 0; sent < copies; streams++) {
      const { peer, stream } = await gossiper(t, target)
      const one = await message(peer, topic, data, 1)
      const rest = copies - sent
      sent += await sendFrames(
        stream,
        (function* () {
          for (let i = 0; i < rest; i++) yield one
        })(),
      )
      if (streams > 1000) throw new Error('the node takes no more')
    }
    t.comment(`over ${streams} streams`)
    await until(async () => (await target.measure()).blocks === 1, 10_000, 'the block')
    await sleep(300)
  })
  t.equal((await target.measure()).blocks, 1, 'it was taken once')

  const forged = figure(50_000, 5000)
  let liar: HostilePeer | undefined
  await flood(t, target, `${forged} messages with invalid signatures`, async () => {
    const { peer, stream } = await gossiper(t, target)
    liar = peer
    const all: Uint8Array[] = []
    for (let i = 0; i < forged; i++) all.push(await message(peer, topic, Buffer.from(`block ${i}`), i, Buffer.alloc(64, i)))
    await sendFrames(stream, all)
    await until(async () => (await target.peer(peer.id)).blocked, 20_000, 'the end of patience')
  })
  const { blocked, connected } = await target.peer((liar as HostilePeer).id)
  t.ok(blocked && !connected, 'it is turned away')
  t.equal(target.ended, undefined)

  // An honest peer is heard after all of this.
  const { peer, stream } = await gossiper(t, target)
  const parent = reader.parent(head)
  const lists = reader.messageCids(parent.first)
  const other = encode(blockMsg, { header: parent.first, blsMessages: [...lists.blsCids], secpkMessages: [...lists.secpCids] })
  await sendFrames(stream, [await message(peer, topic, other, 7)])
  await until(async () => (await target.measure()).blocks === 2, 20_000, 'the next block')
})

t.test('the DHT: what is put into it is not kept', async (t) => {
  const keys = figure(100_000, 1000)
  const protocol = '/fil/kad/test/kad/1.0.0'
  const put = (i: number): Uint8Array => {
    const key = Buffer.from(`/pk/${i}-${'k'.repeat(40)}`)
    const record = new ProtoWriter()
    record.bytes(1, key)
    record.bytes(2, Buffer.alloc(256, i))
    const m = new ProtoWriter()
    m.bytes(2, key)
    m.bytes(3, record.finish())
    return m.finish()
  }
  const target = await TargetProcess.start(t, { dht: true, publicAddressesOnly: false })
  if (target === undefined) return
  const peer = await hostile(t)
  const connection = await peer.dialTo(target.addrs)
  await sleep(500)
  await target.measure()
  const before = await target.measure()
  // Each key over a stream of its own, 50 at a time: the node is no server, so none of them is let in.
  let refused = 0
  let next = 0
  const putAll = async (): Promise<void> => {
    while (next < keys) {
      const key = next++
      try {
        const stream = await connection.newStream(protocol, { maxOutboundStreams: 100_000 })
        await sendFrames(stream, [put(key)])
      } catch {
        refused++
      }
    }
  }
  await Promise.all(Array.from({ length: 50 }, putAll))
  t.equal(refused, keys, 'a client answers nobody')
  await sleep(500)
  let after = await target.measure()
  for (let i = 0; i < 25 && after.heapBytes - before.heapBytes > MIB; i++) {
    await sleep(200)
    after = await target.measure()
  }
  const growth = after.heapBytes - before.heapBytes
  t.comment(`${refused} keys; ${(growth / 1024).toFixed(0)} KiB more in memory`)
  // A connection and the streams' counters stay; of the values, 256 bytes each, not one.
  t.ok(growth < 2 * MIB, `${(growth / MIB).toFixed(2)} MiB`)
  t.equal(target.ended, undefined)
})

if (!isFull) t.comment('smaller floods; npm run soak has all of them')
