import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CID } from 'multiformats/cid'
import t from 'tap'
import { dataCommitment, pieceCommitment, postChallenges } from '../../../src/native/proofs.ts'
import { vanillaProof } from '../../../src/native/proving.ts'
import {
  addPiece,
  clearSectorCache,
  fauxReplica,
  preCommit1,
  preCommit2,
  presealSector,
  setProofParentDir,
  unsealSector,
} from '../../../src/native/sealing.ts'
import { LOTUS_SEED_TICKET, presealedSectors } from '../../kit/presealed.ts'

t.setTimeout(120_000)

const sealProofType = 5
const sectorSize = 2048
const cidText = (bytes: Uint8Array): string => CID.decode(bytes).toString()

const scratch = mkdtempSync(join(tmpdir(), 'nelumbo-sealing-'))
t.teardown(() => rmSync(scratch, { recursive: true, force: true }))
setProofParentDir(join(scratch, 'parents'))

let folders = 0
const place = () => {
  const folder = join(scratch, String(folders++))
  mkdirSync(join(folder, 'cache'), { recursive: true })
  return { cachePath: join(folder, 'cache'), sealedPath: join(folder, 'sealed'), stagedPath: join(folder, 'staged') }
}

t.test("lotus-seed's sectors are unsealed, and sealed again to the same bytes", async (t) => {
  for (const miner of [1000, 1001] as const) {
    for (const sector of presealedSectors(t, miner) ?? []) {
      const { cachePath, sealedPath, stagedPath } = place()
      const id = { sealProofType, miner: BigInt(miner), sector: sector.sectorNumber, ticket: LOTUS_SEED_TICKET }
      // Unsealing writes labels into the cache folder; the data's own is not to be touched.
      cpSync(sector.cachePath, join(cachePath, 'theirs'), { recursive: true })
      const outputPath = join(cachePath, 'out')
      await unsealSector({
        ...id,
        cachePath: join(cachePath, 'theirs'),
        sealedPath: sector.sealedPath,
        unsealedCid: sector.unsealedCid,
        outputPath,
      })
      const data = readFileSync(outputPath)
      t.equal(data.length, 2032)
      t.same((await pieceCommitment(data)).cid, sector.unsealedCid)

      const ours = join(cachePath, 'ours')
      const sealed = await presealSector({ ...id, cachePath: ours, sealedPath, stagedPath, sectorSize, content: { data } })
      t.equal(cidText(sealed.sealedCid), cidText(sector.sealedCid))
      t.equal(cidText(sealed.unsealedCid), cidText(sector.unsealedCid))
      t.same(readFileSync(sealedPath), readFileSync(sector.sealedPath))
      for (const file of ['p_aux', 'sc-02-data-tree-r-last.dat']) {
        t.same(readFileSync(join(ours, file)), readFileSync(join(sector.cachePath, file)), file)
      }
      t.same(readdirSync(ours).sort(), ['p_aux', 'sc-02-data-tree-r-last.dat', 't_aux'])
      t.notOk(existsSync(stagedPath))
    }
  }
})

t.test('every input changes the replica', async (t) => {
  const base = { sealProofType, miner: 1000n, sector: 0n, ticket: new Uint8Array(32), content: { seed: new Uint8Array(32) } }
  const variants = [
    base,
    { ...base, miner: 1001n },
    { ...base, sector: 1n },
    { ...base, ticket: new Uint8Array(32).fill(1) },
    { ...base, content: { seed: new Uint8Array(32).fill(1) } },
    { ...base, content: { data: new Uint8Array(0) } },
  ]
  const seal = async (variant: (typeof variants)[number]) =>
    cidText((await presealSector({ ...variant, ...place(), sectorSize })).sealedCid)
  const found = await Promise.all(variants.map(seal))
  t.equal(new Set(found).size, variants.length)
  t.equal(await seal(base), found[0], 'and nothing else does')
})

t.test('a sector of several pieces', async (t) => {
  const { cachePath, sealedPath, stagedPath } = place()
  const sizes = [512, 128, 1024]
  const pieces = []
  const existing: number[] = []
  for (const [i, paddedSize] of sizes.entries()) {
    const data = new Uint8Array(100).fill(i)
    const piece = await addPiece({ sealProofType, stagedPath, paddedSize, existing, content: { data } })
    t.same(piece.cid, (await pieceCommitment(data, paddedSize)).cid)
    pieces.push(piece)
    existing.push(paddedSize)
  }
  await t.rejects(addPiece({ sealProofType, stagedPath, paddedSize: 1024, existing, content: { data: new Uint8Array(1) } }), {
    code: 'NATIVE_PROOF',
    message: /does not fit into the sector/,
  })
  // 512 and 128 leave a gap of 384 before 1,024: pieces of zeros as in the commitment.
  const zeros = async (size: number) => ({ cid: (await pieceCommitment(new Uint8Array(0), size)).cid, paddedSize: size })
  const [a, b, c] = pieces as [(typeof pieces)[0], (typeof pieces)[0], (typeof pieces)[0]]
  const padded = [a, b, await zeros(128), await zeros(256), c]
  const sector = { sealProofType, miner: 1n, sector: 1n, ticket: new Uint8Array(32), cachePath, sealedPath }
  const phase1 = await preCommit1({ ...sector, stagedPath, pieces: padded })
  const sealed = await preCommit2({ phase1, cachePath, sealedPath })
  t.same(sealed.unsealedCid, await dataCommitment(pieces, sealProofType))
  await clearSectorCache(cachePath)
})

t.test('bad input is refused with a sentence', async (t) => {
  const { cachePath, sealedPath, stagedPath } = place()
  const sector = { sealProofType, miner: 1n, sector: 1n, ticket: new Uint8Array(32), cachePath, sealedPath }
  const content = { seed: new Uint8Array(32) }
  const piece = await addPiece({ sealProofType, stagedPath, paddedSize: sectorSize, content })
  const refused = (call: Promise<unknown>, message: RegExp) => t.rejects(call, { code: 'NATIVE_PROOF', message })
  await refused(addPiece({ sealProofType, stagedPath, paddedSize: 100, content }), /power of two/)
  await refused(addPiece({ sealProofType, stagedPath, paddedSize: 128, content: { data: new Uint8Array(128) } }), /do not fit/)
  await refused(addPiece({ sealProofType: 99, stagedPath, paddedSize: 128, content }), /99 is not known/)
  await refused(preCommit1({ ...sector, ticket: new Uint8Array(31), stagedPath, pieces: [piece] }), /32 bytes/)
  await refused(preCommit1({ ...sector, stagedPath: `${stagedPath}x`, pieces: [piece] }), /No such file/)
  rmSync(sealedPath, { force: true })
  await refused(preCommit1({ ...sector, stagedPath, pieces: [] }), /cannot be sealed/)
  writeFileSync(sealedPath, 'here')
  await refused(preCommit1({ ...sector, stagedPath, pieces: [piece] }), /File exists/)
  await refused(preCommit2({ phase1: new Uint8Array(3), cachePath, sealedPath }), /cannot be sealed/)
  const stopped = AbortSignal.abort(new Error('stopped'))
  await t.rejects(addPiece({ sealProofType, stagedPath, paddedSize: 128, content }, { signal: stopped }), { message: 'stopped' })
})

t.test('a faux replica has what its openings need', async (t) => {
  const { cachePath, sealedPath } = place()
  const sealedCid = await fauxReplica(sealProofType, cachePath, sealedPath)
  const challenges = await postChallenges({ proofType: 10, randomness: new Uint8Array(32), miner: 1n, sectors: [1n] })
  const proof = await vanillaProof({
    postProofType: 10,
    sector: { sectorNumber: 1n, sealedCid, registeredSealProof: sealProofType, cachePath, sealedPath },
    challenges: challenges.get(1n) ?? [],
  })
  t.equal(proof.length, 5680)
})
