import { CodecError } from '../codec/errors.ts'

/**
 * Registered proof types (go-state-types abi/sector.go). Each family has five, one per sector size, in the order of `SECTOR_SIZES`;
 * a family is named by its first number.
 */
const KIB = 1024n
export const SECTOR_SIZES: readonly bigint[] = [2n * KIB, 8n * KIB ** 2n, 512n * KIB ** 2n, 32n * KIB ** 3n, 64n * KIB ** 3n]

/** Families of seal proofs: before nv7, from nv7 on, synthetic (FIP-0059, nv21) and non-interactive (FIP-0092, nv23). */
export const SealFamily = { v1: 0, v1_1: 5, synthetic: 10, nonInteractive: 15 } as const
export type SealFamily = (typeof SealFamily)[keyof typeof SealFamily]
/** Families of proofs of spacetime: winning, window up to nv18, window from nv19 on (FIP-0061). */
export const PostFamily = { winning: 0, window: 5, windowV1_1: 10 } as const

/** Sectors that one partition of a window PoSt covers, by sector size. */
const PARTITION_SECTORS = [2, 2, 2, 2349, 2300]

function unknown(what: string): never {
  throw new CodecError('CODEC_VALUE', what)
}

function sizeIndex(size: bigint): number {
  const i = SECTOR_SIZES.indexOf(size)
  return i < 0 ? unknown(`there are no sectors of ${size} bytes; sizes are ${SECTOR_SIZES.join(', ')}`) : i
}

/** Bytes of a sector sealed with this proof. @throws CodecError CODEC_VALUE for an unknown proof type */
export function sectorSizeOfSealProof(proof: number | bigint): bigint {
  const n = Number(proof)
  if (!Number.isInteger(n) || n < 0 || n >= 20) unknown(`${proof} is no registered seal proof`)
  return SECTOR_SIZES[n % 5] as bigint
}

/** The family of a seal proof: `SealFamily.synthetic` for instance. @throws CodecError CODEC_VALUE */
export function sealProofFamily(proof: number): SealFamily {
  sectorSizeOfSealProof(proof)
  return (proof - (proof % 5)) as SealFamily
}

export function sealProofFor(size: bigint, family: SealFamily): number {
  return family + sizeIndex(size)
}

/** Bytes of the sectors that a winning or window PoSt is about. @throws CodecError CODEC_VALUE */
export function sectorSizeOfPostProof(proof: number): bigint {
  if (!Number.isInteger(proof) || proof < 0 || proof >= 15) unknown(`${proof} is no registered PoSt proof`)
  return SECTOR_SIZES[proof % 5] as bigint
}

function isWindow(proof: number): boolean {
  return proof >= PostFamily.window
}

/** The window PoSt proof of new miners of a network version. */
export function windowPostProofFor(size: bigint, networkVersion: number): number {
  return (networkVersion < 19 ? PostFamily.window : PostFamily.windowV1_1) + sizeIndex(size)
}

/** The winning PoSt proof of a miner with this window PoSt proof. @throws CodecError CODEC_VALUE */
export function winningPostProof(windowProof: number): number {
  sectorSizeOfPostProof(windowProof)
  if (!isWindow(windowProof)) unknown(`PoSt proof ${windowProof} is none of window PoSt`)
  return windowProof % 5
}

/** Sectors in a partition that this window PoSt covers. @throws CodecError CODEC_VALUE */
export function windowPostPartitionSectors(windowProof: number): number {
  return PARTITION_SECTORS[winningPostProof(windowProof)] as number
}

/** The proof type of a replica update (FIP-0019) for a sector size. */
export function updateProofFor(size: bigint): number {
  return sizeIndex(size)
}

/** The seal proof of sectors that a miner with this window PoSt proof makes, interactive ones from nv7 on. */
export function preferredSealProof(windowProof: number, networkVersion: number, wantSynthetic: boolean): number {
  const family = networkVersion >= 21 && wantSynthetic ? SealFamily.synthetic : SealFamily.v1_1
  return family + winningPostProof(windowProof)
}
