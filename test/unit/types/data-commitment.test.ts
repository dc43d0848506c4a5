import t from 'tap'
import { dataCommitment, pieceCommitment } from '../../../src/native/proofs.ts'
import { cidFromBytes } from '../../../src/types/cid.ts'
import { commitmentToCid, pieceCommitmentOf } from '../../../src/types/commitment.ts'
import { commitmentOfPieces, type PlacedPiece } from '../../../src/types/data-commitment.ts'

/** 2 KiB sectors: StackedDrg2KiBV1_1. */
const SEAL_PROOF = 5
const SECTOR = 2048n

t.test('commitments of pieces are those of the proofs library', async (t) => {
  const arrangements: readonly (readonly number[])[] = [
    [],
    [128],
    [2048],
    [1024, 1024],
    [128, 256, 512],
    [512, 128, 128, 1024],
    [128, 1024],
    [256, 128, 512, 128],
  ]
  for (const sizes of arrangements) {
    const native = await Promise.all(
      sizes.map((size, i) => pieceCommitment(new Uint8Array((size / 128) * 127).fill(i + 1), size)),
    )
    const own: PlacedPiece[] = native.map((p) => ({
      commitment: pieceCommitmentOf(cidFromBytes(p.cid)),
      size: BigInt(p.paddedSize),
    }))
    t.equal(
      commitmentToCid(commitmentOfPieces(SECTOR, own)).toString(),
      cidFromBytes(await dataCommitment(native, SEAL_PROOF)).toString(),
      sizes.join('+'),
    )
  }
})

t.test('pieces that no sector can hold', async (t) => {
  const commitment = new Uint8Array(32)
  for (const [why, pieces] of [
    ['too small', [{ commitment, size: 64n }]],
    ['no power of two', [{ commitment, size: 384n }]],
    [
      'too much',
      [
        { commitment, size: 2048n },
        { commitment, size: 128n },
      ],
    ],
    [
      'too much after padding',
      [
        { commitment, size: 128n },
        { commitment, size: 2048n },
      ],
    ],
    ['a short commitment', [{ commitment: new Uint8Array(31), size: 128n }]],
  ] as const) {
    t.throws(() => commitmentOfPieces(SECTOR, pieces), { code: 'CODEC_VALUE' }, why)
  }
})
