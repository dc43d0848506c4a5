import { ActorError } from '../errors.ts'

const KIB = 1n << 10n
const MIB = 1n << 20n
const GIB = 1n << 30n
/** Registered proofs come in groups of five by sector size (go-state-types abi/sector.go). */
const SIZES = [2n * KIB, 8n * MIB, 512n * MIB, 32n * GIB, 64n * GIB] as const

/**
 * Bytes of a sector sealed with a registered seal proof (0 to 19: V1, V1_1, V1_1 synthetic, V1_2 non-interactive).
 * @throws ActorError STATE_VALUE for a number that is none
 */
export function sectorSizeOfSealProof(sealProof: number): bigint {
  const size = Number.isInteger(sealProof) && sealProof >= 0 && sealProof < 20 ? SIZES[sealProof % SIZES.length] : undefined
  if (size === undefined) throw new ActorError('STATE_VALUE', `${sealProof} is not a registered seal proof`)
  return size
}
