import t, { type Test } from 'tap'
import { decode, encode } from '../../../src/codec/codec.ts'
import { bigIntToBytes } from '../../../src/codec/primitives.ts'
import { configureLogging } from '../../../src/lib/log.ts'
import { ValidationGate } from '../../../src/net/pubsub/validation-gate.ts'
import type { Verdict } from '../../../src/net/pubsub/verdict.ts'
import type { NetService } from '../../../src/net/service.ts'
import { type BlockMsg, blockCid, blockMsg } from '../../../src/types/block.ts'
import { type SignedMessage, signedMessage, signedMessageCid } from '../../../src/types/message.ts'
import { connect, type LotusWireChain, makeNode, readChain, until } from '../../kit/net-pair.ts'
import { sharedData } from '../../kit/shared-data.ts'
import { gossiped, wireRecords } from '../../kit/wire-records.ts'

configureLogging({ level: 'fatal' })

interface Recorded {
  readonly chain: LotusWireChain
  readonly blocks: readonly BlockMsg[]
  readonly messages: readonly SignedMessage[]
}

let loaded: Recorded | undefined
function recorded(t: Test): Recorded | undefined {
  const folder = sharedData(t, 'chains', 'lotus-devnet-proofs')
  const records = wireRecords(t)
  if (folder === undefined || records === undefined) return undefined
  if (loaded !== undefined) return loaded
  loaded = {
    chain: readChain(folder),
    blocks: gossiped(records, '/fil/blocks/').map((b) => decode(blockMsg, b) as BlockMsg),
    messages: gossiped(records, '/fil/msgs/').map((m) => decode(signedMessage, m)),
  }
  return loaded
}

/** Each knows that the other has joined a topic. */
async function joined(a: NetService, b: NetService, topic: string): Promise<void> {
  await until(
    () => a.pubsub.subscribers(topic).includes(b.peerId) && b.pubsub.subscribers(topic).includes(a.peerId),
    5000,
    'the topic',
  )
}

t.test('a stream that a peer has reset is opened anew: what is published reaches it again', async (t) => {
  const data = recorded(t)
  if (data === undefined) return
  const nodes = await Promise.all([0, 1].map(() => makeNode(data.chain, {}, { checkEveryMs: 50 })))
  t.teardown(() => Promise.all(nodes.map((n) => n.stop())))
  await Promise.all(nodes.map((n) => n.start()))
  const [a, b] = nodes as [NetService, NetService]
  await connect(a, b)
  await joined(a, b, a.pubsub.blocksTopic)
  const got: string[] = []
  b.events.on('block', (block) => got.push(String(blockCid(block.header))))
  const [before, after] = data.blocks as [BlockMsg, BlockMsg]
  await a.pubsub.publishBlock(before)
  await until(() => got.length === 1, 5000, 'the first block')
  const [connection] = b.host.libp2p.getConnections()
  const inbound = (connection?.streams ?? []).filter((s) => s.protocol.startsWith('/meshsub/') && s.direction === 'inbound')
  t.equal(inbound.length, 1)
  inbound[0]?.abort(new Error('as a peer that cannot read from it does'))
  const fresh = () =>
    connection?.streams.some((s) => s !== inbound[0] && s.protocol.startsWith('/meshsub/') && s.direction === 'inbound')
  await until(() => fresh() === true, 5000, 'another stream')
  t.equal(connection?.status, 'open', 'over the same connection')
  await joined(a, b, a.pubsub.blocksTopic)
  await a.pubsub.publishBlock(after)
  await until(() => got.length === 2, 5000, 'the second block')
  t.equal(got[1], String(blockCid(after.header)))
})

t.test('blocks and messages pass from node to node, once each', async (t) => {
  const data = recorded(t)
  if (data === undefined) return
  const nodes = await Promise.all([0, 1, 2].map(() => makeNode(data.chain)))
  t.teardown(() => Promise.all(nodes.map((n) => n.stop())))
  await Promise.all(nodes.map((n) => n.start()))
  const [a, b, c] = nodes as [NetService, NetService, NetService]
  // A line: what c gets from a went through b.
  await connect(a, b)
  await connect(b, c)
  for (const n of nodes) n.pubsub.joinMessages()
  for (const topic of [a.pubsub.blocksTopic, a.pubsub.messagesTopic]) {
    await joined(a, b, topic)
    await joined(b, c, topic)
  }
  const got: string[] = []
  const delays: number[] = []
  const sent = new Map<string, number>()
  c.events.on('block', (block, from) => {
    const id = blockCid(block.header).toString()
    got.push(id)
    delays.push(performance.now() - sent.get(id)!)
    if (from.peer !== b.peerId) t.fail('a block came from nowhere')
  })
  const messages: bigint[] = []
  c.events.on('message', (m) => messages.push(m.message.nonce))
  for (const block of data.blocks) {
    sent.set(blockCid(block.header).toString(), performance.now())
    await a.pubsub.publishBlock(block)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  for (const m of data.messages.slice(0, 5)) await a.pubsub.publishMessage(m)
  const distinct = new Set(data.blocks.map((x) => blockCid(x.header).toString())).size
  await until(() => got.length >= distinct && messages.length >= 5, 5000, 'all blocks and messages')
  t.equal(got.length, distinct)
  delays.sort((x, y) => x - y)
  const median = delays[Math.floor(delays.length / 2)]!
  t.comment(`median of two hops: ${median.toFixed(1)} ms`)
  t.ok(median < 100, 'two hops take under 100 ms')
  await t.rejects(a.pubsub.publishBlock(data.blocks[0]!), { code: 'NET_PUBLISH' }, 'a block that was seen is not published again')
})

t.test('a block by gossip and its messages over bitswap arrive at once', async (t) => {
  const data = recorded(t)
  if (data === undefined) return
  const { chain } = data
  const a = await makeNode(chain)
  const b = await makeNode(chain, { blocks: { get: () => undefined } })
  t.teardown(() => Promise.all([a.stop(), b.stop()]))
  await Promise.all([a.start(), b.start()])
  await connect(a, b)
  await joined(a, b, a.pubsub.blocksTopic)
  await until(() => b.bitswap.peers.length === 1)
  const blocks: BlockMsg[] = []
  for (let x = chain.head; blocks.length < 30 && x.height > 0; x = chain.reader.parent(x)) {
    for (const header of x.blocks) {
      const { blsCids, secpCids } = chain.reader.messageCids(header)
      if (blsCids.length + secpCids.length > 0) blocks.push({ header, blsMessages: [...blsCids], secpkMessages: [...secpCids] })
    }
  }
  const delays: number[] = []
  let started = 0
  b.events.on('block', (block, from) => {
    const cids = [...block.blsMessages, ...block.secpkMessages]
    b.bitswap.fetch(cids, { prefer: [from.peer] }).then((got) => {
      if (got.size !== new Set(cids.map(String)).size) t.fail('a message is missing')
      delays.push(performance.now() - started)
    }, t.threw)
  })
  for (const [i, block] of blocks.entries()) {
    started = performance.now()
    await a.pubsub.publishBlock(block)
    await until(() => delays.length === i + 1, 10_000, 'the messages')
  }
  delays.sort((x, y) => x - y)
  const median = delays[Math.floor(delays.length / 2)]!
  t.comment(`median of ${delays.length} blocks with their messages: ${median.toFixed(1)} ms`)
  t.ok(median < 100)
})

t.test('verdicts: ignored is forgotten, rejected is held against the sender', async (t) => {
  const data = recorded(t)
  if (data === undefined) return
  let verdict: Verdict = 'ignore'
  const asked: string[] = []
  const a = await makeNode(data.chain)
  const b = await makeNode(data.chain, {
    validateBlock: async (_block, from) => {
      asked.push(from.peer)
      return verdict
    },
  })
  t.teardown(() => Promise.all([a.stop(), b.stop()]))
  await Promise.all([a.start(), b.start()])
  await connect(a, b)
  await joined(a, b, a.pubsub.blocksTopic)
  const passed: BlockMsg[] = []
  b.events.on('block', (block) => passed.push(block))

  await a.pubsub.publishBlock(data.blocks[0]!)
  await until(() => asked.length === 1)
  t.equal(b.pubsub.scoreOf(a.peerId) >= 0, true, 'nobody is blamed for what is ignored')
  verdict = 'reject'
  await a.pubsub.publishBlock(data.blocks[1]!)
  await until(() => b.pubsub.scoreOf(a.peerId) < -90, 3000, 'the first penalty')
  await a.pubsub.publishBlock(data.blocks[2]!)
  await until(() => b.pubsub.scoreOf(a.peerId) < -350, 3000, 'the second, which counts by the square')
  t.same(passed, [])
  const score = b.view.scores().find((s) => s.peer === a.peerId)
  t.ok((score?.topics.get(a.pubsub.blocksTopic)?.invalidMessageDeliveries ?? 0) > 1.9)
  verdict = 'accept'
  await a.pubsub.publishBlock(data.blocks[3]!)
  await until(() => passed.length === 1)
  t.same(new Set(asked), new Set([a.peerId]))
})

t.test('whoever sends invalid messages over and over is turned away', async (t) => {
  const data = recorded(t)
  if (data === undefined) return
  const a = await makeNode(data.chain)
  const b = await makeNode(data.chain, {}, { checkEveryMs: 100 })
  t.teardown(() => Promise.all([a.stop(), b.stop()]))
  await Promise.all([a.start(), b.start()])
  await connect(a, b)
  await joined(a, b, a.pubsub.blocksTopic)
  // Straight to gossip: our own checks would not let this out.
  const gossip = a.host.libp2p.services.pubsub
  for (let i = 0; i < 30 && !b.gater.isBlocked(a.peerId); i++) {
    await gossip.publish(a.pubsub.blocksTopic, Buffer.from(`no block ${i}`))
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await until(() => b.gater.isBlocked(a.peerId), 5000, 'the end of patience')
  await until(() => b.view.connectedness(a.peerId) === 0, 3000, 'the end of the connection')
  await until(() => a.view.connectedness(b.peerId) === 0, 3000, 'the other side')
  // The handshake may be through on its side before it is refused.
  await connect(a, b).catch(() => {})
  await until(() => a.view.connectedness(b.peerId) === 0, 3000, 'the refusal')
  t.equal(b.view.connectedness(a.peerId), 0, 'it cannot come back at once')
})

t.test('what Lotus reads and passes on is read here too: longer numbers, and bytes after a message', async (t) => {
  const data = recorded(t)
  if (data === undefined) return
  const a = await makeNode(data.chain)
  const b = await makeNode(data.chain)
  t.teardown(() => Promise.all([a.stop(), b.stop()]))
  await Promise.all([a.start(), b.start()])
  await connect(a, b)
  for (const n of [a, b]) n.pubsub.joinMessages()
  for (const topic of [a.pubsub.blocksTopic, a.pubsub.messagesTopic]) await joined(a, b, topic)
  const blocks: string[] = []
  const messages: string[] = []
  b.events.on('block', (block) => blocks.push(blockCid(block.header).toString()))
  b.events.on('message', (m) => messages.push(signedMessageCid(m).toString()))
  const gossip = a.host.libp2p.services.pubsub as unknown as { publish(topic: string, data: Uint8Array): Promise<unknown> }

  const block = data.blocks[0]!
  const weight = bigIntToBytes(block.header.parentWeight)
  const long = Buffer.concat([Buffer.of(0, 0), weight.subarray(1)])
  const padded = replaced(encode(blockMsg, block), withHead(weight), withHead(long))
  t.equal(blockCid(decode(blockMsg, padded).header).toString(), blockCid(block.header).toString(), 'the id is of the short form')
  await gossip.publish(a.pubsub.blocksTopic, padded)
  const message = data.messages[0]!
  await gossip.publish(a.pubsub.messagesTopic, Buffer.concat([encode(signedMessage, message), Buffer.from('more')]))
  await until(() => blocks.length + messages.length === 2, 3000, 'both')
  t.same(blocks, [blockCid(block.header).toString()])
  t.same(messages, [signedMessageCid(message).toString()])
  t.ok(b.pubsub.scoreOf(a.peerId) >= 0)
})

/** A byte string of fewer than 24 bytes in CBOR. */
const withHead = (bytes: Uint8Array): Buffer => Buffer.concat([Buffer.of(0x40 + bytes.length), bytes])

function replaced(data: Uint8Array, what: Buffer, by: Buffer): Buffer {
  const at = Buffer.from(data).indexOf(what)
  return Buffer.concat([data.subarray(0, at), by, data.subarray(at + what.length)])
}

t.test('a check that fails blames nobody, and a block with too many messages is rejected', async (t) => {
  const data = recorded(t)
  if (data === undefined) return
  const a = await makeNode(data.chain)
  const b = await makeNode(data.chain, { validateBlock: () => Promise.reject(new Error('a fault of ours')) })
  t.teardown(() => Promise.all([a.stop(), b.stop()]))
  await Promise.all([a.start(), b.start()])
  await connect(a, b)
  await joined(a, b, a.pubsub.blocksTopic)
  const block = data.blocks.find((x) => x.blsMessages.length + x.secpkMessages.length > 0)!
  await a.pubsub.publishBlock(block)
  await new Promise((resolve) => setTimeout(resolve, 100))
  t.ok(b.pubsub.scoreOf(a.peerId) >= 0)
  const cid = block.blsMessages[0] ?? block.secpkMessages[0]!
  const huge: BlockMsg = {
    header: data.blocks[5]!.header,
    blsMessages: Array(6000).fill(cid),
    secpkMessages: Array(4001).fill(cid),
  }
  await t.rejects(a.pubsub.publishBlock(huge), { code: 'NET_PUBLISH', message: /"reject"/ })
  await t.rejects(a.pubsub.publishRaw('/fil/other', new Uint8Array(1)), { code: 'NET_PUBLISH' })
})

t.test('the gate bounds what is checked at one time, of one peer and of all', async (t) => {
  const gate = new ValidationGate()
  const open: (() => void)[] = []
  const slow = (): Promise<Verdict> => new Promise((resolve) => open.push(() => resolve('accept')))
  const verdicts: Promise<Verdict>[] = []
  for (let i = 0; i < 100; i++) verdicts.push(gate.run('a', slow))
  t.equal(open.length, 64, 'no peer takes more than its share')
  for (let i = 0; i < 400; i++) verdicts.push(gate.run(`p${i % 40}`, slow))
  t.equal(open.length, 256)
  t.equal(gate.dropped, 500 - 256)
  for (const go of open) go()
  const all = await Promise.all(verdicts)
  t.equal(all.filter((v) => v === 'accept').length, 256)
  t.equal(gate.pending, 0)
  t.equal(await gate.run('a', async () => 'reject'), 'reject', 'and is free again')
})
