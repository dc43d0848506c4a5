import t, { type Test } from 'tap'
import { configureLogging } from '../../../src/lib/log.ts'
import { FrameSplitter } from '../../../src/net/bitswap/frames.ts'
import {
  BITSWAP_PROTOCOLS,
  type BitswapMessage,
  decodeMessage,
  emptyMessage,
  encodeMessage,
  MAX_WANTS,
} from '../../../src/net/bitswap/message.ts'
import { uvarint } from '../../../src/net/bitswap/protobuf.ts'
import { MemoryBlockstore } from '../../../src/store/blockstore.ts'
import { CID, cidKey, cidOf } from '../../../src/types/cid.ts'
import { HostilePeer } from '../../kit/hostile-peer.ts'
import { connect, type LotusWireChain, makeNode, readChain, until } from '../../kit/net-pair.ts'
import { sharedData } from '../../kit/shared-data.ts'

configureLogging({ level: 'fatal' })

let loaded: LotusWireChain | undefined
function chainOf(t: Test): LotusWireChain | undefined {
  const folder = sharedData(t, 'chains', 'lotus-devnet-proofs')
  if (folder === undefined) return undefined
  loaded ??= readChain(folder)
  return loaded
}

/** CIDs of messages of the chain, newest first. */
function messageCids(chain: LotusWireChain, count: number): CID[] {
  const out = new Map<string, CID>()
  for (let x = chain.head; out.size < count && x.height > 0; x = chain.reader.parent(x)) {
    for (const b of x.blocks) {
      const { blsCids, secpCids } = chain.reader.messageCids(b)
      for (const c of [...blsCids, ...secpCids]) if (out.size < count) out.set(cidKey(c), c)
    }
  }
  return [...out.values()]
}

const block = (text: string): { cid: CID; data: Uint8Array } => {
  const data = new TextEncoder().encode(`x${text}`)
  return { cid: cidOf(data), data }
}
const framed = (bytes: Uint8Array): Uint8Array => Buffer.concat([uvarint(bytes.length), bytes])

t.test('messages: the bytes that boxo writes, and back', (t) => {
  const { cid, data } = block('a')
  const message: BitswapMessage = {
    wants: [
      { cid, cancel: false, have: false, sendDontHave: true },
      { cid, cancel: true, have: true, sendDontHave: false },
    ],
    full: true,
    blocks: [{ cid, data }],
    have: [cid],
    dontHave: [cid],
  }
  t.same(decodeMessage(encodeMessage(message)), message)
  // By the schema of the specification: wantlist{entry{block, priority 1, sendDontHave}}.
  const c = Buffer.from(cid.bytes).toString('hex')
  const want = encodeMessage({ ...emptyMessage, wants: [{ cid, cancel: false, have: false, sendDontHave: true }] })
  t.equal(Buffer.from(want).toString('hex'), `0a2e0a2c0a26${c}10012801`)
  // An unknown field and an unknown enum are passed over, as protobuf wants.
  t.same(
    decodeMessage(Buffer.from(`${Buffer.from(want).toString('hex')}2805${'b201'}0161`, 'hex')).wants,
    decodeMessage(want).wants,
  )
  t.end()
})

t.test('messages that cannot be read are refused', (t) => {
  const { cid } = block('a')
  const bad: Record<string, Uint8Array> = {
    'ends early': Buffer.from('0a05', 'hex'),
    'an endless integer': Buffer.alloc(20, 0xff),
    'a length of 2^60': Buffer.from('0affffffffffffffff0f', 'hex'),
    'a group': Buffer.from('0b', 'hex'),
    'a want without a block': Buffer.from('0a020a00', 'hex'),
    'a CID that is none': Buffer.from('0a070a050a03ffffff', 'hex'),
    'a long CID': encodeMessage({ ...emptyMessage, have: [{ bytes: new Uint8Array(169) } as CID] }),
    'too many wants': encodeMessage({
      ...emptyMessage,
      wants: Array(MAX_WANTS + 1).fill({ cid, cancel: false, have: false, sendDontHave: false }),
    }),
    'too many presences': encodeMessage({ ...emptyMessage, have: Array(8193).fill(cid) }),
  }
  for (const [name, bytes] of Object.entries(bad))
    t.throws(() => decodeMessage(bytes), { code: /NET_(PROTOCOL|TOO_LARGE)/ as never }, name)
  // A block under a hash function that the chain does not use is not hashed at all.
  const sha = Buffer.concat([Buffer.from('1a0d0a0401711220', 'hex'), Buffer.from('1205', 'hex'), Buffer.from('hello')])
  t.same(decodeMessage(sha).blocks, [])
  t.end()
})

t.test('frames are cut from any flow of bytes', (t) => {
  const frames = [new Uint8Array(0), new Uint8Array([1]), new Uint8Array(300).fill(2), new Uint8Array(70_000).fill(3)]
  const all = Buffer.concat(frames.map(framed))
  for (const step of [1, 2, 7, 1000, all.length]) {
    const splitter = new FrameSplitter(100_000)
    const out: Uint8Array[] = []
    for (let at = 0; at < all.length; at += step) out.push(...splitter.push(all.subarray(at, at + step)))
    t.same(
      out.map((f) => f.length),
      frames.map((f) => f.length),
      `pieces of ${step}`,
    )
    t.equal(splitter.isInside, false)
  }
  t.throws(() => new FrameSplitter(100).push(framed(new Uint8Array(101))), { code: 'NET_TOO_LARGE' })
  t.throws(() => new FrameSplitter(100).push(Buffer.alloc(6, 0x80)), { code: 'NET_TOO_LARGE' })
  t.end()
})

t.test('a node fetches what it lacks from one that has it', async (t) => {
  const chain = chainOf(t)
  if (chain === undefined) return
  const full = await makeNode(chain)
  const poor = await makeNode(chain, { blocks: { get: () => undefined } })
  const empty = await makeNode(chain, { blocks: { get: () => undefined } }, { bitswap: { nextPeerMs: 60_000 } })
  t.teardown(() => Promise.all([full.stop(), poor.stop(), empty.stop()]))
  await Promise.all([full.start(), poor.start(), empty.start()])
  await connect(empty, poor)
  await connect(empty, full)
  await until(() => empty.bitswap.peers.length === 2)
  const cids = messageCids(chain, 700)
  const started = performance.now()
  const got = await empty.bitswap.fetch(cids, { prefer: [full.peerId] })
  t.comment(`${cids.length} messages in ${Math.round(performance.now() - started)} ms`)
  t.equal(got.size, cids.length)
  for (const c of cids) if (Buffer.compare(got.get(cidKey(c))!, chain.store.get(c)!) !== 0) t.fail(`${c} has other bytes`)

  const one = messageCids(chain, 1)
  const again = performance.now()
  const viaPoor = await empty.bitswap.fetch(one, { prefer: [poor.peerId] })
  t.equal(viaPoor.size, 1, 'a peer that says no is passed over')
  t.ok(performance.now() - again < 20_000, 'at once, not when the next peers would be asked')
  await t.rejects(empty.bitswap.fetch([CID.parse('bafkqaaa')]), { code: 'NET_PROTOCOL' }, 'an identity CID is not asked for')
  const none = await empty.bitswap.fetch([])
  t.equal(none.size, 0)
})

t.test('what nobody has comes when somebody gets it, or not in time', async (t) => {
  const chain = chainOf(t)
  if (chain === undefined) return
  const store = new MemoryBlockstore()
  const server = await makeNode(chain, { blocks: { get: (c) => store.get(c) } })
  const client = await makeNode(chain)
  t.teardown(() => Promise.all([server.stop(), client.stop()]))
  await Promise.all([server.start(), client.start()])
  await connect(client, server)
  await until(() => client.bitswap.peers.length === 1)
  const wanted = block('late')
  const fetching = client.bitswap.fetch([wanted.cid])
  await until(() => server.bitswap.server.openWants === 1)
  server.bitswap.announce([wanted])
  t.same(await fetching, new Map([[cidKey(wanted.cid), wanted.data]]))
  t.equal(server.bitswap.server.openWants, 0)

  const stop = new AbortController()
  const hopeless = client.bitswap.fetch([block('never').cid], { signal: stop.signal })
  await until(() => server.bitswap.server.openWants === 1)
  stop.abort(new Error('enough'))
  await t.rejects(hopeless, { message: 'enough' })
  await until(() => server.bitswap.server.openWants === 0, 2000, 'the want taken back')
  const { Bitswap } = await import('../../../src/net/bitswap/bitswap.ts')
  const impatient = new Bitswap({ host: client.host, source: { get: () => undefined }, onAbuse: () => {} }, { timeoutMs: 50 })
  await t.rejects(impatient.fetch([block('never').cid]), { code: 'NET_BLOCKS_MISSING' })
})

t.test('floods of wants and of blocks end with the peer being turned away', async (t) => {
  const chain = chainOf(t)
  if (chain === undefined) return
  const node = await makeNode(chain)
  t.teardown(() => node.stop())
  await node.start()

  const greedy = await HostilePeer.start({ listen: false })
  const connection = await greedy.dial(node)
  const stream = await connection.newStream(BITSWAP_PROTOCOLS[0])
  const wants = Array.from({ length: MAX_WANTS }, (_, i) => ({
    cid: block(`none ${i}`).cid,
    cancel: false,
    have: false,
    sendDontHave: true,
  }))
  const flood = framed(encodeMessage({ ...emptyMessage, wants }))
  const before = process.memoryUsage().heapUsed
  try {
    for (let i = 0; i < 200; i++) if (!stream.send(flood)) await stream.onDrain({ signal: AbortSignal.timeout(3000) })
  } catch {
    // Cut off in the middle, as it should be.
  }
  await until(() => node.gater.isBlocked(greedy.id), 5000, 'the end of the greedy peer')
  t.ok(node.bitswap.server.openWants <= MAX_WANTS, 'remembered wants are bounded')
  t.ok(process.memoryUsage().heapUsed - before < 100 << 20)
  await greedy.stop()

  const generous = await HostilePeer.start({ listen: false })
  const other = await (await generous.dial(node)).newStream(BITSWAP_PROTOCOLS[0])
  try {
    for (let i = 0; i < 400; i++) {
      const bytes = framed(encodeMessage({ ...emptyMessage, blocks: [block(`gift ${i}`)] }))
      if (!other.send(bytes)) await other.onDrain({ signal: AbortSignal.timeout(3000) })
    }
  } catch {
    // The same.
  }
  await until(() => node.gater.isBlocked(generous.id), 5000, 'the end of the generous peer')
  await generous.stop()

  const long = await HostilePeer.start({ listen: false })
  const third = await (await long.dial(node)).newStream(BITSWAP_PROTOCOLS[0])
  third.send(uvarint(5 << 20))
  await until(() => third.status !== 'open', 3000, 'the reset')
  t.pass('a frame over the limit resets the stream before it is read')
  await long.stop()
})
