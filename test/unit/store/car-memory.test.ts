import { zstdDecompressSync } from 'node:zlib'
import { t } from 'tap'
import { carHeader } from '../../../src/store/car/header.ts'
import { readCarBytes } from '../../../src/store/car/memory.ts'
import { cidOf, RAW } from '../../../src/types/cid.ts'
import { sharedFile } from '../../kit/shared-data.ts'

const section = (cid: Uint8Array, data: Uint8Array) => Buffer.concat([Uint8Array.of(cid.length + data.length), cid, data])

t.test('a CAR in memory', async (t) => {
  const data = Buffer.from('hello')
  const cid = cidOf(data, RAW)
  const header = carHeader([cid])
  const good = Buffer.concat([header, section(cid.bytes, data)])
  const { roots, blocks } = readCarBytes(good)
  t.same(roots.map(String), [String(cid)])
  t.same(
    blocks.map((b) => [String(b.cid), Buffer.from(b.data).toString()]),
    [[String(cid), 'hello']],
  )
  t.same(readCarBytes(header).blocks, [])

  const flipped = Buffer.from(good)
  flipped[flipped.length - 1]! ^= 1
  t.throws(() => readCarBytes(flipped), { code: 'CAR_HASH', message: new RegExp(String(cid)) })
  t.throws(() => readCarBytes(good.subarray(0, good.length - 1)), { code: 'CAR_TRUNCATED' })
  t.throws(() => readCarBytes(good.subarray(0, 10)), { code: 'CAR_TRUNCATED', message: /inside the CAR header/ })
  t.throws(() => readCarBytes(new Uint8Array(0)), { code: 'CAR_FORMAT' })
  t.throws(() => readCarBytes(Uint8Array.of(0)), { code: 'CAR_FORMAT' })
  t.throws(() => readCarBytes(new Uint8Array(20).fill(0xff)), { code: 'CAR_FORMAT' })
  t.throws(() => readCarBytes(Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x01, 1)), {
    code: 'CAR_FORMAT',
    message: /268435456 bytes is refused/,
  })
  t.throws(() => readCarBytes(Buffer.concat([good, Uint8Array.of(0)])), { code: 'CAR_FORMAT', message: /has no bytes/ })
})

t.test('genesis files of the networks', async (t) => {
  const { mainnet } = await import('../../../src/networks/mainnet.ts')
  const { calibnet } = await import('../../../src/networks/calibnet.ts')
  const { butterflynet } = await import('../../../src/networks/butterflynet.ts')
  const { decode } = await import('../../../src/codec/codec.ts')
  const { blockHeader } = await import('../../../src/types/block.ts')
  const { withGenesis } = await import('../../../src/networks/index.ts')
  for (const network of [mainnet, calibnet, butterflynet]) {
    const file = sharedFile(t, 'genesis', `${network.name}.car.zst`)
    if (file === undefined) return
    const { roots, blocks } = readCarBytes(zstdDecompressSync(file))
    t.same(roots.map(String), [String(network.genesisCid)], network.name)
    const [root] = roots
    const header = decode(blockHeader, blocks.find((b) => root?.equals(b.cid))!.data)
    t.equal(withGenesis(network, { cid: root!, timestamp: header.timestamp }).genesisTimestamp, network.genesisTimestamp)
  }
})
