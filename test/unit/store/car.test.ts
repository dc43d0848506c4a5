import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { pathToFileURL } from 'node:url'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { t } from 'tap'
import type { Block } from '../../../src/store/blockstore.ts'
import { CarReader } from '../../../src/store/car/car-reader.ts'
import { type CarLocation, openCarSource } from '../../../src/store/car/car-source.ts'
import { CarWriter, streamSink } from '../../../src/store/car/car-writer.ts'
import { carHeader, parseCarHeader } from '../../../src/store/car/header.ts'
import { scanInBackground } from '../../../src/store/car/native-scan.ts'
import { scanSections } from '../../../src/store/car/scan.ts'
import { type CID, cidOf, RAW } from '../../../src/types/cid.ts'
import { readCar } from '../../kit/car.ts'
import { sharedFile } from '../../kit/shared-data.ts'

function block(n: number, size = 100): Block {
  const data = new Uint8Array(size).fill(n & 255)
  new DataView(data.buffer).setUint32(0, n)
  return { cid: cidOf(data, RAW), data }
}

async function car(blocks: readonly Block[], roots: readonly CID[] = [blocks[0]?.cid as CID]): Promise<Buffer> {
  const parts: Uint8Array[] = []
  const writer = new CarWriter(async (b) => {
    parts.push(b)
  }, roots)
  for (const b of blocks) await writer.write(b.cid.bytes, b.data)
  await writer.flush()
  const all = Buffer.concat(parts)
  if (all.length !== writer.bytes) throw new Error('the writer counts wrong')
  return all
}

async function read(location: CarLocation): Promise<{ roots: string[]; cids: string[]; bytes: number }> {
  const reader = await CarReader.open((await openCarSource(location)).bytes)
  const cids: string[] = []
  let bytes = 0
  for await (const b of reader.blocks()) {
    cids.push(b.cid.toString())
    bytes += b.data.length
  }
  return { roots: reader.roots.map(String), cids, bytes }
}

/** The same bytes in pieces of every awkward size. */
function* pieces(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size)
}

const foreign = [
  ['chains', 'lotus-devnet', 'snapshot.car.zst'],
  ['chains', 'mainnet-epochs-0-3.car.zst'],
  ['chains', 'carv2-butterflynet-genesis.car.zst'],
  ['genesis', 'mainnet.car.zst'],
  ['genesis', 'calibnet.car.zst'],
  ['genesis', 'butterflynet.car.zst'],
] as const

for (const path of foreign) {
  t.test(path.join('/'), async (t) => {
    const packed = sharedFile(t, ...path)
    if (packed === undefined) return
    const plain = zstdDecompressSync(packed)
    const file = join(t.testdir(), 'x.car.zst')
    writeFileSync(file, packed)
    const { roots, store } = readCar(file)
    const found = await read(file)
    t.same(found.roots, roots.map(String))
    t.equal(new Set(found.cids).size, store.size)
    t.same(await read([plain]), found, 'not compressed')
    t.same(await read(Readable.from(pieces(plain, 65_521))), found, 'in pieces')
    t.same(await read(pathToFileURL(file)), found, 'by file URL')
    t.same(await read(pathToFileURL(file).href), found, 'by the text of a file URL')
  })
}

t.test('version 2: the index behind the payload is not read', async (t) => {
  const packed = sharedFile(t, 'chains', 'carv2-butterflynet-genesis.car.zst')
  if (packed === undefined) return
  const plain = zstdDecompressSync(packed)
  const reader = await CarReader.open([plain])
  t.equal(reader.version, 2)
  let last = 0
  for await (const _ of reader.batches()) last = reader.position
  t.ok(last < plain.length)
  await t.rejects(read([plain.subarray(0, last - 1)]), { code: 'CAR_TRUNCATED' })
  const far = Buffer.from(plain)
  far.writeBigUInt64LE(2n ** 63n, 11 + 16)
  await t.rejects(read([far]), { code: 'CAR_FORMAT', message: /CARv2 header/ })
  const before = Buffer.from(plain)
  before.writeBigUInt64LE(3n, 11 + 16)
  await t.rejects(read([before]), { code: 'CAR_FORMAT' })
})

t.test('written and read again, in pieces of any size', async (t) => {
  const blocks = Array.from({ length: 40 }, (_, i) => block(i, 1 + 4 + i * 37))
  blocks.push(block(99, 3 << 20))
  const bytes = await car(blocks)
  const want = {
    roots: [String(blocks[0]?.cid)],
    cids: blocks.map((b) => b.cid.toString()),
    bytes: blocks.reduce((n, b) => n + b.data.length, 0),
  }
  for (const size of [1 << 30, 100_003, 4096]) t.same(await read(pieces(bytes, size)), want, `pieces of ${size}`)
  t.same(await read(pieces(await car(blocks.slice(0, 40)), 1)), {
    ...want,
    cids: want.cids.slice(0, 40),
    bytes: want.bytes - (3 << 20),
  })
  const reader = await CarReader.open([bytes])
  t.equal((await reader.peek())?.dataLength, 5)
  t.equal(String((await reader.next())?.cid), want.cids[0])
  const parts: Uint8Array[] = []
  t.equal(String(await reader.stream(1 << 20, (p) => void parts.push(p))), want.cids[1])
  t.same(Buffer.concat(parts), Buffer.from(blocks[1]?.data as Uint8Array))
  await reader.close()
})

t.test('a block of any size is streamed both ways, and its hash compared', async (t) => {
  const big = block(5, 33 << 20)
  const parts: Uint8Array[] = []
  const writer = new CarWriter(async (b) => void parts.push(b), [big.cid])
  await writer.writeStream(big.cid.bytes, big.data.length, Readable.from(pieces(big.data, 1 << 20)))
  await writer.write(block(6).cid.bytes, block(6).data)
  await writer.flush()
  const bytes = Buffer.concat(parts)
  await t.rejects(read([bytes]), { code: 'CAR_FORMAT', message: /longer than the limit/ })
  const reader = await CarReader.open([bytes])
  let length = 0
  t.ok(
    (
      await reader.stream(64 << 20, (p) => {
        length += p.length
      })
    ).equals(big.cid),
  )
  t.equal(length, big.data.length)
  t.equal(String((await reader.next())?.cid), String(block(6).cid))
  t.equal(await reader.next(), undefined)
  const small = await CarReader.open([bytes])
  await t.rejects(
    small.stream(1 << 20, () => {}),
    { code: 'CAR_FORMAT' },
  )
  bytes[5_000_000] = 0
  const flipped = await CarReader.open([bytes])
  await t.rejects(
    flipped.stream(64 << 20, () => {}),
    { code: 'CAR_HASH' },
  )
  await t.rejects(writer.writeStream(big.cid.bytes, 10, Readable.from([new Uint8Array(9)])), { code: 'CAR_FORMAT' })
  await t.rejects(writer.writeStream(big.cid.bytes, 10, Readable.from([new Uint8Array(11)])), { code: 'CAR_FORMAT' })
})

t.test('hostile files', async (t) => {
  const good = await car([block(1), block(2), block(3)])
  const header = carHeader([block(1).cid])
  const section = good.subarray(header.length, header.length + 140)
  const at = (offset: number, value: number): Buffer => {
    const b = Buffer.from(good)
    b[offset] = value
    return b
  }
  const cases: [string, Uint8Array, string, RegExp][] = [
    ['nothing', Buffer.alloc(0), 'CAR_TRUNCATED', /empty/],
    ['half a header', good.subarray(0, 20), 'CAR_TRUNCATED', /at byte 20/],
    [
      'a header without end',
      Buffer.concat([Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f]), Buffer.alloc(100)]),
      'CAR_FORMAT',
      /limit of 1048576/,
    ],
    ['a length without end', Buffer.alloc(50, 0xff), 'CAR_FORMAT', /malformed/],
    ['a header of length 0', Buffer.from([0, 1]), 'CAR_FORMAT', /no bytes/],
    ['text', Buffer.from('4not a CAR file, just text'), 'CAR_FORMAT|CAR_TRUNCATED', /./],
    ['a flipped byte in a block', at(header.length + 100, 0x55), 'CAR_HASH', new RegExp(String(block(1).cid))],
    ['a flipped byte in a CID', at(header.length + 30, 0x55), 'CAR_HASH', /do not match/],
    ['cut off in a section', good.subarray(0, good.length - 1), 'CAR_TRUNCATED', new RegExp(`at byte ${good.length - 1}`)],
    ['cut off in a length', Buffer.concat([good, Buffer.from([0x80])]), 'CAR_TRUNCATED', /./],
    ['garbage behind the last block', Buffer.concat([good, Buffer.from('garbage garbage')]), 'CAR_FORMAT|CAR_TRUNCATED', /./],
    ['zeros behind the last block', Buffer.concat([good, Buffer.alloc(16)]), 'CAR_FORMAT', /no bytes/],
    [
      'a huge section',
      Buffer.concat([header, Buffer.from([0xff, 0xff, 0xff, 0xff, 0x7f]), Buffer.alloc(100)]),
      'CAR_FORMAT',
      /limit of 33554432/,
    ],
    ['a section shorter than its CID', Buffer.concat([header, Buffer.from([20]), section.subarray(2, 22)]), 'CAR_FORMAT', /CID/],
    [
      'an unknown hash',
      Buffer.concat([header, Buffer.from([8, 1, 0x55, 0x16, 2, 1, 2, 3, 4])]),
      'CAR_FORMAT',
      /hash that is not known/,
    ],
    ['an identity CID with other data', Buffer.concat([header, Buffer.from([8, 1, 0x55, 0, 2, 1, 2, 1, 3])]), 'CAR_HASH', /./],
  ]
  for (const [name, bytes, code, message] of cases) {
    await t.rejects(read([bytes]), { code: new RegExp(`^(${code})$`), message }, name)
    await t.rejects(read(pieces(bytes, 7)), { code: new RegExp(`^(${code})$`), message }, `${name}, in small pieces`)
  }
  await t.resolves(read([Buffer.concat([header, Buffer.from([8, 1, 0x55, 0, 2, 1, 2, 1, 2])])]), 'an identity CID that is right')
  for (const body of [
    'a2646e6f7065f66776657273696f6e01',
    'a16776657273696f6e01',
    'a265726f6f7473806776657273696f6e03',
    'a265726f6f74738065726f6f747380',
    '80',
  ]) {
    t.throws(() => parseCarHeader(Buffer.from(body, 'hex')), { code: 'CAR_FORMAT' }, body)
  }
})

t.test('both scanners see the same', async (t) => {
  const blocks = Array.from({ length: 60 }, (_, i) => block(i, 5 + ((i * 7919) % 3000)))
  const bytes = (await car(blocks)).subarray(carHeader([block(0).cid]).length)
  const options = { verify: true, maxBlock: 32 << 20 }
  for (const end of [bytes.length, bytes.length - 1, bytes.length - 2500, 60, 1, 0]) {
    const chunk = bytes.subarray(0, end)
    t.same(await scanInBackground(chunk, options, 0), scanSections(chunk, options), `${end} bytes`)
  }
})

t.test('zstd: damage, an early end, and what follows the end', async (t) => {
  const blocks = Array.from({ length: 400 }, (_, i) => block(i, 300))
  const plain = await car(blocks)
  const packed = zstdCompressSync(plain)
  const want = await read([plain])
  t.same(await read([packed]), want)
  t.same(await read(pieces(packed, 3)), want)
  await t.rejects(read([packed.subarray(0, packed.length - 5)]), { code: 'CAR_TRUNCATED' })
  await t.rejects(read([packed.subarray(0, packed.length >> 1)]), { code: 'CAR_TRUNCATED' })
  await t.rejects(read([Buffer.concat([packed, Buffer.from('trailing garbage')])]), { code: /CAR_(FORMAT|TRUNCATED)/ })
  const flipped = Buffer.from(packed)
  flipped[packed.length >> 1] = (flipped[packed.length >> 1] as number) ^ 0xff
  await t.rejects(read([flipped]), { code: /CAR_(FORMAT|HASH|TRUNCATED)/ })
  const half = plain.length >> 1
  const skippable = Buffer.from([0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3])
  const frames = Buffer.concat([zstdCompressSync(plain.subarray(0, half)), skippable, zstdCompressSync(plain.subarray(half))])
  t.same(await read([frames]), want, 'several frames')
  for (const size of [1, 7, 100]) t.same(await read(pieces(frames, size)), want, `several frames in pieces of ${size}`)
  await t.rejects(read([frames.subarray(0, frames.length - 3)]), { code: 'CAR_TRUNCATED' })
  await t.rejects(read([frames.subarray(0, frames.indexOf(skippable) + 9)]), { code: 'CAR_TRUNCATED' })
  // 64 MiB of zeros in a few kB: refused at its first section, not unpacked.
  const bomb = zstdCompressSync(Buffer.concat([carHeader([block(1).cid]), Buffer.alloc(64 << 20)]))
  t.ok(bomb.length < 20_000)
  await t.rejects(read([bomb]), { code: 'CAR_FORMAT' })
})

t.test('files that are not there', async (t) => {
  await t.rejects(read(join(t.testdir(), 'none.car')), { code: 'CAR_SOURCE', message: /cannot be read/ })
  await t.rejects(read(t.testdir()), { code: 'CAR_SOURCE', message: /is not a file/ })
})

t.test('the writer waits for a slow stream and hears of its failure', async (t) => {
  let pending = 0
  let most = 0
  const slow = new Writable({
    highWaterMark: 1 << 20,
    write(chunk: Uint8Array, _, done) {
      pending += chunk.length
      most = Math.max(most, slow.writableLength)
      setTimeout(done, 2)
    },
  })
  const writer = new CarWriter(streamSink(slow), [block(0).cid])
  for (let i = 0; i < 10; i++) await writer.write(block(i, 900_000).cid.bytes, block(i, 900_000).data)
  await writer.flush()
  slow.end()
  await once(slow, 'finish')
  t.equal(pending, writer.bytes)
  t.ok(most < 4 << 20)
  const broken = new Writable({
    write(_chunk, _encoding, done) {
      done(new Error('disk full'))
    },
  })
  const failing = new CarWriter(streamSink(broken), [block(0).cid])
  await t.rejects(
    (async () => {
      for (let i = 0; i < 10; i++) await failing.write(block(i).cid.bytes, new Uint8Array(900_000))
    })(),
    /disk full/,
  )
})

interface Serving {
  readonly url: string
  readonly requests: (string | undefined)[]
  readonly server: Server
}

async function serve(
  body: () => Buffer,
  behave: { cutAfter?: number; ranges?: boolean; etag?: () => string; fail?: (n: number) => number | undefined },
): Promise<Serving> {
  const requests: (string | undefined)[] = []
  const server = createServer((request, response) => {
    requests.push(request.headers.range)
    const status = behave.fail?.(requests.length)
    if (status !== undefined) {
      response.writeHead(status).end()
      return
    }
    const all = body()
    const from = behave.ranges === false ? 0 : Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
    const headers: Record<string, string> = { 'content-length': String(all.length - from), etag: behave.etag?.() ?? '"one"' }
    if (from > 0) headers['content-range'] = `bytes ${from}-${all.length - 1}/${all.length}`
    response.writeHead(from > 0 ? 206 : 200, headers)
    const end =
      behave.cutAfter === undefined
        ? all.length
        : Math.min(all.length, from + behave.cutAfter * (behave.ranges === false ? requests.length : 1))
    response.write(all.subarray(from, end), () => {
      if (end < all.length) response.destroy()
      else response.end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  server.unref()
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/snapshot.car`, requests, server }
}

t.test('a download goes on where it broke off', async (t) => {
  const bytes = await car(Array.from({ length: 600 }, (_, i) => block(i, 1000)))
  const want = await read([bytes])
  const cut = await serve(() => bytes, { cutAfter: 250_000 })
  const source = await openCarSource(cut.url)
  t.equal(source.totalBytes, bytes.length)
  for await (const _ of source.bytes) break
  t.same(await read(cut.url), want)
  t.ok(cut.requests.length >= 4, `${cut.requests.length} requests`)
  t.ok(cut.requests.some((r) => r !== undefined && r !== 'bytes=0-'))
  cut.server.closeAllConnections()

  const packed = zstdCompressSync(bytes)
  const compressed = await serve(() => packed, { cutAfter: Math.ceil(packed.length / 3) })
  t.same(await read(compressed.url), want, 'compressed')
  compressed.server.closeAllConnections()

  const noRange = await serve(() => bytes, { cutAfter: 250_000, ranges: false })
  t.same(await read(noRange.url), want, 'a server that always starts over')
  noRange.server.closeAllConnections()

  const shaky = await serve(() => bytes, { fail: (n) => (n === 1 ? 503 : undefined) })
  t.same(await read(shaky.url), want, 'after a 503')
  shaky.server.closeAllConnections()

  let version = 0
  const changing = await serve(() => bytes, { cutAfter: 250_000, etag: () => `"${version++}"` })
  await t.rejects(read(changing.url), { code: 'CAR_SOURCE', message: /changed/ })
  changing.server.closeAllConnections()

  const gone = await serve(() => bytes, { fail: () => 404 })
  await t.rejects(read(gone.url), { code: 'CAR_SOURCE', message: /answered 404/ })
  gone.server.closeAllConnections()

  const ending = new AbortController()
  const never = await serve(() => bytes, { fail: () => 503 })
  setTimeout(() => ending.abort(new Error('enough')), 200)
  await t.rejects(openCarSource(never.url, { signal: ending.signal }), /enough|abort/)
  never.server.closeAllConnections()
})
