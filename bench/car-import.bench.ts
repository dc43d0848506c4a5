// Bringing CAR files into the store, every hash checked: the chains of the foreign data, mainnet's genesis, and a larger file
// whose blocks have the sizes of those of a chain's state (median 500 bytes), since the store's cost is by block.

import { createReadStream, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { multihashOf } from '../src/store/blockstore.ts'
import { CarReader } from '../src/store/car/car-reader.ts'
import { openCarSource } from '../src/store/car/car-source.ts'
import { CarWriter } from '../src/store/car/car-writer.ts'
import { LevelBlockstore } from '../src/store/level-blockstore.ts'
import { RawLevel } from '../src/store/raw-level.ts'
import { importSnapshot } from '../src/store/snapshot/import.ts'
import { cidOf } from '../src/types/cid.ts'
import { sharedDataRoot } from '../test/kit/shared-data.ts'
import { type Measurement, timed } from './benchmark.ts'

export const name = 'car-import'

const SYNTHETIC_MB = 256

let folder: string | undefined

/** Made once: 256 MB of blocks whose sizes are log-normal, 30 bytes to 200 kB. */
async function syntheticFile(): Promise<string> {
  if (folder === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'car-import-'))
    folder = made
    process.on('exit', () => rmSync(made, { recursive: true, force: true }))
  }
  const path = join(folder, 'synthetic.car')
  if (existsSync(path)) return path
  const file = await open(path, 'w')
  const writer = new CarWriter(async (b) => void (await file.write(b)), [cidOf(new Uint8Array(1))])
  let x = 1
  const random = (): number => {
    x = (Math.imul(x, 1_103_515_245) + 12_345) & 0x7fffffff
    return (x + 1) / 0x80000001
  }
  for (let i = 0; writer.bytes < SYNTHETIC_MB * 1e6; i++) {
    const normal = Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random())
    const data = new Uint8Array(Math.max(30, Math.min(200_000, Math.floor(500 * Math.exp(0.9 * normal)))))
    new DataView(data.buffer).setUint32(0, i)
    await writer.write(cidOf(data).bytes, data)
  }
  await writer.flush()
  await file.close()
  return path
}

async function intoStore(car: string): Promise<number> {
  const path = join(folder as string, 'store')
  rmSync(path, { recursive: true, force: true })
  const store = await LevelBlockstore.open({ path })
  const running = new Set<Promise<void>>()
  const reader = await CarReader.open(createReadStream(car, { highWaterMark: 1 << 20 }))
  for await (const batch of reader.batches()) {
    const one: Promise<void> = store.putSections(batch).then(() => void running.delete(one))
    running.add(one)
    if (running.size >= 3) await Promise.race(running)
  }
  await Promise.all(running)
  await store.sync()
  await store.close()
  return reader.position
}

/** The same blocks as values of LevelDB, which is what the packs are there to avoid. */
async function intoLevel(car: string): Promise<number> {
  const path = join(folder as string, 'level')
  rmSync(path, { recursive: true, force: true })
  const db = new RawLevel(path, { cacheBytes: 64 << 20, writeBufferBytes: 64 << 20, maxFileBytes: 64 << 20 })
  await db.open()
  const running = new Set<Promise<void>>()
  const reader = await CarReader.open(createReadStream(car, { highWaterMark: 1 << 20 }))
  for await (const { bytes, entries } of reader.batches()) {
    const part = (i: number): Uint8Array => bytes.subarray(entries[i], (entries[i] as number) + (entries[i + 1] as number))
    const one: Promise<void> = db
      .rawPutAll(
        entries.length / 4,
        (i) => multihashOf(part(i * 4)),
        (i) => part(i * 4 + 2),
        false,
      )
      .then(() => void running.delete(one))
    running.add(one)
    if (running.size >= 3) await Promise.race(running)
  }
  await Promise.all(running)
  await db.rawBatch([{ type: 'put', key: new Uint8Array(1), value: new Uint8Array(1) }], true)
  await db.close()
  return reader.position
}

async function hashed(car: string): Promise<void> {
  for await (const _ of (await CarReader.open(createReadStream(car, { highWaterMark: 1 << 20 }))).batches());
}

async function snapshot(file: string): Promise<number> {
  const path = join(folder as string, 'snapshot-store')
  rmSync(path, { recursive: true, force: true })
  const store = await LevelBlockstore.open({ path })
  const { bytes } = await importSnapshot({ source: (await openCarSource(file)).bytes, store })
  await store.close()
  return bytes
}

export async function run(): Promise<Measurement[]> {
  const car = await syntheticFile()
  const out: Measurement[] = []
  const measure = async (name: string, work: () => Promise<number>, baseline?: string): Promise<void> => {
    let bytes = 0
    const ms = await timed(async () => {
      bytes = await work()
    })
    out.push({ name, ms, count: Math.round(bytes / 1e6), unit: 'MB', ...(baseline !== undefined && { baseline }) })
  }
  await measure('synthetic: read and hash', async () => {
    await hashed(car)
    return SYNTHETIC_MB * 1e6
  })
  await measure('synthetic: into LevelDB itself', () => intoLevel(car))
  await measure('synthetic: read, hash, store, sync', () => intoStore(car), 'synthetic: into LevelDB itself')
  for (const [name, ...path] of [
    ['lotus-devnet snapshot (zstd)', 'chains', 'lotus-devnet', 'snapshot.car.zst'],
    ['lotus-devnet-proofs snapshot (zstd)', 'chains', 'lotus-devnet-proofs', 'snapshot.car.zst'],
    ['mainnet genesis (zstd)', 'genesis', 'mainnet.car.zst'],
  ] as const) {
    const file = join(sharedDataRoot, ...path)
    if (existsSync(file)) await measure(`import of ${name}`, () => snapshot(file))
  }
  return out
}
