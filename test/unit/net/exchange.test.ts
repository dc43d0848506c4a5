import t, { type Test } from 'tap'
import { encode } from '../../../src/codec/codec.ts'
import { configureLogging } from '../../../src/lib/log.ts'
import { NetError } from '../../../src/net/errors.ts'
import { readerSource } from '../../../src/net/exchange/source.ts'
import { cidKey } from '../../../src/types/cid.ts'
import { messageCid, signedMessageCid } from '../../../src/types/message.ts'
import { type Tipset, TipsetKey } from '../../../src/types/tipset.ts'
import {
  CHAIN_EXCHANGE_PROTOCOL,
  type CompactedMessages,
  type ExchangeResponse,
  exchangeRequest,
  exchangeResponse,
} from '../../../src/types/wire/chain-exchange.ts'
import { compactMessages } from '../../kit/compact-messages.ts'
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

async function failure(promise: Promise<unknown>): Promise<NetError> {
  try {
    await promise
  } catch (error) {
    if (error instanceof NetError) return error
    throw error
  }
  throw new Error('it should have failed')
}

t.test('two nodes greet each other and exchange the whole chain', async (t) => {
  const chain = chainOf(t)
  if (chain === undefined) return
  const checked: number[] = []
  const checkMessages = (tipset: Tipset, m: CompactedMessages): void => {
    for (const [i, block] of tipset.blocks.entries()) {
      const { blsCids, secpCids } = chain.reader.messageCids(block)
      const bls = m.blsIncludes[i]!.map((n) => cidKey(messageCid(m.bls[Number(n)]!)))
      const secp = m.secpkIncludes[i]!.map((n) => cidKey(signedMessageCid(m.secpk[Number(n)]!)))
      if (bls.join() !== blsCids.map(cidKey).join() || secp.join() !== secpCids.map(cidKey).join())
        throw new Error('another message')
    }
    checked.push(tipset.height)
  }
  const a = await makeNode(chain, { checkMessages })
  const b = await makeNode(chain)
  t.teardown(() => Promise.all([a.stop(), b.stop()]))
  await Promise.all([a.start(), b.start()])
  const heads: string[] = []
  a.events.on('hello', (_p, h) => heads.push(`a ${h.heaviestTipSetHeight}`))
  b.events.on('hello', (_p, h) => heads.push(`b ${h.heaviestTipSetHeight}`))
  await connect(a, b)
  await until(() => heads.length === 2)
  t.same(heads.sort(), [`a ${chain.head.height}`, `b ${chain.head.height}`])
  t.ok(a.peers.peers.has(b.peerId) && b.peers.peers.has(a.peerId), 'each is a peer on our chain to the other')
  await until(() => a.peers.latency(b.peerId) !== undefined, 2000, 'a latency')

  const tipsets = await a.exchange.headers(chain.head.key, 1000)
  t.equal(tipsets.at(-1)?.height, 0, 'down to genesis')
  let expected = chain.head
  for (const tipset of tipsets) {
    if (!tipset.equals(expected)) t.fail(`height ${tipset.height} differs`)
    if (tipset.height > 0) expected = chain.reader.parent(expected)
  }
  const messages = await b.exchange.messages(tipsets.slice(0, 50))
  t.equal(messages.length, 50, 'the other direction works too')
  const full = await a.exchange.full(chain.head.key, 40)
  t.equal(full.length, 40)
  t.same(
    checked,
    tipsets.slice(0, 40).map((x) => x.height),
    'messages were compared with the headers',
  )
  t.same(
    full.map((f) => f.messages),
    messages.slice(0, 40),
  )
})

t.test('a server that lacks the end of the chain answers in part', async (t) => {
  const chain = chainOf(t)
  if (chain === undefined) return
  const source = readerSource(chain.reader)
  const floor = chain.head.height - 100
  const server = await makeNode(chain, {
    chain: {
      ...source,
      tipset: async (key) => {
        const tipset = await source.tipset(key)
        return tipset !== undefined && tipset.height < floor ? undefined : tipset
      },
    },
  })
  const client = await makeNode(chain)
  t.teardown(() => Promise.all([client.stop(), server.stop()]))
  await Promise.all([client.start(), server.start()])
  await connect(client, server)
  await until(() => client.exchange.peers.size === 1)
  const error = await failure(client.exchange.headers(chain.head.key, 900))
  t.equal(error.code, 'NET_NO_PEERS', 'what was given in part is asked on for, and that fails')
  t.match(error.message, /status 201/)
  const known = await client.exchange.headers(chain.head.key, 10)
  t.equal(known.length, 10)
  t.equal(
    (await failure(client.exchange.headers(new TipsetKey([chain.store ? chain.head.parentStateRoot : chain.genesis]), 1))).code,
    'NET_NO_PEERS',
  )
})

t.test('requests that ask for nonsense get the status for it', async (t) => {
  const chain = chainOf(t)
  if (chain === undefined) return
  const node = await makeNode(chain)
  const peer = await HostilePeer.start({ listen: false })
  t.teardown(() => Promise.all([node.stop(), peer.stop()]))
  await node.start()
  const connection = await peer.dial(node)
  const head = [...chain.head.cids]
  const ask = async (request: { head: typeof head; length: bigint; options: bigint }): Promise<ExchangeResponse> => {
    const answer = await peer.ask(connection, CHAIN_EXCHANGE_PROTOCOL, encode(exchangeRequest, request))
    const { decode } = await import('../../../src/codec/codec.ts')
    return decode(exchangeResponse, answer!) as ExchangeResponse
  }
  t.match(await ask({ head, length: 0n, options: 1n }), { status: 204, errorMessage: 'invalid request length of zero' })
  t.match(await ask({ head, length: 901n, options: 1n }), {
    status: 204,
    errorMessage: 'request length over maximum allowed (900)',
  })
  t.match(await ask({ head, length: (1n << 64n) - 1n, options: 1n }), { status: 204 })
  t.match(await ask({ head, length: 1n, options: 0n }), { status: 204, errorMessage: 'no options set' })
  t.match(await ask({ head, length: 1n, options: 1n << 40n }), { status: 204, errorMessage: 'no options set' })
  t.match(await ask({ head: [], length: 1n, options: 1n }), { status: 204, errorMessage: 'no cids in request' })
  t.match(await ask({ head: [chain.head.parentStateRoot], length: 1n, options: 1n }), { status: /20[13]/ as never })
  const last = await ask({ head, length: 900n, options: 1n })
  t.equal(last.status, 101, 'fewer than asked for is partial')
  for (const bytes of ['9f', '8381', '83818080', 'ff', '9b00000001ffffffff']) {
    const answer = await peer.ask(connection, CHAIN_EXCHANGE_PROTOCOL, Buffer.from(bytes, 'hex'), 2000)
    t.equal(answer, undefined, `${bytes} gets no answer`)
  }
  t.equal(node.exchangeServer.active, 0)
})

t.test('answers that no honest peer gives are refused, and their givers turned away', async (t) => {
  const chain = chainOf(t)
  if (chain === undefined) return
  const tipsets: Tipset[] = [chain.head]
  while (tipsets.length < 4) tipsets.push(chain.reader.parent(tipsets.at(-1)!))
  const messagesOf = (x: Tipset): CompactedMessages => compactMessages(x.blocks.map((b) => chain.reader.messages(b)))
  const withMessages = (() => {
    let x = chain.head
    while (messagesOf(x).bls.length + messagesOf(x).secpk.length === 0) x = chain.reader.parent(x)
    return x
  })()
  const honest = messagesOf(withMessages)
  const element = (x: Tipset, messages: CompactedMessages | null = null) => ({ blocks: [...x.blocks], messages })
  const answer = (status: number, chainPart: ReturnType<typeof element>[]): Uint8Array =>
    encode(exchangeResponse, { status, errorMessage: '', chain: chainPart })
  const [one, two, three] = tipsets as [Tipset, Tipset, Tipset]
  const headers = (count: number) => ({ head: one, count, full: false })
  const full = { head: withMessages, count: 1, full: true }
  const bad: readonly [string, Uint8Array, { head: Tipset; count: number; full: boolean }][] = [
    ['no tipset', answer(0, []), headers(2)],
    ['nil chain', Buffer.from('830060f6', 'hex'), headers(2)],
    ['a nil tipset', Buffer.from('83006081f6', 'hex'), headers(1)],
    ['a tipset without blocks', answer(0, [{ blocks: [], messages: null }]), headers(1)],
    ['too many', answer(0, [element(one), element(two), element(three)]), headers(2)],
    ['too few without saying so', answer(0, [element(one)]), headers(2)],
    ['another head', answer(0, [element(two), element(three)]), headers(2)],
    ['a gap', answer(0, [element(one), element(three)]), headers(2)],
    ['the same twice', answer(0, [element(one), element(one)]), headers(2)],
    ['a doubled block', answer(0, [{ blocks: [one.first, one.first], messages: null }]), headers(1)],
    ['blocks of two heights', answer(0, [{ blocks: [one.first, two.first], messages: null }]), headers(1)],
    ['trailing bytes', Buffer.concat([answer(0, [element(one)]), Buffer.of(0)]), headers(1)],
    ['a bomb of a length', Buffer.from('8300609b00ffffffffffffff', 'hex'), headers(1)],
    ['nesting', Buffer.concat([Buffer.from('830060', 'hex'), Buffer.alloc(100_000, 0x81)]), headers(1)],
    ['padding', Buffer.concat([Buffer.from('830060815a00200000', 'hex'), Buffer.alloc(2 << 20)]), headers(1)],
    ['no messages', answer(0, [element(withMessages)]), full],
    [
      'an index past the end',
      answer(0, [element(withMessages, { ...honest, blsIncludes: honest.blsIncludes.map(() => [1n << 40n]) })]),
      full,
    ],
    [
      'an index of 2^63',
      answer(0, [element(withMessages, { ...honest, secpkIncludes: honest.secpkIncludes.map(() => [1n << 63n]) })]),
      full,
    ],
    [
      'lists for blocks that are not there',
      answer(0, [element(withMessages, { ...honest, blsIncludes: [...honest.blsIncludes, []] })]),
      full,
    ],
    ['too few lists', answer(0, [element(withMessages, { ...honest, secpkIncludes: [] })]), full],
    [
      'messages of no block',
      answer(0, [
        element(withMessages, {
          ...honest,
          blsIncludes: honest.blsIncludes.map(() => []),
          secpkIncludes: honest.secpkIncludes.map(() => []),
        }),
      ]),
      full,
    ],
  ]
  const reasons: Readonly<Record<string, RegExp>> = {
    'no tipset': /holds no tipset/,
    'nil chain': /expected an array/,
    'a nil tipset': /expected an array/,
    'a tipset without blocks': /at least one block/,
    'too many': /3 tipsets instead of 2/,
    'too few without saying so': /does not call itself partial/,
    'another head': /head is another tipset/,
    'a gap': /do not follow each other/,
    'the same twice': /do not follow each other/,
    'a doubled block': /stands twice/,
    'blocks of two heights': /form no tipset/,
    'trailing bytes': /bytes follow/,
    'a bomb of a length': /longer than the limit/,
    nesting: /nests deeper/,
    padding: /longer than the limit of 1048576/,
    'no messages': /without its messages/,
    'an index past the end': /points past/,
    'an index of 2^63': /points past/,
    'lists for blocks that are not there': /lists of indices for/,
    'too few lists': /0 lists of indices/,
    'messages of no block': /belong to no block/,
  }
  for (const [name, bytes, what] of bad) {
    const node = await makeNode(chain)
    const peer = await HostilePeer.start({ listen: false })
    await node.start()
    await peer.answer(CHAIN_EXCHANGE_PROTOCOL, bytes)
    await peer.dial(node)
    await until(() => node.view.connectedness(peer.id) === 1)
    const options = { peer: peer.id }
    const attempt = what.full
      ? node.exchange.full(what.head.key, what.count, options)
      : node.exchange.headers(what.head.key, what.count, options)
    const error = await failure(attempt)
    t.match(error.message, reasons[name]!, name)
    if (name === 'a gap') {
      // Two more of the kind, and the peer is no peer any more.
      await failure(node.exchange.headers(one.key, 2, options))
      await failure(node.exchange.headers(one.key, 2, options))
      t.ok(node.gater.isBlocked(peer.id), 'three lies and it is turned away')
      await until(() => node.view.connectedness(peer.id) === 0, 3000, 'the end of the connection')
    }
    await Promise.all([node.stop(), peer.stop()])
  }
})

t.test('many requests at once wait their turn at a peer', async (t) => {
  const chain = chainOf(t)
  if (chain === undefined) return
  const client = await makeNode(chain)
  const server = await makeNode(chain)
  t.teardown(() => Promise.all([client.stop(), server.stop()]))
  await Promise.all([client.start(), server.start()])
  await connect(client, server)
  await until(() => client.exchange.peers.size === 1)
  const all = await Promise.all(Array.from({ length: 30 }, () => client.exchange.full(chain.head.key, 20)))
  t.same(new Set(all.map((x) => x.length)), new Set([20]), 'none is told to go away')
  const stop = new AbortController()
  const running = Array.from({ length: 10 }, () => client.exchange.headers(chain.head.key, 300, { signal: stop.signal }))
  stop.abort(new Error('enough'))
  for (const r of await Promise.allSettled(running)) t.equal(r.status === 'rejected' && r.reason.message, 'enough')
  t.equal((await client.exchange.headers(chain.head.key, 5)).length, 5, 'slots are free again')
})

t.test('an honest peer is asked when another fails', async (t) => {
  const chain = chainOf(t)
  if (chain === undefined) return
  const client = await makeNode(chain)
  const server = await makeNode(chain)
  const liar = await HostilePeer.start({ listen: false })
  t.teardown(() => Promise.all([client.stop(), server.stop(), liar.stop()]))
  await Promise.all([client.start(), server.start()])
  await liar.answer(CHAIN_EXCHANGE_PROTOCOL, encode(exchangeResponse, { status: 202, errorMessage: 'go\naway', chain: [] }))
  const connection = await liar.dial(client)
  await liar.hello(connection, chain.genesis)
  await connect(client, server)
  await until(() => client.exchange.peers.size === 2)
  for (let i = 0; i < 8; i++) t.equal((await client.exchange.headers(chain.head.key, 20)).length, 20)
  t.ok(client.exchange.peers.cost(liar.id) >= 0)
  const error = await failure(client.exchange.headers(chain.head.key, 20, { peer: liar.id }))
  t.match(error.message, /status 202: go\?away/, 'what the peer said is printable')
})
