// A real daemon under every named attack while it follows its chain: row S1 of the requirements' table of attacks. It neither
// ends nor grows, and is where the honest peer is when all is over.

import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import t from 'tap'
import { encode } from '../../src/codec/codec.ts'
import { configureLogging } from '../../src/lib/log.ts'
import { readCbor, writeAll } from '../../src/net/stream.ts'
import { loadNetworkFile } from '../../src/networks/network-file.ts'
import { CHAIN_EXCHANGE_PROTOCOL, exchangeRequest } from '../../src/types/wire/chain-exchange.ts'
import { HELLO_PROTOCOL } from '../../src/types/wire/hello.ts'
import { type Attack, attacks } from '../kit/attacks.ts'
import { array, bytes, hex, link, uint } from '../kit/cbor-raw.ts'
import { type RunningDaemon, startDaemon, temporaryFolder } from '../kit/daemon.ts'
import { figure } from '../kit/figures.ts'
import { MESHSUB, message, sendFrames } from '../kit/gossip-frames.ts'
import { HostilePeer } from '../kit/hostile-peer.ts'
import { makeNode, readChain, until } from '../kit/net-pair.ts'
import { sharedData } from '../kit/shared-data.ts'
import { random } from '../kit/sync-bed.ts'
import { peakOf, resetPeak } from '../kit/target-process.ts'

configureLogging({ level: 'fatal' })
t.setTimeout(figure(3_600_000, 600_000))

const MB = 1_000_000
const ROUNDS = figure(3, 1)

/** Attacks on connections and streams, by the names of the same fuzzer. */
const libp2pAttacks: readonly [string, (addrs: readonly Multiaddr[], pick: (n: number) => number) => Promise<void>][] = [
  [
    'libp2p/all-rapid-connect-disconnect-cycles',
    async (addrs) => {
      for (let i = 0; i < figure(70, 10); i++)
        await once(async (peer) => {
          await peer.dialTo(addrs)
        })
    },
  ],
  ['libp2p/all-open-hundreds-of-idle-streams', (addrs) => streams(addrs, figure(500, 100), () => undefined)],
  [
    'libp2p/all-read-response-at-one-byte-per-second',
    (addrs) =>
      once(async (peer) => {
        const stream = await (await peer.dialTo(addrs)).newStream(CHAIN_EXCHANGE_PROTOCOL)
        stream.pause()
        await sleep(figure(30_000, 1000))
      }),
  ],
  [
    'libp2p/all-flood-with-many-peer-identities',
    async (addrs) => {
      await Promise.all(
        Array.from({ length: figure(100, 16) }, () =>
          once(async (peer) => {
            await peer.dialTo(addrs)
            await sleep(figure(5000, 500))
          }),
        ),
      )
    },
  ],
  [
    'libp2p/all-open-streams-with-partial-data-never-close',
    (addrs, pick) => streams(addrs, figure(60, 30), () => Uint8Array.from({ length: 1 + pick(32) }, () => pick(256))),
  ],
  [
    'libp2p/all-negotiate-with-invalid-protocol-ids',
    (addrs) =>
      once(async (peer) => {
        const connection = await peer.dialTo(addrs)
        for (const id of [
          '/fil/chain/xchg/99.99.99',
          '/fil/hello/99.0.0',
          '/a'.repeat(5000),
          '',
          '/\u0000\u00ff',
          '/fil/blocks/\u0000',
        ])
          await connection.newStream(id, { signal: AbortSignal.timeout(2000) }).catch(() => {})
      }),
  ],
]

/** Does something with a new peer; what becomes of it is of no interest. */
async function once(run: (peer: HostilePeer) => Promise<void>): Promise<void> {
  const peer = await HostilePeer.start({ listen: false })
  try {
    await run(peer)
  } catch {
    // Turned away.
  } finally {
    await peer.stop()
  }
}

function streams(addrs: readonly Multiaddr[], count: number, data: () => Uint8Array | undefined): Promise<void> {
  return once(async (peer) => {
    const connection = await peer.dialTo(addrs)
    for (let i = 0; i < count; i++) {
      const stream = await connection.newStream(CHAIN_EXCHANGE_PROTOCOL, {
        maxOutboundStreams: 1000,
        signal: AbortSignal.timeout(2000),
      })
      const first = data()
      if (first !== undefined) stream.send(first)
    }
  })
}

t.test('every named attack on a daemon that follows its chain', async (t) => {
  const folder = sharedData(t, 'chains', 'lotus-devnet-proofs')
  if (folder === undefined) return
  const { p2pName } = await loadNetworkFile(join(folder, 'network.json'))
  const chain = readChain(folder)
  const way = [chain.head]
  while ((way[0] as typeof chain.head).height > 700) way.unshift(chain.reader.parent(way[0] as typeof chain.head))
  const daemon = await startDaemon(t, {
    repo: join(temporaryFolder(t), 'repo'),
    chain: folder,
    args: ['--import-snapshot', join(folder, 'snapshot.car.zst')],
  })
  const { pid } = daemon.process
  const [start] = way as [typeof chain.head]
  t.notOk((await daemon.call('ChainSetHead', [start.cids.map((c) => ({ '/': c.toString() }))])).error)
  const { ID, Addrs } = (await daemon.call('NetAddrsListen')).result as { ID: string; Addrs: string[] }
  const addrs = Addrs.map((a) => multiaddr(`${a}/p2p/${ID}`))

  let next = 1
  const honest = await makeNode({ ...chain, head: start }, {}, { p2pName })
  t.teardown(() => honest.stop())
  await honest.start()
  await honest.view.connect({ id: ID, addrs: Addrs })
  await until(() => honest.pubsub.subscribers(honest.pubsub.blocksTopic).length === 1, 20_000, 'the subscription')
  const height = async (d: RunningDaemon): Promise<number> => ((await d.call('ChainHead')).result as { Height: number }).Height
  const publish = async (count: number): Promise<void> => {
    for (const tipset of way.slice(next, next + count))
      for (const header of tipset.blocks) {
        const { blsCids, secpCids } = chain.reader.messageCids(header)
        await honest.pubsub.publishBlock({ header, blsMessages: [...blsCids], secpkMessages: [...secpCids] })
      }
    next += count
  }
  const isAt = async (index: number): Promise<boolean> =>
    (await height(daemon)) >= (way[Math.min(index, way.length - 1)] as typeof chain.head).height
  // The first block has the actors compiled: their memory is the engine's own.
  await publish(3)
  await until(() => isAt(next - 1), 60_000, 'the first blocks')
  await sleep(2000)
  const latency = async (run: Promise<unknown>): Promise<number[]> => {
    const times: number[] = []
    let done = false
    const end = run.then(() => {
      done = true
    })
    while (!done) {
      const from = performance.now()
      await daemon.call('ChainHead')
      times.push(performance.now() - from)
      await sleep(20)
    }
    await end
    return times.sort((a, b) => a - b)
  }
  const p99 = (times: readonly number[]): number => times[Math.floor(times.length * 0.99)] ?? Number.NaN
  const idle = await latency(sleep(figure(10_000, 2000)))
  resetPeak(pid)
  const baseline = peakOf(pid)

  const pick = random(20_261_124)
  const scene = () => ({
    parents: (way[next - 1] as typeof chain.head).cids.map((c) => c.bytes),
    height: (way[next - 1] as typeof chain.head).height,
    genesis: chain.genesis.bytes,
    pick,
  })
  const run = (attack: Attack): Promise<void> =>
    once(async (peer) => {
      if (attack.on === 'blocks' || attack.on === 'msgs') {
        await peer.serve(MESHSUB, async () => {})
        const stream = await (await peer.dialTo(addrs)).newStream(MESHSUB)
        const frames: Uint8Array[] = []
        for (let i = 0; i < 3; i++) frames.push(await message(peer, `/fil/${attack.on}/${p2pName}`, attack.make(scene()), i))
        await sendFrames(stream, frames)
        await sleep(50)
      } else if (attack.on === 'answer') {
        const { claimed, answer } = attack.make(scene())
        let asked = false
        await peer.serve(CHAIN_EXCHANGE_PROTOCOL, async (stream) => {
          await readCbor(stream, { maxBytes: 1 << 20, timeoutMs: 5000 })
          asked = true
          await writeAll(stream, answer, { timeoutMs: 30_000 })
        })
        const connection = await peer.dialTo(addrs)
        // It must be known for a peer that speaks the protocol before it can be asked.
        await sleep(50)
        const weight = bytes(hex('00ffffffffff'))
        await peer.ask(
          connection,
          HELLO_PROTOCOL,
          array(array(link(claimed)), uint(scene().height + 1), weight, link(chain.genesis.bytes)),
          5000,
        )
        for (let i = 0; i < 40 && !asked; i++) await sleep(50)
        await sleep(100)
      } else {
        const connection = await peer.dialTo(addrs)
        await peer.ask(connection, attack.on === 'hello' ? HELLO_PROTOCOL : CHAIN_EXCHANGE_PROTOCOL, attack.make(scene()), 5000)
      }
    })
  const named = attacks.filter((a) => !a.name.includes('200mb'))
  let done = 0
  const total = ROUNDS * (named.length + libp2pAttacks.length)
  const under = await latency(
    (async () => {
      for (let round = 0; round < ROUNDS; round++) {
        for (const attack of [
          ...named.map((a) => () => run(a)),
          ...libp2pAttacks.map(
            ([, f]) =>
              () =>
                f(addrs, pick),
          ),
        ]) {
          await attack()
          done++
          // The chain grows all the while.
          const due = 3 + Math.floor(((way.length - 4) * done) / total)
          if (due >= next) await publish(due - next + 1)
        }
      }
    })(),
  )
  await publish(way.length - next)
  await until(async () => (await height(daemon)) === chain.head.height, 60_000, 'the honest head')
  const head = (await daemon.call('ChainHead')).result as { Cids: { '/': string }[] }
  t.same(
    head.Cids.map((c) => c['/']),
    chain.head.cids.map(String),
    'it is where the honest peer is',
  )
  const peak = peakOf(pid)
  t.ok(peak - baseline <= 150 * MB, `memory at most ${((peak - baseline) / MB).toFixed(0)} MB more than before`)
  t.equal(daemon.process.ended, undefined)
  t.notMatch(daemon.process.stderr, /uncaught|unhandled/i)
  for (const line of daemon.process.stderr.split('\n')) if (line.includes('ERROR')) t.comment(line)

  // Chain exchange under a flood, and the API beside it.
  const request = encode(exchangeRequest, { head: [...chain.head.cids], length: 900n, options: 3n })
  const flooded = await latency(
    Promise.all(
      Array.from({ length: 32 }, () =>
        once(async (peer) => {
          const connection = await peer.dialTo(addrs)
          for (let i = 0; i < figure(100, 3); i++) await peer.ask(connection, CHAIN_EXCHANGE_PROTOCOL, request, 60_000)
        }),
      ),
    ),
  )
  t.equal(await height(daemon), chain.head.height)
  t.comment(
    `${done} attacks; memory at most ${((peak - baseline) / MB).toFixed(0)} MB more; ChainHead p99 idle ${p99(idle).toFixed(1)} ms, ` +
      `under attack ${p99(under).toFixed(1)} ms, while 32 peers ask for 900 tipsets ${p99(flooded).toFixed(1)} ms (peers in the same thread as the caller)`,
  )
  t.same(await daemon.process.stop(), { code: 0, signal: null })
})
