// What chain exchange may cost, with the attacker in another process: rows S3 and S4 of the requirements' table of attacks.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection, Stream } from '@libp2p/interface'
import t from 'tap'
import { decode, encode } from '../../../src/codec/codec.ts'
import { configureLogging } from '../../../src/lib/log.ts'
import {
  CHAIN_EXCHANGE_PROTOCOL,
  type CompactedMessages,
  exchangeRequest,
  exchangeResponse,
} from '../../../src/types/wire/chain-exchange.ts'
import { attacks } from '../../kit/attacks.ts'
import { compactMessages } from '../../kit/compact-messages.ts'
import { figure } from '../../kit/figures.ts'
import { HostilePeer, hostile, isReset } from '../../kit/hostile-peer.ts'
import { readChain, until } from '../../kit/net-pair.ts'
import { sharedData } from '../../kit/shared-data.ts'
import { random } from '../../kit/sync-bed.ts'
import { TargetProcess } from '../../kit/target-process.ts'

configureLogging({ level: 'fatal' })
t.setTimeout(figure(1_800_000, 240_000))

const MIB = 1 << 20

/** Writes until the other side has had enough. */
async function pour(stream: Stream, chunks: Iterable<Uint8Array>): Promise<void> {
  for (const chunk of chunks) if (!stream.send(chunk)) await stream.onDrain({ signal: AbortSignal.timeout(60_000) })
}

t.test('answers of hostile servers: bounded in bytes and time, and held against them', async (t) => {
  const target = await TargetProcess.start(t)
  const folder = sharedData(t, 'chains', 'lotus-devnet-proofs')
  if (target === undefined || folder === undefined) return
  const { head, reader, genesis } = readChain(folder)
  const tipsets = [head, reader.parent(head)]
  const valid = (change: (m: CompactedMessages) => CompactedMessages = (m) => m): Uint8Array =>
    encode(exchangeResponse, {
      status: 0,
      errorMessage: '',
      chain: tipsets.map((x) => ({
        blocks: [...x.blocks],
        messages: change(compactMessages(x.blocks.map((b) => reader.messages(b)))),
      })),
    })

  /** Lets the node ask a new peer that answers with `serve`. */
  const asked = async (
    what: string,
    serve: (stream: Stream) => Promise<void>,
    limitMs: number,
    offence: 'none' | 'slow' | 'wrong' = 'wrong',
  ): Promise<void> => {
    const peer = await HostilePeer.start({ listen: false })
    await peer.serve(CHAIN_EXCHANGE_PROTOCOL, serve)
    await peer.dialTo(target.addrs)
    await until(async () => (await target.peer(peer.id)).connected)
    const before = await target.measure()
    target.peakRss()
    const { error, ms } = await target.fetch(peer.id)
    const peak = target.peakRss()
    const after = await target.measure()
    const { points, blocked } = await target.peer(peer.id)
    if (offence !== 'none') t.not(error, '', `${what} is not taken`)
    t.ok(ms < limitMs, `${what}: given up after ${ms.toFixed(0)} ms`)
    const read = after.exchangeBytesIn - before.exchangeBytesIn
    // The limit, and what the stream had taken in when it was reached.
    t.ok(read <= (120 + 4) * MIB, `${what}: ${(read / MIB).toFixed(1)} MiB read`)
    if (offence === 'wrong') t.ok(points >= 99 || blocked, `${what}: held against it (${points.toFixed(0)} points)`)
    t.comment(
      `${what}: ${(read / MIB).toFixed(1)} MiB read in ${(ms / 1000).toFixed(1)} s, memory at most ${((peak - before.rssBytes) / MIB).toFixed(0)} MiB more: ` +
        error.slice(0, 120),
    )
    await peer.stop()
  }
  const bytes = (data: Uint8Array) => async (stream: Stream) => {
    await pour(stream, [data])
  }

  t.ok(decode(exchangeResponse, valid()), 'the kit makes a valid answer')
  // Behind an answer, and inside of one that never ends.
  for (const mib of [10, 50, 200].slice(0, figure(3, 1))) {
    await asked(
      `${mib} MiB behind the answer`,
      (s) =>
        pour(
          s,
          (function* () {
            yield valid()
            for (let i = 0; i < mib * 16; i++) yield Buffer.alloc(MIB / 16, 0x5a)
          })(),
        ),
      70_000,
      'none',
    )
    const piece = Buffer.concat(
      Array.from({ length: 64 }, () => Buffer.concat([Buffer.from('590400', 'hex'), Buffer.alloc(1024)])),
    )
    await asked(
      `${mib} MiB inside the answer`,
      (s) =>
        pour(
          s,
          (function* () {
            yield Buffer.from('8300609a0003ffff', 'hex')
            for (let i = 0; i < mib * 16; i++) yield piece
          })(),
        ),
      70_000,
      mib > 120 ? 'wrong' : 'slow',
    )
  }
  await asked('a string of 2 GiB', bytes(Buffer.from('83005a7fffffff', 'hex')), 15_000)

  const index =
    (n: bigint) =>
    (m: CompactedMessages): CompactedMessages => ({ ...m, blsIncludes: m.blsIncludes.map(() => [n]) })
  const bad: [string, Uint8Array][] = [
    ['index 2^53', valid(index(1n << 53n))],
    ['index 2^63', valid(index(1n << 63n))],
    ['index 2^64-1', valid(index((1n << 64n) - 1n))],
    [
      'index -1',
      Buffer.from(
        Buffer.from(valid(index(23n)))
          .toString('hex')
          .replaceAll('818117', '818120'),
        'hex',
      ),
    ],
    ['too few lists of indices', valid((m) => ({ ...m, blsIncludes: [] }))],
    ['no chain', Buffer.from('830060f6', 'hex')],
    ['no tipsets', Buffer.from('83006080', 'hex')],
    ['no blocks', Buffer.from('83006082 8280f6 8280f6'.replaceAll(' ', ''), 'hex')],
    [
      'a block twice',
      encode(exchangeResponse, {
        status: 0,
        errorMessage: '',
        chain: tipsets.map((x) => ({ blocks: [...x.blocks, ...x.blocks], messages: null })),
      }),
    ],
    [
      'a tipset twice',
      encode(exchangeResponse, {
        status: 0,
        errorMessage: '',
        chain: [head, head].map((x) => ({ blocks: [...x.blocks], messages: null })),
      }),
    ],
  ]
  for (const [what, answer] of bad) await asked(what, bytes(answer), 15_000)
  const scene = { parents: head.cids.map((c) => c.bytes), height: head.height, genesis: genesis.bytes, pick: random(5) }
  for (const attack of attacks) {
    if (attack.on !== 'answer' || attack.name.includes('padding')) continue
    const { answer } = attack.make(scene)
    await asked(attack.name, bytes(answer), 15_000)
  }

  // A byte a second buys no time; enough bytes to be served buy a minute and no more.
  await asked(
    'a byte a second',
    async (s) => {
      s.send(Buffer.from('830060990384', 'hex'))
      while (!isReset(s)) {
        s.send(Buffer.of(0x82))
        await sleep(1000)
      }
    },
    30_000,
    'slow',
  )
  if (figure(1, 0) === 1)
    await asked(
      '60 KiB a second without end',
      async (s) => {
        s.send(Buffer.from('8300609a0003ffff', 'hex'))
        const piece = Buffer.concat([Buffer.from('59efff', 'hex'), Buffer.alloc(0xefff)])
        while (!isReset(s)) {
          s.send(piece)
          await sleep(900)
        }
      },
      75_000,
      'slow',
    )
  t.equal(target.ended, undefined)
})

t.test('32 peers with 100 requests of 900 tipsets each: 32 at a time, 4 of one peer, and "go away" for the rest', async (t) => {
  // Patience of a kind that some lose it.
  const target = await TargetProcess.start(t, { exchangeServer: { maxWaitMs: 20 } })
  const folder = sharedData(t, 'chains', 'lotus-devnet-proofs')
  if (target === undefined || folder === undefined) return
  const { head } = readChain(folder)
  const request = encode(exchangeRequest, { head: [...head.cids], length: 900n, options: 3n })
  const statuses = new Map<string, number>()
  const flood = async (peers: number, requests: number): Promise<number> => {
    const all = await Promise.all(Array.from({ length: peers }, () => hostile(t)))
    // One after the other and again: a handshake may take longer on a busy machine than a node waits for it.
    const connections: Connection[] = []
    for (const p of all)
      await until(async () => {
        const connection = await p.dialTo(target.addrs).catch(() => undefined)
        if (connection !== undefined) connections.push(connection)
        return connection !== undefined
      }, 10_000)
    await target.measure()
    await Promise.all(
      all.map(async (peer, i) => {
        let left = requests
        // As many at a time as the protocol lets in, one after the other without a pause.
        await Promise.all(
          Array.from({ length: 12 }, async () => {
            while (left-- > 0) {
              const answer = await peer.ask(connections[i]!, CHAIN_EXCHANGE_PROTOCOL, request, 120_000).catch(() => undefined)
              // Status is the first item of the tuple.
              const status = answer === undefined ? 'reset' : answer[1] === 0x18 ? String(answer[2]) : String(answer[1])
              statuses.set(status, (statuses.get(status) ?? 0) + 1)
            }
          }),
        )
      }),
    )
    const { mostActive } = await target.measure()
    await Promise.all(all.map((p) => p.stop()))
    return mostActive
  }
  const one = await flood(1, figure(100, 30))
  t.ok(one <= 4, `${one} of one peer at a time`)
  target.peakRss()
  const { rssBytes } = await target.measure()
  const started = performance.now()
  const most = await flood(32, figure(100, 4))
  const peak = target.peakRss()
  t.ok(most <= 32, `${most} at a time`)
  t.ok((statuses.get('202') ?? 0) > 0, 'some were told to go away')
  t.ok((statuses.get('101') ?? 0) > 0, 'others were answered')
  t.comment(
    `${JSON.stringify(Object.fromEntries(statuses))} in ${((performance.now() - started) / 1000).toFixed(0)} s, at most ${most} at a time and ${one} of one peer; ` +
      `memory at most ${((peak - rssBytes) / MIB).toFixed(0)} MiB more`,
  )
  await until(async () => (await target.measure()).streamsIn === 0, 20_000, 'the end of all streams')
  t.equal(target.ended, undefined)
})
