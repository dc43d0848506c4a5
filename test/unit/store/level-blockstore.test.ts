import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { t } from 'tap'
import type { Block } from '../../../src/store/blockstore.ts'
import { CarReader } from '../../../src/store/car/car-reader.ts'
import { LevelBlockstore } from '../../../src/store/level-blockstore.ts'
import { CID, cidOf, RAW } from '../../../src/types/cid.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))

function block(n: number, size = 100): Block {
  const data = new Uint8Array(size)
  new DataView(data.buffer).setUint32(0, n)
  return { cid: cidOf(data, RAW), data }
}

const blocks = (from: number, to: number): Block[] => Array.from({ length: to - from }, (_, i) => block(from + i))
const same = (a: Uint8Array | undefined, b: Uint8Array): boolean => a !== undefined && Buffer.compare(a, b) === 0
const packs = (path: string): string[] => readdirSync(join(path, 'packs')).sort()

t.test('what is put is there: at once, later, and after reopening', async (t) => {
  const path = join(t.testdir(), 'chain')
  const store = await LevelBlockstore.open({ path })
  t.ok(await store.isEmpty())
  const all = blocks(0, 500)
  const writing = store.putMany(all)
  const first = all[0] as Block
  t.equal(store.get(first.cid), first.data, 'before it is written')
  t.ok(store.has(first.cid))
  t.same(await store.getMany([first.cid]), [first.data])
  await writing
  t.notOk(await store.isEmpty())
  t.ok(all.every((b) => same(store.get(b.cid), b.data)))
  t.ok(all.every((b) => same(store.getBytes(b.cid.bytes), b.data)))
  const many = await store.getMany([...all.map((b) => b.cid), block(1000).cid])
  t.ok(all.every((b, i) => same(many[i], b.data)))
  t.equal(many[500], undefined)
  t.equal(store.get(block(1000).cid), undefined)
  t.notOk(store.has(block(1000).cid))
  const other = CID.createV1(0x71, first.cid.multihash)
  t.ok(same(store.get(other), first.data), 'the codec is no part of the key')
  await store.close()
  await store.close()
  t.throws(() => store.get(first.cid), { code: 'STORE_CLOSED' })
  await t.rejects(store.putMany([first]), { code: 'STORE_CLOSED' })

  const again = await LevelBlockstore.open({ path })
  t.ok(all.every((b) => same(again.get(b.cid), b.data)))
  await again.close()
})

t.test('identity CIDs answer for themselves', async (t) => {
  const store = await LevelBlockstore.open({ path: t.testdir() })
  const data = Uint8Array.of(1, 2, 3)
  const cid = CID.decode(Uint8Array.of(1, RAW, 0, 3, ...data))
  t.same(store.get(cid), data)
  t.same(store.getBytes(cid.bytes), data)
  t.ok(store.has(cid))
  t.same(await store.getMany([cid]), [data])
  await store.putMany([{ cid, data }])
  t.ok(await store.isEmpty(), 'nothing is written for them')
  await store.close()
})

t.test('a block is stored once; delete forgets it', async (t) => {
  const path = t.testdir()
  const store = await LevelBlockstore.open({ path })
  const all = blocks(0, 50)
  await store.putMany(all, { sync: true })
  const bytes = await store.packBytes()
  await store.putMany(all)
  t.equal(await store.packBytes(), bytes)
  const b = all[3] as Block
  await store.delete([b.cid])
  t.notOk(store.has(b.cid))
  await store.putMany([b])
  t.ok(same(store.get(b.cid), b.data))
  await store.sync()
  await store.close()
})

t.test('sections of a CAR, with and without blocks that are there already', async (t) => {
  const path = t.testdir()
  const store = await LevelBlockstore.open({ path })
  const source = await LevelBlockstore.open({ path: join(path, 'source') })
  const all = blocks(0, 300)
  await source.putMany(all)
  await source.close()
  const file = readFileSync(join(path, 'source', 'packs', packs(join(path, 'source'))[0] as string))
  await store.putMany(all.filter((_, i) => i % 3 === 0))
  const before = await store.packBytes()
  const batches = async function* () {
    yield* (await CarReader.open([file])).batches()
  }
  for await (const batch of batches()) await store.putSections(batch, { skipKnown: true })
  t.ok(all.every((b) => same(store.get(b.cid), b.data)))
  const added = (await store.packBytes()) - before
  t.equal(added, 200 * (2 + 38 + 100), 'only what was missing')
  for await (const batch of batches()) await store.putSections(batch, { skipKnown: true })
  t.equal(await store.packBytes(), before + added)
  for await (const batch of batches()) await store.putSections(batch)
  t.ok((await store.packBytes()) > before + added)
  t.ok(all.every((b) => same(store.get(b.cid), b.data)))
  await store.close()
})

t.test('a pack is a CAR that other readers understand', async (t) => {
  const path = t.testdir()
  const store = await LevelBlockstore.open({ path })
  await store.putMany(blocks(0, 20))
  await store.close()
  const reader = await CarReader.open([readFileSync(join(path, 'packs', packs(path)[0] as string))])
  const found: string[] = []
  for await (const b of reader.blocks()) found.push(b.cid.toString())
  t.same(
    found,
    blocks(0, 20).map((b) => b.cid.toString()),
  )
})

t.test('a worker thread has the same store open, reads what it wrote and writes what it reads', async (t) => {
  const path = t.testdir()
  const store = await LevelBlockstore.open({ path })
  const all = blocks(0, 30)
  await store.putMany(all.slice(0, 20))
  const worker = new Worker(
    `import { workerData, parentPort } from 'node:worker_threads'
     const { LevelBlockstore } = await import(workerData.root + 'src/store/level-blockstore.ts')
     const { cidFromString } = await import(workerData.root + 'src/types/cid.ts')
     const store = await LevelBlockstore.open({ path: workerData.path, attached: true })
     const found = workerData.cids.map((c) => store.get(cidFromString(c))?.length ?? -1)
     await store.putMany(workerData.blocks.map((b) => ({ cid: cidFromString(b.cid), data: b.data })))
     await store.close()
     parentPort.postMessage(found)`,
    {
      eval: true,
      workerData: {
        root,
        path,
        cids: all.map((b) => b.cid.toString()),
        blocks: all.slice(20).map((b) => ({ cid: b.cid.toString(), data: b.data })),
      },
    },
  )
  const [found] = (await once(worker, 'message')) as [number[]]
  t.same(found, [...Array(20).fill(100), ...Array(10).fill(-1)])
  t.ok(all.every((b) => same(store.get(b.cid), b.data)))
  t.equal(packs(path).length, 2, 'each thread has its own pack')
  await once(worker, 'exit')
  await store.close()
  const again = await LevelBlockstore.open({ path })
  t.ok(all.every((b) => same(again.get(b.cid), b.data)))
  await again.close()
})

t.test('another process is kept out; reading only leaves the folder alone', async (t) => {
  const path = t.testdir()
  const store = await LevelBlockstore.open({ path })
  await store.putMany(blocks(0, 5))
  const child = spawn(process.execPath, [
    '--input-type=module',
    '-e',
    `const { LevelBlockstore } = await import(${JSON.stringify(`${root}src/store/level-blockstore.ts`)})
     try { await LevelBlockstore.open({ path: ${JSON.stringify(path)} }); console.log('opened') } catch (e) { console.log(e.code, e.message) }`,
  ])
  let output = ''
  child.stdout.on('data', (d) => {
    output += d
  })
  await once(child, 'exit')
  t.match(output, /^STORE_OPEN .*is in use by another process/)
  await store.close()
  const reader = await LevelBlockstore.open({ path, readOnly: true })
  t.ok(reader.has(block(0).cid))
  await t.rejects(reader.putMany([block(7)]), { code: 'STORE_CLOSED' })
  await reader.close()
})

/** A store whose process was killed while it wrote: its pack was never closed. */
async function killedStore(path: string): Promise<void> {
  const child = spawn(process.execPath, [
    '--input-type=module',
    '-e',
    `const { LevelBlockstore } = await import(${JSON.stringify(`${root}src/store/level-blockstore.ts`)})
     const { cidOf, RAW } = await import(${JSON.stringify(`${root}src/types/cid.ts`)})
     const store = await LevelBlockstore.open({ path: ${JSON.stringify(path)} })
     const blocks = Array.from({ length: 200 }, (_, n) => { const data = new Uint8Array(100); new DataView(data.buffer).setUint32(0, n); return { cid: cidOf(data, RAW), data } })
     await store.putMany(blocks.slice(0, 100)); await store.putMany(blocks.slice(100))
     console.log('written'); setInterval(() => {}, 1000)`,
  ])
  child.stderr.pipe(process.stderr)
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await once(child, 'exit')
}

t.test('after a kill everything written is there', async (t) => {
  const path = t.testdir()
  await killedStore(path)
  const store = await LevelBlockstore.open({ path })
  t.ok(blocks(0, 200).every((b) => same(store.get(b.cid), b.data)))
  await store.putMany(blocks(200, 210))
  t.equal(packs(path).length, 2, 'a pack of an earlier run is never appended to')
  await store.close()
})

const damage: Record<string, { do(pack: string): void; whole: number }> = {
  'a pack that was cut off inside a section': { do: (p) => truncateSync(p, statSync(p).size - 50), whole: 199 },
  'garbage behind the last section': { do: (p) => appendFileSync(p, Buffer.alloc(3000, 7)), whole: 200 },
  'zeros that a file system left': { do: (p) => appendFileSync(p, Buffer.alloc(5000)), whole: 200 },
  'a flipped byte in a block': {
    do(p) {
      const file = readFileSync(p)
      const at = file.length - 10 - 5 * 140
      file[at] = (file[at] as number) ^ 1
      writeFileSync(p, file)
    },
    whole: 194,
  },
  'a pack of nothing but half a header': { do: (p) => truncateSync(p, 5), whole: 0 },
}

for (const [name, { do: spoil, whole }] of Object.entries(damage)) {
  t.test(`a crash left ${name}`, async (t) => {
    const path = t.testdir()
    await killedStore(path)
    const pack = join(path, 'packs', packs(path)[0] as string)
    spoil(pack)
    const store = await LevelBlockstore.open({ path })
    const all = blocks(0, 200)
    all.forEach((b, i) => {
      const found = store.get(b.cid)
      if (i < whole ? !same(found, b.data) : found !== undefined) t.fail(`block ${i}`)
    })
    // What was lost can be had again.
    await store.putMany(all.slice(whole))
    t.ok(
      all.every((b) => same(store.get(b.cid), b.data)),
      'whole again',
    )
    t.equal(existsSync(pack), whole > 0)
    await store.close()
    const again = await LevelBlockstore.open({ path })
    t.ok(all.every((b) => same(again.get(b.cid), b.data)))
    await again.close()
  })
}

t.test('a disk that refuses is reported to the writer, and to every later one', async (t) => {
  const path = t.testdir({ file: 'x' })
  await t.rejects(LevelBlockstore.open({ path: join(path, 'file') }), { code: 'STORE_OPEN' })
  const store = await LevelBlockstore.open({ path: join(path, 'chain') })
  rmSync(join(path, 'chain', 'packs'), { recursive: true })
  await t.rejects(store.putMany([block(1)]), { code: 'ENOENT' })
  await t.rejects(store.putMany([block(2)]), { code: 'ENOENT' })
  t.equal(store.get(block(1).cid), undefined, 'what was not written is not there')
  await t.rejects(store.sync(), { code: 'ENOENT' })
  await t.rejects(store.close(), { code: 'ENOENT' })
  t.throws(() => store.get(block(1).cid), { code: 'STORE_CLOSED' })
})

t.test('check reads everything', async (t) => {
  const path = t.testdir()
  const store = await LevelBlockstore.open({ path })
  await store.check()
  await store.putMany(blocks(0, 300))
  await store.check()
  await store.close()
  const pack = join(path, 'packs', packs(path)[0] as string)
  const file = readFileSync(pack)
  file[9000] = (file[9000] as number) ^ 4
  writeFileSync(pack, file)
  const again = await LevelBlockstore.open({ path })
  await t.rejects(again.check(), { code: 'STORE_CORRUPT', message: /pack 0 .*do not match its CID/ })
  await again.close()
})

t.test('an index that was lost is rebuilt from the packs that were open', async (t) => {
  const path = t.testdir()
  await killedStore(path)
  rmSync(join(path, 'index'), { recursive: true })
  const store = await LevelBlockstore.open({ path })
  t.ok(blocks(0, 200).every((b) => same(store.get(b.cid), b.data)))
  await store.close()
})

t.test("a damaged index is reported, in the store's own words", async (t) => {
  const path = t.testdir()
  const store = await LevelBlockstore.open({ path })
  await store.putMany(blocks(0, 5))
  await store.close()
  writeFileSync(join(path, 'index', 'CURRENT'), 'nothing\n')
  await t.rejects(LevelBlockstore.open({ path }), { code: /STORE_(CORRUPT|OPEN)/ })
})
