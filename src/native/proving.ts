/**
 * Proofs of spacetime over sectors whose files lie here. All runs on native threads of its own, apart from Node's pool: one
 * lane for winning PoSts, one for the SNARKs of window PoSts, one with many threads for vanilla proofs.
 */
import { addon } from './addon.ts'
import { type CancelOptions, cancellable } from './cancel.ts'
import { nativeCall } from './errors.ts'

/** A sector as its files are found. */
export interface PrivateSector {
  readonly sectorNumber: bigint
  /** CID bytes, those of the update for an updated sector. */
  readonly sealedCid: Uint8Array
  readonly registeredSealProof: number
  /** Folder of p_aux and the tree files: `cache`, or `update-cache` of an updated sector. */
  readonly cachePath: string
  /** The replica: `sealed`, or `update` of an updated sector. */
  readonly sealedPath: string
  readonly updated?: boolean
}

export interface VanillaArgs {
  /** RegisteredPoStProof: winning 0 to 4, window 10 to 14 (5 to 9 ended with network version 19). */
  readonly postProofType: number
  readonly sector: PrivateSector
  /** Leaves to open, from `postChallenges`. */
  readonly challenges: readonly bigint[]
}

/**
 * Opens one sector at the challenged leaves. What is wrong with the sector's files shows here, with its number.
 * @throws NativeError NATIVE_PROOF; the signal's reason
 */
export function vanillaProof(args: VanillaArgs, options: CancelOptions = {}): Promise<Uint8Array> {
  const { postProofType, sector, challenges } = args
  const input = {
    proofType: postProofType,
    sector: sector.sectorNumber,
    sealedCid: sector.sealedCid,
    cachePath: sector.cachePath,
    sealedPath: sector.sealedPath,
    challenges: BigUint64Array.from(challenges),
  }
  return cancellable((cancel) => addon().vanillaProof(input, cancel), options)
}

export interface SnarkArgs {
  readonly postProofType: number
  /** Actor id. */
  readonly miner: bigint
  /** 32 bytes as drawn from the chain. */
  readonly randomness: Uint8Array
  readonly vanillaProofs: readonly Uint8Array[]
}

export interface PoStProof {
  /** RegisteredPoStProof. */
  readonly proofType: number
  readonly proof: Uint8Array
}

/** The winning PoSt over the challenged sectors. @throws NativeError NATIVE_PROOF; the signal's reason */
export function winningPostSnark(args: SnarkArgs, options: CancelOptions = {}): Promise<PoStProof[]> {
  return cancellable((cancel) => addon().winningPostSnark(snarkInput(args), cancel), options)
}

/**
 * A window PoSt. With `partition` the vanilla proofs are those of that partition alone; the proofs of a message's partitions,
 * one after the other, are the message's proof. Sectors are proven in the order of their numbers, as the verifier has them.
 * @throws NativeError NATIVE_PROOF, which names the faulty sectors where a vanilla proof is wrong; the signal's reason
 */
export function windowPostSnark(
  args: SnarkArgs & { readonly partition?: number },
  options: CancelOptions = {},
): Promise<PoStProof[]> {
  const { partition } = args
  const input = { ...snarkInput(args), ...(partition === undefined ? {} : { partition }) }
  return cancellable((cancel) => addon().windowPostSnark(input, cancel), options)
}

function snarkInput({ postProofType, miner, randomness, vanillaProofs }: SnarkArgs) {
  return { proofType: postProofType, miner, randomness, vanillaProofs: [...vanillaProofs] }
}

/** Sectors that one partition of a proof of this type covers. @throws NativeError NATIVE_PROOF */
export function postPartitionSectors(postProofType: number): number {
  return nativeCall(() => addon().postPartitionSectors(postProofType))
}
