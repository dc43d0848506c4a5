import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { LocalProver } from '../../../src/miner/prover.ts'
import type { ProvingSector } from '../../../src/miner/proving.ts'
import { initStoragePath } from '../../../src/miner/storage/path-meta.ts'
import { SectorIndex } from '../../../src/miner/storage/sector-index.ts'
import { SectorStore } from '../../../src/miner/storage/sector-store.ts'
import { verifyWindowPost, verifyWinningPost } from '../../../src/native/proofs.ts'
import { presealSector, setProofParentDir } from '../../../src/native/sealing.ts'
import { CID } from '../../../src/types/cid.ts'
import { presealedSectors } from '../../kit/presealed.ts'
import { useTestParameters } from '../../kit/proof-parameters.ts'
import { sharedData } from '../../kit/shared-data.ts'

// The first run on a machine makes parameters.
t.setTimeout(1_200_000)

const miner = 1000n
const windowType = 10
const sealProof = 5
const randomness = new Uint8Array(32).fill(0xff)

const scratch = mkdtempSync(join(tmpdir(), 'nelumbo-prover-'))
t.teardown(() => rmSync(scratch, { recursive: true, force: true }))
setProofParentDir(join(scratch, 'parents'))

const newStore = () =>
  new SectorStore({ index: new SectorIndex(), paths: { storagePaths: async () => [], setStoragePaths: async () => {} } })

/** A storage path with three sectors of our own sealing, one of them updated in the manner of a snap deal. */
async function ownSectors(name: string) {
  const path = join(scratch, name)
  await initStoragePath(path, { canStore: true })
  const sectors: ProvingSector[] = []
  for (const number of [3n, 1n, 2n]) {
    const [sealed, cache] = number === 2n ? ['update', 'update-cache'] : ['sealed', 'cache']
    mkdirSync(join(path, sealed as string), { recursive: true })
    const { sealedCid } = await presealSector({
      sealProofType: sealProof,
      miner,
      sector: number,
      ticket: new Uint8Array(32),
      cachePath: join(path, cache as string, `s-t01000-${number}`),
      sealedPath: join(path, sealed as string, `s-t01000-${number}`),
      stagedPath: join(path, 'staged'),
      sectorSize: 2048,
      content: { seed: new Uint8Array(32).fill(Number(number)) },
    })
    sectors.push({ number, sealProof, sealedCid: CID.decode(sealedCid), updated: number === 2n })
  }
  const store = newStore()
  await store.attach(path)
  return { path, sectors, store, prover: new LocalProver({ store }) }
}

const publicSectors = (sectors: readonly ProvingSector[]) =>
  sectors.map(({ number, sealedCid }) => ({ sealProofType: sealProof, sector: number, sealedCid: sealedCid.bytes }))

t.before(async () => {
  await useTestParameters()
})

t.test("lotus-seed's sectors are proven where they lie", async (t) => {
  const path = sharedData(t, 'chains', 'lotus-devnet-proofs', 'miners', 't01000')
  const described = presealedSectors(t, 1000)
  if (path === undefined || described === undefined) return
  const store = newStore()
  await store.attach(path)
  const prover = new LocalProver({ store })
  const sectors = described.map(({ sectorNumber, sealedCid }) => ({
    number: sectorNumber,
    sealProof,
    sealedCid: CID.decode(sealedCid),
    updated: false,
  }))
  t.equal((await prover.checkProvable(miner, windowType, sectors)).size, 0)
  const [challenged] = sectors
  const winning = await prover.winningPost(miner, [challenged as ProvingSector], randomness)
  t.equal(winning[0]?.proofType, 0)
  const winningInfo = { randomness, miner, proofs: winning, sectors: publicSectors([challenged as ProvingSector]) }
  t.equal(await verifyWinningPost(winningInfo), true)
  t.equal(await verifyWinningPost({ ...winningInfo, miner: 1001n }).catch(() => false), true, 'the circuit has no prover')
  t.equal(await verifyWinningPost({ ...winningInfo, randomness: new Uint8Array(32) }), false)
  t.equal(await verifyWinningPost({ ...winningInfo, sectors: publicSectors([sectors[1] as ProvingSector]) }), false)

  const { proofs, skipped } = await prover.windowPost(miner, windowType, sectors, randomness)
  t.same(skipped, [])
  const windowInfo = { randomness, miner, proofs, sectors: publicSectors(sectors) }
  t.equal(await verifyWindowPost(windowInfo), true)
  t.equal(await verifyWindowPost({ ...windowInfo, randomness: new Uint8Array(32) }), false)

  await t.test('1,000 mutated proofs are refused, and the process lives', async (t) => {
    // A generator of our own: the same mutations each time.
    let state = 1
    const random = (below: number) => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0
      return (state >>> 8) % below
    }
    let accepted = 0
    for (let i = 0; i < 1000; i++) {
      const original = (i % 2 === 0 ? winning : proofs)[0] as { proofType: number; proof: Uint8Array }
      let proof = Uint8Array.from(original.proof)
      const how = random(10)
      if (how === 0) proof = proof.subarray(0, random(proof.length))
      else if (how === 1) proof = Buffer.concat([proof, proof])
      else for (let flips = 1 + random(3); flips > 0; flips--) proof[random(proof.length)] = random(256)
      if (Buffer.compare(proof, original.proof) === 0) proof[0] = (proof[0] as number) ^ 1
      const mutated = [{ proofType: original.proofType, proof }]
      const verdict =
        i % 2 === 0
          ? verifyWinningPost({ ...winningInfo, proofs: mutated })
          : verifyWindowPost({ ...windowInfo, proofs: mutated })
      if (await verdict.catch((e: { code: string }) => (e.code === 'NATIVE_PROOF' ? false : Promise.reject(e)))) accepted++
    }
    t.equal(accepted, 0)
    t.equal(await verifyWinningPost(winningInfo), true)
    t.equal(await verifyWindowPost(windowInfo), true)
  })
})

t.test('own sectors over two partitions, one of them updated, in any order', async (t) => {
  const { sectors, prover } = await ownSectors('two-partitions')
  const { proofs, skipped } = await prover.windowPost(miner, windowType, [...sectors, sectors[0] as ProvingSector], randomness)
  t.same(skipped, [])
  t.equal(proofs[0]?.proof.length, 2 * 192)
  t.equal(await verifyWindowPost({ randomness, miner, proofs, sectors: publicSectors(sectors) }), true)
})

t.test('each way in which files can fail is named, and mended', async (t) => {
  const { path, sectors, store, prover } = await ownSectors('failing')
  const sealed = join(path, 'sealed/s-t01000-1')
  const cache = join(path, 'cache/s-t01000-1')
  const whole = readFileSync(sealed)
  const check = async () => [...(await prover.checkProvable(miner, windowType, sectors))]
  t.same(await check(), [])
  const fails = async (message: RegExp) => {
    const found = await prover.windowPost(miner, windowType, sectors, randomness)
    t.same(found, { proofs: [], skipped: [1n] })
    const bad = await check()
    t.equal(bad.length, 1)
    t.equal(bad[0]?.[0], 1n)
    t.match(bad[0]?.[1], message)
  }

  renameSync(sealed, `${path}/away`)
  await fails(/Sector 1 has no sealed file/)
  renameSync(`${path}/away`, sealed)
  t.same(await check(), [], 'back')

  truncateSync(sealed, 1000)
  await fails(/has 1000 bytes instead of 2048/)
  // All leaves but one are flipped, so that any challenge shows it.
  writeFileSync(
    sealed,
    whole.map((byte, i) => (i % 32 === 5 ? byte ^ 1 : byte)),
  )
  await fails(/sector 1: .* is invalid/)
  writeFileSync(sealed, whole)

  const pAux = readFileSync(join(cache, 'p_aux'))
  writeFileSync(join(cache, 'p_aux'), Buffer.concat([pAux.subarray(0, 40), Buffer.from([1]), pAux.subarray(41)]))
  await fails(/p_aux does not belong to the sealed CID/)
  writeFileSync(join(cache, 'p_aux'), pAux.subarray(0, 40))
  await fails(/p_aux has 40 bytes instead of 64/)
  writeFileSync(join(cache, 'p_aux'), pAux)

  const tree = join(cache, 'sc-02-data-tree-r-last.dat')
  const leaves = readFileSync(tree)
  writeFileSync(tree, new Uint8Array(32))
  await fails(/sector 1: /)
  rmSync(tree)
  await fails(/sector 1: /)
  writeFileSync(tree, leaves)

  const others = [
    ...sectors.filter(({ number }) => number !== 1n),
    { ...(sectors.find(({ number }) => number === 1n) as ProvingSector), updated: true },
  ]
  t.match([...(await prover.checkProvable(miner, windowType, others))], [[1n, /no update file and no update-cache file/]])

  await t.test('a good copy elsewhere is enough', async (t) => {
    writeFileSync(sealed, new Uint8Array(2048))
    const second = join(scratch, 'second')
    await initStoragePath(second, { canStore: true })
    mkdirSync(join(second, 'sealed'))
    writeFileSync(join(second, 'sealed/s-t01000-1'), whole)
    cpSync(cache, join(second, 'cache/s-t01000-1'), { recursive: true })
    await store.attach(second)
    t.same(await check(), [])
    const one = sectors.filter(({ number }) => number === 1n)
    const { proofs } = await prover.windowPost(miner, windowType, one, randomness)
    t.equal(await verifyWindowPost({ randomness, miner, proofs, sectors: publicSectors(one) }), true)
  })

  await t.rejects(prover.winningPost(miner, [{ ...(sectors[0] as ProvingSector), number: 77n }], randomness), {
    code: 'PROVER_SECTOR',
    message: /Sector 77 has no sealed file/,
    fields: { sector: 77n },
  })
  await t.rejects(prover.winningPost(miner, [], randomness), { code: 'PROVER_SECTOR' })
})

t.test('a disk that does not answer costs its sector alone, and cancelling ends all', async (t) => {
  const { sectors, store } = await ownSectors('hanging')
  const hanging = {
    provingFiles: (sector: { miner: bigint; number: bigint }, updated: boolean) =>
      sector.number === 3n ? new Promise<never>(() => {}) : store.provingFiles(sector, updated),
  }
  const hasty = new LocalProver({ store: hanging }, { singleTimeoutMs: 50, parallelLimit: 1 })
  t.match([...(await hasty.checkProvable(miner, windowType, sectors))], [[3n, /Sector 3 took longer than allowed/]])
  const bounded = new LocalProver({ store: hanging }, { singleTimeoutMs: 0, partitionTimeoutMs: 50 })
  t.match([...(await bounded.checkProvable(miner, windowType, sectors))], [[3n, /took longer than allowed/]])

  const patient = new LocalProver({ store: hanging }, { singleTimeoutMs: 0, partitionTimeoutMs: 0, parallelLimit: 0 })
  const reading = new AbortController()
  const check = patient.checkProvable(miner, windowType, sectors, { signal: reading.signal })
  reading.abort(new Error('shutting down'))
  await t.rejects(check, { message: 'shutting down' })

  const prover = new LocalProver({ store })
  const proving = new AbortController()
  const abandoned = prover.windowPost(miner, windowType, sectors, randomness, { signal: proving.signal })
  const second = prover.windowPost(miner, windowType, sectors, randomness, { signal: proving.signal })
  setImmediate(() => proving.abort(new Error('too late')))
  await t.rejects(abandoned, { message: 'too late' })
  await t.rejects(second, { message: 'too late' })
  const one = [sectors[0] as ProvingSector]
  const { proofs } = await prover.windowPost(miner, windowType, one, randomness)
  t.equal(await verifyWindowPost({ randomness, miner, proofs, sectors: publicSectors(one) }), true, 'and the next one is made')
})
