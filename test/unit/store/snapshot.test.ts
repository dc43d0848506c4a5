import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { zstdDecompressSync } from 'node:zlib'
import { type Test, t } from 'tap'
import { encode } from '../../../src/codec/codec.ts'
import { MemoryBlockstore } from '../../../src/store/blockstore.ts'
import type { CarLocation } from '../../../src/store/car/car-source.ts'
import { CarWriter } from '../../../src/store/car/car-writer.ts'
import { ChainReader } from '../../../src/store/chain-reader.ts'
import { ChainStore } from '../../../src/store/chain-store.ts'
import { LevelBlockstore } from '../../../src/store/level-blockstore.ts'
import { MetadataStore } from '../../../src/store/metadata.ts'
import { type ExportOptions, exportRange, exportSnapshot } from '../../../src/store/snapshot/export.ts'
import { importedF3Data } from '../../../src/store/snapshot/f3-data.ts'
import { type ImportOptions, type ImportResult, importSnapshot } from '../../../src/store/snapshot/import.ts'
import { snapshotMetadata } from '../../../src/store/snapshot/metadata.ts'
import { blockHeader } from '../../../src/types/block.ts'
import { type CID, cidKey, cidOf, RAW } from '../../../src/types/cid.ts'
import { type Tipset, TipsetKey, tipsetKeyBlock } from '../../../src/types/tipset.ts'
import { parseCar, readCar } from '../../kit/car.ts'
import { type TestChain, testChain } from '../../kit/fork-chain.ts'
import { sharedData, sharedFile } from '../../kit/shared-data.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))

interface Node {
  readonly store: LevelBlockstore
  readonly metadata: MetadataStore
  readonly chain: ChainStore
  close(): Promise<void>
}

async function openNode(path: string): Promise<Node> {
  const store = await LevelBlockstore.open({ path: join(path, 'chain') })
  const metadata = await MetadataStore.open(join(path, 'metadata'))
  const chain = await ChainStore.open({ store, metadata, reader: new ChainReader(store) })
  return {
    store,
    metadata,
    chain,
    async close() {
      await chain.close()
      await metadata.close()
      await store.close()
    },
  }
}

type Extra = Partial<Pick<ImportOptions, 'check' | 'genesis' | 'onProgress' | 'signal'>>

function bring(node: Node, source: CarLocation, extra: Extra = {}): Promise<ImportResult> {
  return importSnapshot({ source, store: node.store, metadata: node.metadata, chain: node.chain, ...extra })
}

async function exported(
  chain: { readonly head: Tipset; readonly store: ExportOptions['store'] },
  options: Partial<ExportOptions> = {},
): Promise<Buffer> {
  const parts: Uint8Array[] = []
  await exportSnapshot({
    head: chain.head,
    store: chain.store,
    reader: new ChainReader(chain.store),
    recentStateRoots: 900,
    skipOldMessages: false,
    format: 'v1',
    sink: async (b) => void parts.push(b),
    ...options,
  })
  return Buffer.concat(parts)
}

const cids = (car: Uint8Array): string[] => [...parseCar(car).store.blocks()].map((b) => b.cid.toString()).sort()

const chains = [
  { name: 'lotus-devnet', head: 3001, tipsets: 2695, blocks: 20957 },
  { name: 'lotus-devnet-proofs', head: 787, tipsets: 355, blocks: 4636 },
] as const

for (const expected of chains) {
  t.test(`${expected.name}: import and export give Lotus's blocks`, async (t) => {
    const file = sharedData(t, 'chains', expected.name, 'snapshot.car.zst')
    if (file === undefined) return
    const path = t.testdir()
    const node = await openNode(path)
    const seen: string[] = []
    const result = await bring(node, file, { check: 'state', onProgress: (p) => seen.push(p.phase) })
    t.equal(result.head.height, expected.head)
    t.equal(result.blocks, expected.blocks)
    t.equal(result.version, 1)
    t.ok(seen.length > 0)
    t.ok(node.chain.head?.equals(result.head))
    t.ok(node.chain.genesis?.equals(result.genesis))
    let tipsets = 1
    for (let at = result.head; at.height > 0; at = node.chain.reader.parent(at)) tipsets++
    t.equal(tipsets, expected.tipsets)
    t.ok(node.store.has(tipsetKeyBlock(result.head.key).cid), 'keys are kept as blocks')
    t.ok(node.store.has(tipsetKeyBlock(node.chain.reader.parent(result.head).key).cid))

    const lotus = zstdDecompressSync(sharedFile(t, 'chains', expected.name, 'snapshot.car.zst') as Buffer)
    const ours = await exported({ head: result.head, store: node.store })
    t.same(cids(ours), cids(lotus), 'the same set of blocks')
    t.equal(ours.length, lotus.length, 'the same size')
    t.same(parseCar(ours).roots.map(String), parseCar(lotus).roots.map(String))

    const v2 = await exported({ head: result.head, store: node.store }, { format: 'v2' })
    const lean = await exported({ head: result.head, store: node.store }, { skipOldMessages: true })
    t.equal(lean.length < ours.length, expected.name === 'lotus-devnet', 'old messages can be left out')
    await node.close()

    const again = await openNode(path)
    t.ok(again.chain.head?.equals(result.head), 'the head is kept')
    t.ok(again.chain.genesis?.equals(result.genesis))
    const repeated = await bring(again, file)
    t.ok(repeated.head.equals(result.head), 'a second import of the same changes nothing')
    await again.close()

    const other = await openNode(join(path, 'other'))
    const fromV2 = await bring(other, [v2], { check: 'state' })
    t.equal(fromV2.version, 2)
    t.ok(fromV2.head.equals(result.head))
    await other.close()
  })

  t.test(`${expected.name}: a range with messages and receipts, as Lotus exported it`, async (t) => {
    const file = sharedData(t, 'chains', expected.name, 'chain.car.zst')
    if (file === undefined) return
    const { roots, store } = readCar(file)
    const reader = new ChainReader(store)
    const head = reader.tipset(new TipsetKey(roots))
    const range = async (
      options: { messages: boolean; receipts: boolean; stateRoots: boolean },
      tail: Tipset,
    ): Promise<Buffer> => {
      const parts: Uint8Array[] = []
      await exportRange({ head, tail, store, reader, ...options, sink: async (b) => void parts.push(b) })
      return Buffer.concat(parts)
    }
    const all = await range({ messages: true, receipts: true, stateRoots: false }, reader.genesisOf(head))
    t.same(cids(all), [...store.blocks()].map((b) => b.cid.toString()).sort())
    const headers = await range({ messages: false, receipts: false, stateRoots: false }, reader.genesisOf(head))
    t.ok(headers.length < all.length)
    t.equal(parseCar(headers).store.has(head.first.messages), false)
    const half = await range(
      { messages: true, receipts: true, stateRoots: false },
      reader.tipsetByHeight(head.height >> 1, head, { before: true }),
    )
    t.ok(half.length < all.length && half.length > headers.length)
    await t.rejects(range({ messages: true, receipts: true, stateRoots: true }, reader.genesisOf(head)), {
      code: 'STORE_BLOCK_MISSING',
    })
    await t.rejects(
      exportRange({
        head: reader.genesisOf(head),
        tail: head,
        store,
        reader,
        messages: true,
        receipts: true,
        stateRoots: false,
        sink: async () => {},
      }),
      { code: 'SNAPSHOT_FORMAT' },
    )
  })
}

for (const [path, height] of [
  [['chains', 'mainnet-epochs-0-3.car.zst'], 3],
  [['genesis', 'mainnet.car.zst'], 0],
  [['genesis', 'calibnet.car.zst'], 0],
  [['genesis', 'butterflynet.car.zst'], 0],
  [['chains', 'carv2-butterflynet-genesis.car.zst'], 0],
] as const) {
  t.test(path.join('/'), async (t) => {
    const file = sharedData(t, ...path)
    if (file === undefined) return
    const node = await openNode(t.testdir())
    const { head, genesis } = await bring(node, file)
    t.equal(head.height, height)
    t.equal(genesis.height, 0)
    await node.close()
  })
}

/** A chain of ours with one state block and messages, as a snapshot. */
function ownChain(
  first = 0,
): Omit<TestChain, 'genesis'> & { readonly head: Tipset; readonly genesis: Tipset; readonly tipsets: readonly Tipset[] } {
  const chain = testChain(first)
  // What Lotus calls the parent of the genesis is a block too.
  chain.put(new Uint8Array([0xf6]))
  const genesis = chain.genesis()
  const tipsets = [genesis]
  for (let i = 0; i < 30; i++)
    tipsets.push(chain.extend(tipsets.at(-1) as Tipset, { blocks: 1 + (i % 3), nullRounds: i % 4 === 0 ? 1 : 0 }))
  return { ...chain, genesis, tipsets, head: tipsets.at(-1) as Tipset }
}

async function refused(
  t: Test,
  source: Uint8Array,
  want: { code: string | RegExp; message?: RegExp },
  name: string,
  extra: Extra = {},
): Promise<void> {
  const node = await openNode(t.testdir())
  await t.rejects(bring(node, [source], extra), want, name)
  t.equal(node.chain.head, undefined, `${name}: no head`)
  await node.close()
}

async function withoutBlock(car: Uint8Array, missing: CID): Promise<Buffer> {
  const { roots, store } = parseCar(car)
  const parts: Uint8Array[] = []
  const writer = new CarWriter(async (b) => void parts.push(b), roots)
  for (const b of store.blocks()) if (cidKey(b.cid) !== cidKey(missing)) await writer.write(b.cid.bytes, b.data)
  await writer.flush()
  return Buffer.concat(parts)
}

t.test('what is refused leaves no head, and a good file can follow', async (t) => {
  const own = ownChain()
  const good = await exported(own)
  const flipped = Buffer.from(good)
  flipped[good.length - 20] = (flipped[good.length - 20] as number) ^ 1
  await refused(t, flipped, { code: 'CAR_HASH', message: /block bafy/ }, 'a flipped byte')
  await refused(t, good.subarray(0, -7), { code: 'CAR_TRUNCATED' }, 'cut off')
  await refused(t, Buffer.concat([good, Buffer.from('xyz')]), { code: /CAR_(FORMAT|TRUNCATED)/ }, 'garbage at the end')
  const middle = own.tipsets[15]?.cids[0] as CID
  await refused(
    t,
    await withoutBlock(good, middle),
    { code: 'SNAPSHOT_INCOMPLETE', message: new RegExp(String(middle)) },
    'a header is missing',
  )
  const genesisCid = own.genesis.cids[0] as CID
  await refused(
    t,
    await withoutBlock(good, genesisCid),
    { code: 'SNAPSHOT_INCOMPLETE', message: new RegExp(String(genesisCid)) },
    'the genesis is missing',
  )
  await refused(
    t,
    await withoutBlock(good, own.head.first.messages),
    { code: 'SNAPSHOT_INCOMPLETE' },
    "the head's messages are missing",
  )
  const state = own.head.parentStateRoot
  await refused(
    t,
    await withoutBlock(good, state),
    { code: 'SNAPSHOT_INCOMPLETE', message: new RegExp(String(state)) },
    'the state is missing',
    { check: 'state' },
  )
  const elsewhere = ownChain(500)
  await refused(t, good, { code: 'SNAPSHOT_GENESIS' }, 'another network', { genesis: elsewhere.genesis.cids[0] as CID })
  const noRoots = Buffer.concat([Buffer.from('11a265726f6f7473806776657273696f6e01', 'hex'), good.subarray(59)])
  await refused(t, noRoots, { code: 'SNAPSHOT_FORMAT' }, 'no roots')
  const stray = tipsetKeyBlock(own.head.key)
  own.put(stray.data)
  const parts: Uint8Array[] = []
  const writer = new CarWriter(async (b) => void parts.push(b), [stray.cid])
  await writer.write(stray.cid.bytes, stray.data)
  await writer.flush()
  await refused(t, Buffer.concat(parts), { code: 'SNAPSHOT_FORMAT', message: /no header/ }, 'a root that is no block of a chain')

  const node = await openNode(t.testdir())
  await t.rejects(bring(node, [flipped]), { code: 'CAR_HASH' })
  await t.rejects(bring(node, [good.subarray(0, good.length >> 1)]), { code: 'CAR_TRUNCATED' })
  const ending = new AbortController()
  ending.abort(new Error('stopped'))
  await t.rejects(bring(node, [good], { signal: ending.signal }), /stopped/)
  t.equal(node.chain.head, undefined)
  t.ok((await bring(node, [good], { genesis: genesisCid })).head.equals(own.head))
  const otherChain = ownChain(500)
  await t.rejects(bring(node, [await exported(otherChain)]), { code: 'SNAPSHOT_GENESIS' }, 'a repository of another chain')
  t.ok(node.chain.head?.equals(own.head))
  await node.close()
})

t.test('headers in any order, and cycles that cannot be', async (t) => {
  const own = ownChain()
  const good = parseCar(await exported(own))
  const turned: Uint8Array[] = []
  const writer = new CarWriter(async (b) => void turned.push(b), good.roots)
  for (const b of [...good.store.blocks()].reverse()) await writer.write(b.cid.bytes, b.data)
  await writer.flush()
  const node = await openNode(t.testdir())
  t.ok((await bring(node, turned)).head.equals(own.head), 'from the genesis up')
  await node.close()
  // A child that is not above its parent would let a file lead the reader on for ever.
  const bad = own.put(encode(blockHeader, { ...own.head.first, height: own.head.height, parents: [...own.head.cids] }))
  const level = new TipsetKey([bad])
  await refused(
    t,
    await carOf(own.store, level.cids),
    { code: 'SNAPSHOT_FORMAT', message: /height/ },
    'a parent as high as its child',
  )
})

async function carOf(store: MemoryBlockstore, roots: readonly CID[]): Promise<Buffer> {
  const parts: Uint8Array[] = []
  const writer = new CarWriter(async (b) => void parts.push(b), roots)
  for (const b of store.blocks()) await writer.write(b.cid.bytes, b.data)
  await writer.flush()
  return Buffer.concat(parts)
}

t.test('version 2: metadata, F3 data of any size, and what looks like it', async (t) => {
  const own = ownChain()
  const data = new Uint8Array(35 << 20).fill(3)
  const cid = cidOf(data, RAW)
  const f3 = {
    cid,
    bytes: data.length,
    async *pieces() {
      for (let i = 0; i < data.length; i += 1 << 20) yield data.subarray(i, i + (1 << 20))
    },
  }
  const good = await exported(own, { format: 'v2', f3 })
  const path = t.testdir()
  const node = await openNode(path)
  const result = await bring(node, [good])
  t.equal(result.version, 2)
  t.same(result.f3, { cid, bytes: data.length })
  t.equal(node.store.has(cid), false, 'certificates are no blocks of the chain')
  await node.close()
  const again = await openNode(path)
  const kept = importedF3Data(again.metadata)
  t.ok(kept?.cid.equals(cid))
  t.equal(Buffer.compare(Buffer.concat([...(kept?.pieces() ?? [])]), data), 0)
  const plain = await bring(again, [await exported(own, { format: 'v2' })])
  t.equal(plain.f3, undefined)
  await again.close()
  const flipped = Buffer.from(good)
  flipped[10 << 20] = 9
  await refused(t, flipped, { code: 'CAR_HASH', message: new RegExp(String(cid)) }, 'flipped F3 data')
  const { roots } = parseCar(await exported(own, { format: 'v2' }))
  const metadata = encode(snapshotMetadata, { version: 2n, headTipsetKey: [...own.head.cids], f3Data: cid })
  t.not(String(roots[0]), String(cidOf(metadata)))
  const lying: Uint8Array[] = []
  const writer = new CarWriter(async (b) => void lying.push(b), [cidOf(metadata)])
  await writer.write(cidOf(metadata).bytes, metadata)
  for (const b of own.store.blocks()) await writer.write(b.cid.bytes, b.data)
  await writer.flush()
  await refused(t, Buffer.concat(lying), { code: 'SNAPSHOT_FORMAT', message: /F3 data/ }, 'F3 data that does not follow')
  const future = encode(snapshotMetadata, { version: 3n, headTipsetKey: [...own.head.cids], f3Data: null })
  const newer: Uint8Array[] = []
  const third = new CarWriter(async (b) => void newer.push(b), [cidOf(future)])
  await third.write(cidOf(future).bytes, future)
  await third.flush()
  await refused(t, Buffer.concat(newer), { code: 'SNAPSHOT_FORMAT', message: /version 3/ }, 'a later version')
})

t.test('an export that lacks a block says which', async (t) => {
  const own = ownChain()
  const lost = own.tipsets[20]?.first.messages as CID
  const store = new MemoryBlockstore()
  for (const b of own.store.blocks()) if (!b.cid.equals(lost)) store.put(b.cid, b.data)
  await t.rejects(exported({ head: own.head, store }), { code: 'STORE_BLOCK_MISSING', message: new RegExp(String(lost)) })
  await t.rejects(exported(own, { recentStateRoots: -1 }), { code: 'SNAPSHOT_FORMAT' })
  const ending = new AbortController()
  ending.abort(new Error('stopped'))
  await t.rejects(exported(own, { signal: ending.signal }), /stopped/)
  await t.rejects(
    exported(own, {
      sink: async () => {
        throw new Error('disk full')
      },
    }),
    /disk full/,
  )
})

t.test('an import that was killed can be repeated', async (t) => {
  const packed = sharedFile(t, 'chains', 'lotus-devnet', 'snapshot.car.zst')
  if (packed === undefined) return
  const path = t.testdir()
  const file = join(path, 'snapshot.car')
  writeFileSync(file, zstdDecompressSync(packed))
  const child = spawn(process.execPath, [
    '--input-type=module',
    '-e',
    `import { createReadStream } from 'node:fs'
     import { setTimeout as sleep } from 'node:timers/promises'
     const root = ${JSON.stringify(root)}
     const { LevelBlockstore } = await import(root + 'src/store/level-blockstore.ts')
     const { importSnapshot } = await import(root + 'src/store/snapshot/import.ts')
     const store = await LevelBlockstore.open({ path: ${JSON.stringify(join(path, 'chain'))} })
     async function* slow() { let n = 0; for await (const c of createReadStream(${JSON.stringify(file)}, { highWaterMark: 1 << 20 })) { if (n++ === 14) { console.log('half'); await sleep(60000) } yield c } }
     await importSnapshot({ source: slow(), store })`,
  ])
  child.stderr.pipe(process.stderr)
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await once(child, 'exit')
  const node = await openNode(path)
  t.equal(node.chain.head, undefined)
  const half = await node.store.packBytes()
  t.ok(half > 4 << 20, `${half} bytes were written`)
  const { head } = await bring(node, file, { check: 'state' })
  t.equal(head.height, 3001)
  const bytes = await node.store.packBytes()
  t.ok(bytes < 22_500_000, `what the first try wrote is used (${bytes} bytes)`)
  await node.close()
})
