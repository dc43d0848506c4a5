import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { CID } from 'multiformats/cid'
import t from 'tap'
import { blake2b256 } from '../../../src/native/crypto.ts'
import type { PoStInfo, SealInfo } from '../../../src/native/proofs.ts'
import {
  dataCommitment,
  pieceCommitment,
  pieceCommitmentOfFile,
  postChallenges,
  setProofParameterDir,
  verifyAggregateSeals,
  verifyReplicaUpdate,
  verifySeal,
  verifyWindowPost,
  verifyWinningPost,
  winningPostChallenge,
} from '../../../src/native/proofs.ts'
import { decodeBlock } from '../../../src/types/block.ts'
import { carBlocks } from '../../kit/fvm-vectors.ts'
import { sharedData, sharedFile, sharedJson } from '../../kit/shared-data.ts'

t.setTimeout(120_000)

const cidText = (bytes: Uint8Array): string => CID.decode(bytes).toString()

t.test('piece commitments of constant payloads', async (t) => {
  for (const [file, byte] of [
    ['zero.txt', 0],
    ['0xCC.txt', 0xcc],
  ] as const) {
    const lines = sharedFile(t, 'commp', file)?.toString('utf8').trim().split('\n')
    if (lines === undefined) return
    const scratch = mkdtempSync(join(tmpdir(), 'nelumbo-commp-'))
    t.teardown(() => rmSync(scratch, { recursive: true, force: true }))
    for (const line of lines) {
      const [payload, padded, cid] = line.split(',') as [string, string, string]
      const data = new Uint8Array(Number(payload)).fill(byte)
      const piece = await pieceCommitment(data)
      t.equal(cidText(piece.cid), cid, line)
      t.equal(piece.paddedSize, Number(padded), line)
      const path = join(scratch, payload)
      writeFileSync(path, data)
      t.equal(cidText((await pieceCommitmentOfFile(path, Number(padded))).cid), cid, line)
      if (Number(padded) > 128) {
        await t.rejects(pieceCommitment(data, Number(padded) / 2), { code: 'NATIVE_PROOF', message: /do not fit/ })
      }
    }
  }
  for (const size of [1, 64, 127, 129, 2 ** 37, -128, Number.NaN]) {
    await t.rejects(pieceCommitment(Uint8Array.of(1), size), { code: 'NATIVE_PROOF' })
  }
  await t.rejects(pieceCommitmentOfFile('/nowhere/at/all'), { code: 'NATIVE_PROOF', message: /cannot be opened/ })
})

t.test('unsealed CIDs of sectors', async (t) => {
  const zeros = await pieceCommitment(new Uint8Array(127 * 16))
  t.equal(zeros.paddedSize, 2048)
  t.equal(cidText(await dataCommitment([], 5)), cidText(zeros.cid), 'an empty sector is zeros')
  t.equal(cidText(await dataCommitment([zeros], 5)), cidText(zeros.cid), 'one piece that fills it')
  // A small piece, the gap to the alignment of a larger one, that one, and zeros to the end.
  const data = (size: number, seed: number): Uint8Array => Uint8Array.from({ length: size }, (_, i) => (i * seed) & 0x3f)
  const small = data(127, 3)
  const large = data(127 * 4, 5)
  const whole = new Uint8Array(127 * 16)
  whole.set(small, 0)
  whole.set(large, 127 * 4)
  const pieces = [await pieceCommitment(small), await pieceCommitment(large)]
  t.equal(cidText(await dataCommitment(pieces, 5)), cidText((await pieceCommitment(whole)).cid))
  await t.rejects(dataCommitment([zeros, zeros], 5), { code: 'NATIVE_PROOF', message: /do not fit/ })
  await t.rejects(dataCommitment(pieces, 99), { code: 'NATIVE_PROOF', message: /seal proof type 99/ })
  await t.rejects(dataCommitment([{ cid: Uint8Array.of(1), paddedSize: 128 }], 5), { code: 'NATIVE_ARGUMENT' })
  await t.rejects(dataCommitment([{ ...zeros, paddedSize: 100 }], 5), { code: 'NATIVE_PROOF' })
})

interface PreSeal {
  Sectors: { CommR: { '/': string }; CommD: { '/': string }; SectorID: number; ProofType: number }[]
}

t.test('winning PoSts in the headers of a Lotus chain', async (t) => {
  const folder = sharedData(t, 'chains', 'lotus-devnet-proofs')
  if (folder === undefined) return
  setProofParameterDir(join(folder, 'params'))
  setProofParameterDir(join(folder, 'params'))
  t.throws(() => setProofParameterDir('/elsewhere'), { code: 'NATIVE_PROOF', message: /only one directory/ })

  const presealed = new Map<bigint, PreSeal['Sectors']>()
  for (const miner of ['t01000', 't01001']) {
    const file = sharedJson<Record<string, PreSeal>>(
      t,
      'chains',
      'lotus-devnet-proofs',
      'miners',
      miner,
      `pre-seal-${miner}.json`,
    )
    presealed.set(BigInt(miner.slice(2)), file?.[miner]?.Sectors ?? [])
  }
  const blocks = new Map<string, Uint8Array>()
  carBlocks(zstdDecompressSync(readFileSync(join(folder, 'chain.car.zst'))), blocks)
  const headers = [...blocks.values()]
    .filter((d) => d[0] === 0x90 && (d[1] as number) >= 0x42 && (d[1] as number) <= 0x44 && d[2] === 0)
    .map((d) => ({ block: decodeBlock(d), miner: d.subarray(2, 2 + ((d[1] as number) & 0x1f)) }))
    .filter(({ block }) => block.height > 0 && block.height < 60)
    .sort((a, b) => a.block.height - b.block.height)
  t.ok(headers.length > 20)

  let entry: Uint8Array | undefined
  let checked = 0
  for (const { block, miner } of headers) {
    // Blocks without an entry draw from the last one before them.
    entry = block.beaconEntries.at(-1)?.data ?? entry
    if (entry === undefined) continue
    const id = miner.subarray(1).reduce((sum, byte, i) => sum + (BigInt(byte & 0x7f) << BigInt(7 * i)), 0n)
    const tag = Buffer.alloc(8)
    // WinningPoStChallengeSeed
    tag.writeBigInt64BE(3n)
    const epoch = Buffer.alloc(8)
    epoch.writeBigInt64BE(BigInt(block.height))
    const entropy = Buffer.concat([Uint8Array.of(0x40 | miner.length), miner])
    const randomness = blake2b256(Buffer.concat([tag, blake2b256(entry), epoch, entropy]))
    const sectors = presealed.get(id) ?? []
    const challenged = await winningPostChallenge({ proofType: 0, randomness, miner: id, eligible: BigInt(sectors.length) })
    const info: PoStInfo = {
      randomness,
      miner: id,
      proofs: block.winPostProof.map((p) => ({ proofType: Number(p.postProof), proof: p.proofBytes })),
      sectors: challenged.map((index) => {
        const sector = sectors[Number(index)]
        if (sector === undefined) throw new Error('a sector is challenged that does not exist')
        return {
          sealProofType: sector.ProofType,
          sector: BigInt(sector.SectorID),
          sealedCid: CID.parse(sector.CommR['/']).bytes,
        }
      }),
    }
    t.equal(await verifyWinningPost(info), true, `height ${block.height}`)
    checked++
    if (checked > 3) continue
    // Whatever is changed, the proof is no longer one.
    const proof = info.proofs[0]
    if (proof === undefined) throw new Error('a block without a proof')
    const other = Buffer.from(randomness)
    other[0] = (other[0] as number) ^ 1
    t.equal(await verifyWinningPost({ ...info, randomness: other }), false)
    const renumbered = info.sectors.map((s) => ({ ...s, sector: s.sector + 7n }))
    t.equal(await verifyWinningPost({ ...info, sectors: renumbered }), false)
    const strange = sectors.find((s) => BigInt(s.SectorID) !== info.sectors[0]?.sector)
    t.equal(
      await verifyWinningPost({
        ...info,
        sectors: [{ sealProofType: 5, sector: 9n, sealedCid: CID.parse(strange?.CommR['/'] ?? '').bytes }],
      }),
      false,
    )
    await t.rejects(verifyWinningPost({ ...info, proofs: [{ ...proof, proof: new Uint8Array(192) }] }), { code: 'NATIVE_PROOF' })
    await t.rejects(verifyWinningPost({ ...info, proofs: [{ ...proof, proof: proof.proof.subarray(1) }] }), {
      code: 'NATIVE_PROOF',
    })
    await t.rejects(verifyWinningPost({ ...info, proofs: [{ ...proof, proof: new Uint8Array(1 << 18) }] }), {
      code: 'NATIVE_PROOF',
    })
    await t.rejects(verifyWinningPost({ ...info, proofs: [{ ...proof, proofType: 99 }] }), { code: 'NATIVE_PROOF' })
    await t.rejects(verifyWinningPost({ ...info, proofs: [{ ...proof, proofType: 3 }] }), {
      code: 'NATIVE_PROOF',
      message: /size/,
    })
    await t.rejects(verifyWinningPost({ ...info, proofs: [] }), { code: 'NATIVE_PROOF' })
    await t.rejects(verifyWinningPost({ ...info, sectors: [] }), { code: 'NATIVE_PROOF' })
    await t.rejects(verifyWindowPost(info), { code: 'NATIVE_PROOF' })
  }
  t.ok(checked > 20)
})

t.test('challenges, and what the checks refuse', async (t) => {
  const randomness = new Uint8Array(32).fill(255)
  const found = await postChallenges({ proofType: 10, randomness, miner: 1000n, sectors: [4n, 2n, 3n] })
  t.same([...found.keys()], [2n, 3n, 4n])
  for (const leaves of found.values()) t.ok(leaves.length > 0 && leaves.every((leaf) => leaf < 64n))
  await t.rejects(postChallenges({ proofType: 10, randomness, miner: 1n, sectors: [] }), { code: 'NATIVE_PROOF' })
  await t.rejects(winningPostChallenge({ proofType: 0, randomness, miner: 1n, eligible: 0n }), { code: 'NATIVE_PROOF' })
  await t.rejects(winningPostChallenge({ proofType: 5, randomness, miner: 1n, eligible: 1n }), { code: 'NATIVE_PROOF' })
  await t.rejects(winningPostChallenge({ proofType: 0, randomness: randomness.subarray(1), miner: 1n, eligible: 1n }), {
    code: 'NATIVE_PROOF',
  })
  await t.rejects(winningPostChallenge({ proofType: 0, randomness, miner: -1n, eligible: 1n }), { code: 'NATIVE_ARGUMENT' })

  const sealedCid = Buffer.concat([Buffer.from('0182e20381e80220', 'hex'), new Uint8Array(32)])
  const unsealedCid = (await pieceCommitment(new Uint8Array(127))).cid
  const seal: SealInfo = {
    proofType: 5,
    sealedCid,
    unsealedCid,
    miner: 1000n,
    sector: 1n,
    randomness,
    interactiveRandomness: randomness,
    proof: new Uint8Array(192),
  }
  for (const change of [
    {},
    { proofType: 77 },
    { sealedCid: unsealedCid },
    { unsealedCid: sealedCid },
    { randomness: randomness.subarray(1) },
    { interactiveRandomness: new Uint8Array(0) },
    { proof: new Uint8Array(0) },
    { proof: new Uint8Array(1 << 18) },
  ]) {
    await t.rejects(verifySeal({ ...seal, ...change }), { name: 'NativeError', code: /^NATIVE_(PROOF|ARGUMENT)$/ })
  }
  const aggregate = { sealProofType: 5, aggregateProofType: 1, miner: 1000n, proof: new Uint8Array(100) }
  await t.rejects(verifyAggregateSeals({ ...aggregate, sectors: [] }), { code: 'NATIVE_PROOF', message: /1 to/ })
  await t.rejects(verifyAggregateSeals({ ...aggregate, sectors: [seal, seal] }), { name: 'NativeError' })
  await t.rejects(verifyAggregateSeals({ ...aggregate, aggregateProofType: 9, sectors: [seal] }), { code: 'NATIVE_PROOF' })
  const update = {
    proofType: 0,
    oldSealedCid: sealedCid,
    newSealedCid: sealedCid,
    newUnsealedCid: unsealedCid,
    proof: new Uint8Array(192),
  }
  await t.rejects(verifyReplicaUpdate(update), { name: 'NativeError' })
  await t.rejects(verifyReplicaUpdate({ ...update, proofType: 9 }), { code: 'NATIVE_PROOF' })
})
