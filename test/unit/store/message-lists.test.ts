import { t } from 'tap'
import { CborWriter } from '../../../src/codec/cbor-writer.ts'
import { encode } from '../../../src/codec/codec.ts'
import { MemoryBlockstore } from '../../../src/store/blockstore.ts'
import { ChainReader } from '../../../src/store/chain-reader.ts'
import { legacyCidList, legacyEntry, legacyList } from '../../../src/store/message-amt.ts'
import { Address } from '../../../src/types/address.ts'
import { type CID, cid as cidCodec, cidOf } from '../../../src/types/cid.ts'
import type { Message, SignedMessage } from '../../../src/types/message.ts'
import { legacyAmt, testChain } from '../../kit/fork-chain.ts'

function memory(): { store: MemoryBlockstore; put(data: Uint8Array): CID } {
  const store = new MemoryBlockstore()
  return {
    store,
    put(data) {
      const c = cidOf(data)
      store.put(c, data)
      return c
    },
  }
}

const value = (i: number): Uint8Array => encode(cidCodec, cidOf(Uint8Array.of(i & 255, i >> 8)))

t.test('lists of every shape', (t) => {
  for (const count of [0, 1, 7, 8, 9, 63, 64, 65, 600, 4100]) {
    const { store, put } = memory()
    const values = Array.from({ length: count }, (_, i) => value(i))
    const root = legacyAmt(put, values)
    const read = legacyList(store, root, 8192)
    if (read.length !== count || read.some((v, i) => Buffer.compare(v, values[i] as Uint8Array) !== 0)) t.fail(`${count} entries`)
    t.equal(legacyCidList(store, root, 8192).length, count)
    for (const i of [0, 1, 7, 8, 63, 64, 511, 512, 599, 4099]) {
      const entry = legacyEntry(store, root, i)
      if (i < count ? entry === undefined || Buffer.compare(entry, values[i] as Uint8Array) !== 0 : entry !== undefined)
        t.fail(`${i} of ${count}`)
    }
    t.equal(legacyEntry(store, root, count), undefined)
    t.equal(legacyEntry(store, root, -1), undefined)
    t.equal(legacyEntry(store, root, 2 ** 40), undefined)
    if (count > 0) t.throws(() => legacyList(store, root, count - 1), { code: 'STORE_CHAIN_OBJECT', message: /limit/ })
  }
  t.end()
})

interface NodeShape {
  readonly bitmap?: Uint8Array
  readonly links?: readonly CID[]
  readonly values?: readonly Uint8Array[]
}

function amt(put: (d: Uint8Array) => CID, height: number, count: number, node: NodeShape, root = true): CID {
  const w = new CborWriter()
  if (root) {
    w.array(3)
    w.int(height)
    w.int(count)
  }
  w.array(3)
  w.bytes(node.bitmap ?? Uint8Array.of(1))
  w.array(node.links?.length ?? 0)
  for (const l of node.links ?? []) cidCodec.write(w, l)
  w.array(node.values?.length ?? 0)
  for (const v of node.values ?? []) w.raw(v)
  return put(w.finish())
}

t.test('lists that lie', (t) => {
  const { store, put } = memory()
  const leaf = amt(put, 0, 0, { values: [value(0)] }, false)
  const hollow = amt(put, 0, 0, { bitmap: Uint8Array.of(0) }, false)
  const cases: [string, CID][] = [
    ['fewer entries than declared', amt(put, 0, 2, { values: [value(0)] })],
    ['more entries than declared', amt(put, 0, 1, { bitmap: Uint8Array.of(3), values: [value(0), value(1)] })],
    ['a gap', amt(put, 0, 1, { bitmap: Uint8Array.of(2), values: [value(0)] })],
    ['a bitmap of another count', amt(put, 0, 1, { bitmap: Uint8Array.of(7), values: [value(0)] })],
    ['a bitmap of two bytes', amt(put, 0, 1, { bitmap: Uint8Array.of(1, 0), values: [value(0)] })],
    ['links and values', amt(put, 0, 1, { bitmap: Uint8Array.of(3), links: [leaf], values: [value(0)] })],
    ['links at the lowest level', amt(put, 0, 1, { links: [leaf] })],
    ['values above the lowest level', amt(put, 1, 1, { values: [value(0)] })],
    ['an empty node below the root', amt(put, 1, 0, { links: [hollow] })],
    ['too high', amt(put, 21, 1, { links: [leaf] })],
    ['a huge count', amt(put, 1, 2 ** 50, { links: [leaf] })],
    ['no list', put(Uint8Array.of(0x80))],
    ['no CBOR', put(Uint8Array.of(0xff, 1))],
    ['a child that is a leaf too early', amt(put, 2, 1, { links: [leaf] })],
  ]
  for (const [name, root] of cases) t.throws(() => legacyList(store, root, 8192), { code: 'STORE_CHAIN_OBJECT' }, name)
  const dangling = amt(put, 1, 1, { links: [cidOf(Uint8Array.of(77))] })
  t.throws(() => legacyList(store, dangling, 8192), { code: 'STORE_BLOCK_MISSING' })
  const numbers = legacyAmt(put, [Uint8Array.of(1)])
  t.throws(() => legacyCidList(store, numbers, 8192), { code: 'STORE_CHAIN_OBJECT' }, 'entries that are no CIDs')
  t.end()
})

function message(from: Address, nonce: bigint, value = 0n): Message {
  return {
    version: 0n,
    to: Address.fromId(99n),
    from,
    nonce,
    value,
    gasLimit: 1n,
    gasFeeCap: 1n,
    gasPremium: 1n,
    method: 0n,
    params: new Uint8Array(0),
  }
}

const signed = (m: Message): SignedMessage => ({ message: m, signature: { type: 1, data: new Uint8Array(65) } })
const key1 = Address.fromSecp256k1(new Uint8Array(65).fill(4))
const key2 = Address.fromBls(new Uint8Array(48).fill(7))
const id1 = Address.fromId(1001n)
const nonces = (messages: readonly (Message | SignedMessage)[]): string[] =>
  messages.map((m) => ('signature' in m ? `s${m.message.nonce}` : `b${m.nonce}`))

t.test('a tipset takes each message once, in order', (t) => {
  const chain = testChain()
  const tipset = chain.extend(chain.genesis(), {
    contents: [
      { bls: [message(key2, 5n), message(key2, 6n)], secp: [signed(message(key1, 0n))] },
      {
        bls: [message(key2, 5n), message(key2, 6n), message(key2, 7n)],
        secp: [signed(message(key1, 0n)), signed(message(key1, 1n))],
      },
      { bls: [message(key2, 9n)], secp: [signed(message(key1, 3n))] },
    ],
  })
  const reader = new ChainReader(chain.store)
  const perBlock = reader.blockMessages(tipset)
  t.same(
    perBlock.map((b) => b.block),
    tipset.blocks,
  )
  // The order of blocks is that of their tickets: whatever it is, a sender's nonces run on without a gap.
  const all = nonces(reader.messagesForTipset(tipset))
  t.same(
    all,
    perBlock.flatMap((b) => nonces(b.messages)),
  )
  const expected: string[] = []
  const next = new Map<string, bigint>()
  for (const block of tipset.blocks) {
    const { bls, secp } = reader.messages(block)
    for (const [kind, m] of [...bls.map((x) => ['b', x] as const), ...secp.map((x) => ['s', x.message] as const)]) {
      const want = next.get(kind) ?? m.nonce
      if (want !== m.nonce) continue
      next.set(kind, want + 1n)
      expected.push(`${kind}${m.nonce}`)
    }
  }
  t.same(all, expected)
  t.end()
})

t.test('an id address and a key address of one actor are one sender, from Hyperdrive on', (t) => {
  const chain = testChain()
  const contents = [{ bls: [message(key2, 0n), message(id1, 0n), message(id1, 1n), message(key2, 2n)] }]
  const tipset = chain.extend(chain.genesis(), { contents })
  const asked: CID[] = []
  const senders = {
    resolveFrom: 0,
    resolve(root: CID, address: Address) {
      asked.push(root)
      return address.equals(key2) ? id1 : address
    },
  }
  t.same(nonces(new ChainReader(chain.store, { senders }).messagesForTipset(tipset)), ['b0', 'b1', 'b2'], 'one sender')
  t.ok(asked.every((r) => r.equals(tipset.parentStateRoot)))
  const before = { ...senders, resolveFrom: 2 }
  t.same(nonces(new ChainReader(chain.store, { senders: before }).messagesForTipset(tipset)), ['b0', 'b0', 'b1'], 'two, before')
  t.throws(() => new ChainReader(chain.store).messagesForTipset(tipset), {
    code: 'STORE_CHAIN_OBJECT',
    message: /by id and by key/,
  })
  const ids = chain.extend(chain.genesis(), { contents: [{ bls: [message(id1, 3n), message(id1, 4n)] }] })
  t.same(nonces(new ChainReader(chain.store).messagesForTipset(ids)), ['b3', 'b4'], 'ids alone need no state')
  t.end()
})
