import { equal } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { zstdDecompressSync } from 'node:zlib'
import { StateTree } from '../../../../src/actors/state-tree.ts'
import { extractLinks } from '../../../../src/native/ipld.ts'
import { MemoryBlockstore } from '../../../../src/store/blockstore.ts'
import { CarReader } from '../../../../src/store/car/car-reader.ts'
import { decodeBlock } from '../../../../src/types/block.ts'
import { cidFromBytes, cidKey, RAW } from '../../../../src/types/cid.ts'
import type { ConformanceReport } from '../../../kit/conformance.ts'

/** Actors of a bundle; this file was written without their code. */
const WASM_BLOCKS = 16

async function* whole(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

/** A CARv2 file, read by the program's own reader: every block hashes to its CID, and nothing but the wasm is missing. */
export async function carV2File(report: ConformanceReport, path: string): Promise<void> {
  await report.check('CARv2 of the butterflynet genesis', async () => {
    const reader = await CarReader.open(whole(zstdDecompressSync(readFileSync(path))))
    equal(reader.version, 2)
    const store = new MemoryBlockstore()
    for await (const { cid, data } of reader.blocks()) store.put(cid, data)
    equal(reader.roots.length, 1)
    const [root] = reader.roots
    if (root === undefined) throw new Error('the file has no root')
    const header = decodeBlock(store.get(root) as Uint8Array)
    equal(header.height, 0)
    const missing = new Set<string>()
    const seen = new Set<string>([cidKey(root)])
    const queue = [root]
    for (let cid = queue.pop(); cid !== undefined; cid = queue.pop()) {
      const data = store.get(cid)
      if (data === undefined) {
        equal(cid.code, RAW, `${cid} is missing`)
        missing.add(cidKey(cid))
        continue
      }
      for (const bytes of extractLinks(data, cid.code)) {
        const link = cidFromBytes(bytes)
        // Commitments to sectors are no blocks, and the genesis's parent is none of this chain.
        if (link.code > 0xf000 || seen.has(cidKey(link)) || header.parents.some((p) => cidKey(p) === cidKey(link))) continue
        seen.add(cidKey(link))
        queue.push(link)
      }
    }
    equal(missing.size, WASM_BLOCKS)
    let total = 0n
    for (const [, actor] of StateTree.load(store, header.parentStateRoot).actors()) total += actor.balance
    equal(total, 2_000_000_000n * 10n ** 18n)
  })
}
