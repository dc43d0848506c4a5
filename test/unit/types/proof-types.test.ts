import t from 'tap'
import {
  preferredSealProof,
  SECTOR_SIZES,
  SealFamily,
  sealProofFamily,
  sealProofFor,
  sectorSizeOfPostProof,
  sectorSizeOfSealProof,
  windowPostPartitionSectors,
  windowPostProofFor,
  winningPostProof,
} from '../../../src/types/proof-types.ts'

t.test('proof types', async (t) => {
  // 2 KiB, 8 MiB, 512 MiB, 32 GiB, 64 GiB in each family (go-state-types abi/sector.go).
  t.same(SECTOR_SIZES, [2048n, 8388608n, 536870912n, 34359738368n, 68719476736n])
  t.equal(sectorSizeOfSealProof(8), 34359738368n)
  t.equal(sectorSizeOfSealProof(19n), 68719476736n)
  t.equal(sealProofFor(2048n, SealFamily.synthetic), 10)
  t.equal(sealProofFamily(13), SealFamily.synthetic)
  t.equal(windowPostProofFor(34359738368n, 18), 8)
  t.equal(windowPostProofFor(34359738368n, 19), 13)
  t.equal(winningPostProof(8), 3)
  t.equal(winningPostProof(13), 3)
  t.equal(sectorSizeOfPostProof(3), 34359738368n)
  t.equal(windowPostPartitionSectors(13), 2349)
  t.equal(windowPostPartitionSectors(14), 2300)
  t.equal(preferredSealProof(13, 28, true), 13)
  t.equal(preferredSealProof(13, 28, false), 8)
  t.equal(preferredSealProof(8, 20, true), 8)
  for (const wrong of [
    () => sectorSizeOfSealProof(20),
    () => sectorSizeOfSealProof(-1),
    () => sectorSizeOfPostProof(15),
    () => winningPostProof(3),
    () => windowPostProofFor(1024n, 28),
  ])
    t.throws(wrong, { code: 'CODEC_VALUE' })
})
