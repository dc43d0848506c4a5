/**
 * Checks of proofs of replication and spacetime, and commitments to data. All run on the thread pool.
 *
 * Proof types are the numbers of the registered proof enums (go-state-types abi/sector.go). A wrong proof gives
 * `false`; NATIVE_PROOF says that nothing could be checked: malformed input, or verifying keys that are missing.
 */
import { addon } from './addon.ts'
import { nativeAsync, nativeCall } from './errors.ts'

/**
 * Directory of verifying keys and proving parameters; set it before the first proof. The library keeps the first one.
 * @throws NativeError NATIVE_PROOF when another directory is in use already.
 */
export function setProofParameterDir(dir: string): void {
  nativeCall(() => addon().setProofParameterDir(dir))
}

export interface SealInfo {
  /** RegisteredSealProof, 0 to 19. */
  readonly proofType: number
  /** CID bytes. */
  readonly sealedCid: Uint8Array
  readonly unsealedCid: Uint8Array
  /** Actor id. */
  readonly miner: bigint
  readonly sector: bigint
  /** The ticket, 32 bytes. */
  readonly randomness: Uint8Array
  /** The seed, 32 bytes. */
  readonly interactiveRandomness: Uint8Array
  readonly proof: Uint8Array
}

/** Checks one seal (ProveCommitSector). @throws NATIVE_PROOF */
export function verifySeal(info: SealInfo): Promise<boolean> {
  return nativeAsync(() => addon().verifySeal(info))
}

export interface AggregateSealInfo {
  readonly sealProofType: number
  /** RegisteredAggregationProof: 0 SnarkPackV1, 1 SnarkPackV2. */
  readonly aggregateProofType: number
  readonly miner: bigint
  readonly proof: Uint8Array
  readonly sectors: readonly Omit<SealInfo, 'proofType' | 'miner' | 'proof'>[]
}

/** Checks an aggregate of seals (FIP-0013). @throws NATIVE_PROOF */
export function verifyAggregateSeals(info: AggregateSealInfo): Promise<boolean> {
  return nativeAsync(() => addon().verifyAggregateSeals({ ...info, sectors: [...info.sectors] }))
}

export interface ReplicaUpdateInfo {
  /** RegisteredUpdateProof, 0 to 4. */
  readonly proofType: number
  readonly oldSealedCid: Uint8Array
  readonly newSealedCid: Uint8Array
  readonly newUnsealedCid: Uint8Array
  readonly proof: Uint8Array
}

/** Checks a replica update (FIP-0019). @throws NATIVE_PROOF */
export function verifyReplicaUpdate(info: ReplicaUpdateInfo): Promise<boolean> {
  return nativeAsync(() => addon().verifyReplicaUpdate(info))
}

export interface PoStInfo {
  /** 32 bytes as drawn from the chain. */
  readonly randomness: Uint8Array
  /** Actor id. */
  readonly miner: bigint
  /** `proofType`: RegisteredPoStProof, 0 to 14. */
  readonly proofs: readonly { readonly proofType: number; readonly proof: Uint8Array }[]
  readonly sectors: readonly {
    readonly sealProofType: number
    readonly sector: bigint
    /** CID bytes. */
    readonly sealedCid: Uint8Array
  }[]
}

/** In the form that the addon takes. */
export const nativePostInfo = (info: PoStInfo) => ({ ...info, proofs: [...info.proofs], sectors: [...info.sectors] })

/** Checks the winning PoSt of a block over the challenged sectors. @throws NATIVE_PROOF */
export function verifyWinningPost(info: PoStInfo): Promise<boolean> {
  return nativeAsync(() => addon().verifyWinningPost(nativePostInfo(info)))
}

/** Checks a window PoSt over all sectors of its partitions. @throws NATIVE_PROOF */
export function verifyWindowPost(info: PoStInfo): Promise<boolean> {
  return nativeAsync(() => addon().verifyWindowPost(nativePostInfo(info)))
}

export interface ChallengeQuery {
  readonly proofType: number
  readonly randomness: Uint8Array
  readonly miner: bigint
}

/** Indexes, among a miner's `eligible` sectors in ascending order, of those that a winning PoSt must prove. @throws NATIVE_PROOF */
export async function winningPostChallenge(query: ChallengeQuery & { readonly eligible: bigint }): Promise<bigint[]> {
  const found = await nativeAsync(() =>
    addon().winningPostChallenge(query.proofType, query.randomness, query.miner, query.eligible),
  )
  return [...found]
}

/** The leaves that a PoSt must open in each of the sectors. @throws NATIVE_PROOF */
export async function postChallenges(
  query: ChallengeQuery & { readonly sectors: readonly bigint[] },
): Promise<Map<bigint, bigint[]>> {
  const found = await nativeAsync(() =>
    addon().postChallenges(query.proofType, query.randomness, query.miner, BigUint64Array.from(query.sectors)),
  )
  const each = found.leaves.length / found.sectors.length
  return new Map([...found.sectors].map((sector, i) => [sector, [...found.leaves.subarray(i * each, (i + 1) * each)]]))
}

export interface Piece {
  /** CID bytes of the commitment. */
  readonly cid: Uint8Array
  /** Power of two from 128 bytes on; 127 of every 128 bytes carry data. */
  readonly paddedSize: number
}

/**
 * CommP of bytes; zeros fill the piece up.
 * @param paddedSize bytes of the piece; by default the smallest that fits. @throws NATIVE_PROOF
 */
export function pieceCommitment(data: Uint8Array, paddedSize = 0): Promise<Piece> {
  return nativeAsync(() => addon().pieceCommitment(data, paddedSize))
}

/** As `pieceCommitment`, of a whole file, which is read in pieces. */
export function pieceCommitmentOfFile(path: string, paddedSize = 0): Promise<Piece> {
  return nativeAsync(() => addon().pieceCommitmentOfFile(path, paddedSize))
}

/** CommD: unsealed CID of a sector that holds these pieces in order, zeros between and after them. @throws NATIVE_PROOF */
export function dataCommitment(pieces: readonly Piece[], sealProofType: number): Promise<Uint8Array> {
  return nativeAsync(() => addon().dataCommitment(sealProofType, [...pieces]))
}
