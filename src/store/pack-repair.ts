import { createReadStream } from 'node:fs'
import { CarReader } from './car/car-reader.ts'
import { CarError } from './car/errors.ts'
import { StoreError } from './errors.ts'
import { listPacks, truncatePack } from './pack-files.ts'
import { encodePlace, putPlaces } from './pack-places.ts'
import type { RawLevel } from './raw-level.ts'

/** Records in the index, beside the places: where each complete pack ends. No multihash begins with these letters. */
const SEALED = 'pack/'

function sealedKey(pack: number): Uint8Array {
  return Buffer.from(`${SEALED}${pack}`)
}

/** Notes that a pack is complete and on disk. */
export async function recordSealed(index: RawLevel, pack: number, bytes: number): Promise<void> {
  await index.rawBatch([{ type: 'put', key: sealedKey(pack), value: Buffer.from(String(bytes)) }], true)
}

/** Where each pack ends that was closed or repaired. */
export async function sealedEnds(index: RawLevel): Promise<Map<number, number>> {
  const ends = new Map<number, number>()
  // '0' is the byte after '/'.
  for await (const [key, value] of index.iterator({ gte: Buffer.from(SEALED), lt: Buffer.from('pack0') })) {
    ends.set(Number(Buffer.from(key).toString().slice(SEALED.length)), Number(Buffer.from(value).toString()))
  }
  return ends
}

/** Checks the packs that an earlier run did not close, cuts them off where they are damaged, and indexes what is whole. */
export async function repair(index: RawLevel, folder: string): Promise<void> {
  for (const { pack, path, bytes } of await listPacks(folder)) {
    const sealed = index.rawGet(sealedKey(pack))
    if (sealed !== undefined && Number(Buffer.from(sealed).toString()) <= bytes) continue
    const whole = await indexPack(index, path, pack)
    if (whole < bytes) await truncatePack(folder, pack, whole)
    await recordSealed(index, pack, whole)
  }
}

/** @returns bytes from the pack's start up to which all its sections are whole */
async function indexPack(index: RawLevel, path: string, pack: number): Promise<number> {
  let whole = 0
  try {
    const reader = await CarReader.open(createReadStream(path, { highWaterMark: 1 << 20 }))
    whole = reader.position
    for await (const batch of reader.batches()) {
      await putPlaces(index, batch, pack, whole, undefined, false)
      whole += batch.consumed
    }
  } catch (e) {
    if (!(e instanceof CarError)) throw e
    // A bad section ends a batch before it is handed over: what of it is whole is found one by one.
    whole = await indexSlowly(index, path, pack, whole)
  }
  return whole
}

async function indexSlowly(index: RawLevel, path: string, pack: number, from: number): Promise<number> {
  let whole = from
  try {
    const reader = await CarReader.open(createReadStream(path, { highWaterMark: 1 << 20 }))
    whole = reader.position
    for (let block = await reader.next(); block !== undefined; block = await reader.next()) {
      // What was indexed in bulk before is passed over.
      if (reader.position <= from) {
        whole = reader.position
        continue
      }
      const value = encodePlace(pack, reader.position - block.data.length, block.data.length)
      await index.rawBatch([{ type: 'put', key: block.cid.multihash.bytes, value }], false)
      whole = reader.position
    }
  } catch (e) {
    if (!(e instanceof CarError)) throw e
  }
  return whole
}

/**
 * Hashes the blocks of all packs.
 * @throws StoreError STORE_CORRUPT
 */
export async function checkPacks(index: RawLevel, folder: string, signal: AbortSignal | undefined): Promise<void> {
  const ends = await sealedEnds(index)
  for (const { pack, path, bytes } of await listPacks(folder)) {
    signal?.throwIfAborted()
    const reader = await CarReader.open(createReadStream(path, { end: bytes - 1 }), { signal })
    try {
      for await (const _ of reader.batches()) signal?.throwIfAborted()
    } catch (cause) {
      if (!(cause instanceof CarError)) throw cause
      // Another thread may be in the middle of a section at the end of its pack.
      if (cause.code === 'CAR_TRUNCATED' && !ends.has(pack)) continue
      throw new StoreError('STORE_CORRUPT', `pack ${pack} of the block store is damaged: ${cause.message}`, { cause })
    }
  }
}
