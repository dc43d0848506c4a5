import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { CID } from 'multiformats/cid'
import t from 'tap'
import { Amt } from '../../../src/actors/amt.ts'
import { Hamt } from '../../../src/actors/hamt.ts'
import { deferred } from '../../../src/codec/combinators.ts'
import { blake2b256 } from '../../../src/native/crypto.ts'
import { setBlockCacheBytes } from '../../../src/native/fvm.ts'
import { amtEntries, cidMatches, DagWalker, extractLinks, hamtEntries, scanCar, validateCbor } from '../../../src/native/ipld.ts'
import { MemoryBlockstore } from '../../../src/store/blockstore.ts'
import { sharedData } from '../../kit/shared-data.ts'

const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex')
const cborCid = (data: Uint8Array): Uint8Array => Buffer.concat([Buffer.from('0171a0e40220', 'hex'), blake2b256(data)])

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80)
    rest = Math.floor(rest / 128)
  }
  return Buffer.from([...bytes, rest])
}

const section = (cid: Uint8Array, data: Uint8Array): Buffer => Buffer.concat([varint(cid.length + data.length), cid, data])

t.test('CAR sections', async (t) => {
  const blocks = [Uint8Array.of(0x80), Uint8Array.of(0x81, 1), new Uint8Array(3000).fill(7)]
  const sha = Buffer.concat([
    Buffer.from('01551220', 'hex'),
    createHash('sha256')
      .update(blocks[2] as Uint8Array)
      .digest(),
  ])
  const inline = Buffer.from([1, 0x71, 0, 2, 0x81, 1])
  const cids = [cborCid(blocks[0] as Uint8Array), inline, sha]
  const car = Buffer.concat(cids.map((cid, i) => section(cid, blocks[i] as Uint8Array)))
  const { consumed, entries } = await scanCar(car)
  t.equal(consumed, car.length)
  t.equal(entries.length, 12)
  for (const [i, cid] of cids.entries()) {
    const [cidAt, cidLength, dataAt, dataLength] = entries.subarray(4 * i, 4 * i + 4) as unknown as [
      number,
      number,
      number,
      number,
    ]
    t.equal(hex(car.subarray(cidAt, cidAt + cidLength)), hex(cid))
    t.equal(hex(car.subarray(dataAt, dataAt + dataLength)), hex(blocks[i] as Uint8Array))
  }
  // Any cut leaves the last section for later.
  for (let cut = 0; cut <= car.length; cut += 13) {
    const part = await scanCar(car.subarray(0, cut))
    t.ok(part.consumed <= cut)
    t.equal((await scanCar(car.subarray(part.consumed))).consumed, car.length - part.consumed)
  }

  const flipped = Buffer.from(car)
  flipped[flipped.length - 1] = 8
  const named = new RegExp(CID.decode(sha).toString())
  await t.rejects(scanCar(flipped, { offset: 1000 }), { code: 'NATIVE_CAR', message: named })
  t.equal((await scanCar(flipped, { verify: false })).consumed, car.length)
  const bad: [string, Buffer][] = [
    ['a length of zero', Buffer.from([0])],
    ['a length over the limit', Buffer.concat([varint((32 << 20) + 1), Buffer.alloc(10)])],
    ['a length of ten bytes', Buffer.alloc(12, 0xff)],
    ['a length not in its shortest form', Buffer.from([0x81, 0x00, 1])],
    ['no CID', section(Buffer.from([9, 9, 9]), Buffer.alloc(3))],
    ['a digest longer than the section', section(Buffer.from('0171a0e40220', 'hex'), Buffer.alloc(3))],
    ['an unknown hash', section(Buffer.from('01551304deadbeef', 'hex'), Buffer.alloc(3))],
  ]
  for (const [name, bytes] of bad) await t.rejects(scanCar(bytes), { code: 'NATIVE_CAR' }, name)
  await t.rejects(scanCar(Buffer.concat([car, Buffer.from([0])]), { offset: 500 }), {
    message: new RegExp(`${500 + car.length}`),
  })
  t.equal(cidMatches(sha, blocks[2] as Uint8Array), true)
  t.equal(cidMatches(sha, blocks[1] as Uint8Array), false)
})

t.test('strict DAG-CBOR, by the fixtures of the IPLD project', async (t) => {
  const folder = sharedData(t, 'codec', 'dag-cbor', 'fixtures')
  if (folder === undefined) return
  let count = 0
  for (const name of readdirSync(folder)) {
    for (const file of readdirSync(join(folder, name)).filter((f) => f.endsWith('.dag-cbor'))) {
      const data = readFileSync(join(folder, name, file))
      t.doesNotThrow(() => validateCbor(data), `${name}/${file}`)
      t.doesNotThrow(() => extractLinks(data, 0x71), `${name}/${file}`)
      count++
    }
  }
  t.ok(count > 50)
})

t.test('what strict DAG-CBOR must refuse', async (t) => {
  const cid = Buffer.concat([Buffer.from('d82a582700', 'hex'), cborCid(Uint8Array.of(1))]).toString('hex')
  const bad = {
    'an integer not in its shortest form': '1800',
    'a 16-bit integer that fits 8': '190017',
    'a 64-bit integer that fits 32': '1b00000000ffffffff',
    'a length not in its shortest form': '5800',
    'an indefinite list': '9fff',
    'an indefinite string': '7f6161ff',
    undefined: 'f7',
    'a simple value': 'f820',
    'a half float': 'f93c00',
    'a single float': 'fa3f800000',
    NaN: 'fb7ff8000000000000',
    'an infinity': 'fb7ff0000000000000',
    'a tag that is no link': 'c001',
    'a link over text': 'd82a6161',
    'a link without its zero byte': 'd82a4101',
    'an empty link': 'd82a40',
    'a link that is no CID': 'd82a430001ff',
    'a link with bytes after its CID': `${cid.replace('5827', '5828')}00`,
    'a map key that is no text': 'a10000',
    'map keys out of order': 'a2616200616100',
    'longer map keys first': 'a262616100616200',
    'a map key twice': 'a2616100616100',
    'text that is not UTF-8': '61ff',
    'bytes after the value': '0000',
    nothing: '',
    'a list that ends early': '8201',
    'a list longer than memory': '9bffffffffffffffff',
    'a map longer than memory': 'bb8000000000000000',
    'a string longer than the data': '5affffffff00',
  }
  t.doesNotThrow(() => validateCbor(Buffer.from(cid, 'hex')))
  t.same(extractLinks(Buffer.from(cid, 'hex'), 0x71).map(hex), [hex(cborCid(Uint8Array.of(1)))])
  t.same(extractLinks(Buffer.from(cid, 'hex'), 0x55), [])
  for (const [name, data] of Object.entries(bad)) {
    t.throws(() => validateCbor(Buffer.from(data, 'hex')), { code: 'NATIVE_CBOR', message: /at byte/ }, name)
  }
  const deep = Buffer.concat([Buffer.alloc(300, 0x81), Buffer.from([0])])
  t.throws(() => validateCbor(deep), { code: 'NATIVE_CBOR', message: /deep/ })
  t.doesNotThrow(() => validateCbor(deep, { maxDepth: 301 }))
  t.throws(() => validateCbor(Buffer.concat([Buffer.alloc(100_000, 0x81), Buffer.from([0])]), { maxDepth: 2 ** 32 - 1 }), {
    code: 'NATIVE_CBOR',
  })
  t.throws(() => validateCbor(deep, { maxBytes: 100 }), { code: 'NATIVE_CBOR', message: /limit/ })
  for (const name of ['a list that ends early', 'a list longer than memory', 'a link over text', 'an indefinite list'] as const) {
    t.throws(() => extractLinks(Buffer.from(bad[name], 'hex'), 0x71), { code: 'NATIVE_CBOR' }, name)
  }
})

/** Blocks of a Lotus snapshot by the hex of their CIDs. */
async function snapshot(path: string): Promise<Map<string, Uint8Array>> {
  const car = zstdDecompressSync(readFileSync(path))
  const header = (car[0] as number) & 0x80 ? ((car[0] as number) & 0x7f) + (car[1] as number) * 128 + 2 : (car[0] as number) + 1
  const body = car.subarray(header)
  const { consumed, entries } = await scanCar(body)
  if (consumed !== body.length) throw new Error('the snapshot ends inside a section')
  const blocks = new Map<string, Uint8Array>()
  for (let i = 0; i < entries.length; i += 4) {
    const part = (at: number): Uint8Array =>
      body.subarray(entries[i + at] as number, (entries[i + at] as number) + (entries[i + at + 1] as number))
    blocks.set(hex(part(0)), part(2))
  }
  return blocks
}

t.test('a graph walk reaches every block of a Lotus snapshot once', async (t) => {
  const path = sharedData(t, 'chains', 'lotus-devnet', 'snapshot.car.zst')
  if (path === undefined) return
  const blocks = await snapshot(path)
  // Roots: what no block links to.
  const linked = new Set<string>()
  for (const [cid, data] of blocks) {
    if (cid.startsWith('0171')) for (const link of extractLinks(data, 0x71)) linked.add(hex(link))
  }
  const roots = [...blocks.keys()].filter((cid) => !linked.has(cid)).map((cid) => Buffer.from(cid, 'hex'))
  t.ok(roots.length > 0)
  const walker = new DagWalker()
  t.equal(walker.push(roots), roots.length)
  t.equal(walker.push(roots), 0)
  const visited = new Set<string>()
  let longest = 0
  for (let batch = walker.next(64); batch.length > 0; batch = walker.next(64)) {
    const found = []
    for (const cid of batch) {
      if (visited.has(hex(cid))) t.fail(`${CID.decode(cid)} comes twice`)
      visited.add(hex(cid))
      const data = blocks.get(hex(cid))
      // A snapshot leaves old states out.
      if (data !== undefined) found.push({ cid, data })
    }
    walker.feed(found)
    longest = Math.max(longest, walker.queued)
  }
  t.equal(walker.seenCount, visited.size)
  t.same(
    [...blocks.keys()].filter((cid) => !visited.has(cid)),
    [],
  )
  t.equal(walker.seen(roots[0] as Uint8Array), true)
  t.equal(walker.seen(cborCid(Uint8Array.of(9, 9))), false)
  t.ok(longest < blocks.size / 4, 'the queue stays short')
})

t.test('a graph walk refuses what it must', async (t) => {
  const inline = Buffer.from([1, 0x71, 0, 2, 0x81, 1])
  const sealed = Buffer.concat([Buffer.from('0182e20381e80220', 'hex'), Buffer.alloc(32)])
  const walker = new DagWalker({ maxQueue: 2 })
  t.equal(walker.push([inline, sealed]), 0, 'identity and commitments are no blocks')
  t.equal(new DagWalker({ skipCodecs: [] }).push([sealed]), 1)
  t.equal(walker.push([cborCid(Uint8Array.of(1)), cborCid(Uint8Array.of(2))]), 2)
  t.throws(() => walker.push([cborCid(Uint8Array.of(3))]), { code: 'NATIVE_IPLD' })
  t.throws(() => walker.push([Uint8Array.of(1, 2)]), { code: 'NATIVE_ARGUMENT' })
  const broken = Uint8Array.of(0x82, 1)
  const name = new RegExp(CID.decode(cborCid(broken)).toString())
  t.throws(() => walker.feed([{ cid: cborCid(broken), data: broken }]), { code: 'NATIVE_CBOR', message: name })
  walker.close()
  walker.close()
  t.throws(() => walker.next(1), { code: 'NATIVE_IPLD', message: /closed/ })
  t.throws(() => walker.queued, { code: 'NATIVE_IPLD' })
})

t.test('whole HAMTs and AMTs agree with the TypeScript ones', async (t) => {
  setBlockCacheBytes(0)
  t.teardown(() => setBlockCacheBytes(256 << 20))
  const store = new MemoryBlockstore()
  const getBlock = (cid: Uint8Array): Uint8Array | undefined => store.get(CID.decode(cid) as never)
  for (const bitWidth of [5, 6]) {
    for (const count of [0, 1, 3, 4, 100, 3000]) {
      const made = new Hamt(new MemoryBlockstore(), undefined, { value: deferred, bitWidth })
      const expected = new Map<string, string>()
      for (let i = 0; i < count; i++) {
        const key = Buffer.from(`key ${i}`)
        const value = Buffer.from([0x19, 1, i & 0xff])
        made.set(key, value)
        expected.set(hex(key), hex(value))
      }
      const root = made.flush(store)
      const found = hamtEntries(root.bytes, bitWidth, getBlock)
      t.equal(found.size, count)
      t.strictSame(new Map([...found].map(([k, v]) => [hex(k), hex(v)])), expected)
      if (count > 100) {
        t.throws(() => hamtEntries(root.bytes, bitWidth === 5 ? 6 : 5, getBlock), { code: 'NATIVE_IPLD' })
        t.throws(() => hamtEntries(root.bytes, bitWidth, getBlock, { maxEntries: count - 1 }), { code: 'NATIVE_IPLD' })
        t.throws(() => hamtEntries(root.bytes, bitWidth, getBlock, { maxBytes: 1000 }), { code: 'NATIVE_IPLD' })
        t.throws(() => hamtEntries(root.bytes, bitWidth, () => undefined), { code: 'NATIVE_IPLD_MISSING' })
      }
    }
  }
  for (const indexes of [[], [0], [7], [8], [0, 1, 2, 63, 64, 65, 4096, 100_000], [2 ** 40]]) {
    for (const form of [{ version: 3, bitWidth: 5 }, { version: 3, bitWidth: 3 }, { version: 0 }] as const) {
      const options = form.version === 0 ? { legacy: true } : { bitWidth: form.bitWidth }
      const made = new Amt(new MemoryBlockstore(), undefined, { value: deferred, ...options })
      for (const i of indexes) made.set(i, Buffer.from([0x81, i & 7]))
      const root = made.flush(store)
      const found = amtEntries(root.bytes, form, getBlock)
      t.strictSame(
        [...found].map(([i, v]) => [Number(i), hex(v)]),
        indexes.map((i) => [i, hex(Buffer.from([0x81, i & 7]))]),
      )
      t.throws(() => amtEntries(root.bytes, { version: form.version === 0 ? 3 : 0 }, getBlock), { code: 'NATIVE_IPLD' })
      if (form.version === 3) {
        t.throws(() => amtEntries(root.bytes, { version: 3, bitWidth: form.bitWidth + 1 }, getBlock), { code: 'NATIVE_IPLD' })
      }
    }
  }
})

t.test('hostile HAMT and AMT nodes', async (t) => {
  setBlockCacheBytes(0)
  t.teardown(() => setBlockCacheBytes(256 << 20))
  const blocks = new Map<string, Uint8Array>()
  const put = (text: string): Uint8Array => {
    const data = Buffer.from(text.replaceAll(' ', ''), 'hex')
    const cid = cborCid(data)
    blocks.set(hex(cid), data)
    return cid
  }
  const getBlock = (cid: Uint8Array): Uint8Array | undefined => blocks.get(hex(cid))
  const link = (cid: Uint8Array): string => `d82a582700${hex(cid)}`
  // sha-256 of 'a' begins with ca: bits 11001 = position 25 at width 5.
  const field = '44 02000000'
  const good = put(`82 ${field} 81 81 82 4161 01`)
  t.strictSame(
    [...hamtEntries(good, 5, getBlock)].map(([k, v]) => [hex(k), hex(v)]),
    [['61', '01']],
  )
  const hamts = {
    'a bitfield that promises more': `82 44 03000000 81 81 82 4161 01`,
    'a bitfield with leading zeros': `82 45 0002000000 81 81 82 4161 01`,
    'a bitfield too wide': `82 45 0102000000 82 81 82 4161 01 81 82 4161 01`,
    'a key in the wrong place': `82 44 01000000 81 81 82 4161 01`,
    'an empty bucket': `82 ${field} 81 80`,
    'a bucket of four': `82 ${field} 81 84 82 4161 01 82 4162 01 82 4163 01 82 4164 01`,
    'keys twice': `82 ${field} 81 82 82 4161 01 82 4161 01`,
    'an entry of three': `82 ${field} 81 81 83 4161 01 01`,
    'a key that is text': `82 ${field} 81 81 82 6161 01`,
    'a value cut off': `82 ${field} 81 81 82 4161 82 01`,
    'bytes after the node': `82 ${field} 81 81 82 4161 01 00`,
    'an empty child': `82 ${field} 81 ${link(put('82 40 80'))}`,
    'no node at all': '01',
  }
  for (const [name, text] of Object.entries(hamts)) {
    t.throws(() => hamtEntries(put(text), 5, getBlock), { code: 'NATIVE_IPLD' }, name)
  }
  // A chain of nodes deeper than a hash has bits.
  let chain = good
  for (let i = 0; i < 60; i++) chain = put(`82 ${field} 81 ${link(chain)}`)
  t.throws(() => hamtEntries(chain, 5, getBlock), { code: 'NATIVE_IPLD' })
  for (const width of [0, 9, 1000]) t.throws(() => hamtEntries(good, width, getBlock), { code: 'NATIVE_ARGUMENT' })
  t.throws(() => hamtEntries(Uint8Array.of(1), 5, getBlock), { code: 'NATIVE_ARGUMENT' })
  t.throws(
    () =>
      hamtEntries(good, 5, () => {
        throw new Error('broken disk')
      }),
    { code: 'NATIVE_IPLD', message: /broken disk/ },
  )

  const leaf = '83 4101 80 81 05'
  t.strictSame(
    [...amtEntries(put(`84 03 00 01 ${leaf}`), { version: 3 }, getBlock)].map(([i, v]) => [i, hex(v)]),
    [[0n, '05']],
  )
  const amts = {
    'a count too large': `84 03 00 02 ${leaf}`,
    'a count too small': `84 03 00 01 83 4103 80 82 05 05`,
    'a count beyond belief': `84 03 00 1bffffffffffffffff ${leaf}`,
    'an empty array that counts': '84 03 00 01 83 4100 80 80',
    'a width of zero': `84 00 00 01 ${leaf}`,
    'a width of 64': `84 1840 00 01 ${leaf}`,
    'a height beyond 64 bits': `84 03 1815 01 ${leaf}`,
    'a height of thousands': `84 03 191000 01 ${leaf}`,
    'a bitmap too long': '84 03 00 01 83 420100 80 81 05',
    'bits without values': '84 03 00 01 83 4103 80 81 05',
    'links in a leaf': `84 03 00 01 83 4101 81 ${link(put(leaf))} 80`,
    'values above a leaf': '84 03 01 01 83 4101 80 81 05',
    'an empty node': `84 03 01 01 83 4101 81 ${link(put('83 4100 80 80'))} 80`,
    'bytes after the root': `84 03 00 01 ${leaf} 00`,
  }
  for (const [name, text] of Object.entries(amts)) {
    t.throws(() => amtEntries(put(text), { version: 3 }, getBlock), { code: 'NATIVE_IPLD' }, name)
  }
  t.throws(() => amtEntries(put(`84 03 00 01 ${leaf}`), { version: 1 as 0 }, getBlock), { code: 'NATIVE_ARGUMENT' })
})
