import { as, list, record, type Shape } from '../../codec/combinators.ts'
import { bytes, safeInt, uint64 } from '../../codec/primitives.ts'
import { bitfield } from '../../types/bitfield.ts'
import { actorId, epoch, sectorNumber } from '../../types/scalars.ts'

/** Sectors and proofs that one call may name. */
const MAX_SECTORS = 30_000

/** The parameters of SubmitWindowedPoSt as a miner made them (Lotus miner.SubmitWindowedPoStParams). */
export const windowPostParams = record('SubmitWindowedPoStParams', {
  deadline: uint64,
  partitions: list(record('PoStPartition', { index: uint64, skipped: bitfield }), { emptyJson: 'null' }),
  proofs: list(record('PoStProof', { poStProof: safeInt, proofBytes: bytes }), { emptyJson: 'null' }),
  chainCommitEpoch: epoch,
  chainCommitRand: bytes,
})
export type WindowPostParams = Readonly<Shape<typeof windowPostParams.fields>>

/** A sector by miner and number, with its RegisteredSealProof (Lotus storiface.SectorRef). */
export const sectorRef = record('SectorRef', {
  id: as('ID', record('SectorID', { miner: actorId, number: sectorNumber })),
  proofType: safeInt,
})
export const sectorRefs = list(sectorRef, { max: MAX_SECTORS })
export const sectorNumbers = list(sectorNumber, { max: MAX_SECTORS })
