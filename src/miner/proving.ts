/** Layer 8. What proves sectors, as block production and the scheduler of window PoSts see it. */
import type { CID } from '../types/cid.ts'
import type { SectorNumber } from '../types/scalars.ts'

/** A sector to be proven, by what the chain says of it. */
export interface ProvingSector {
  readonly number: SectorNumber
  /** RegisteredSealProof. */
  readonly sealProof: number
  readonly sealedCid: CID
  /** Whether a replica update has taken the sealed file's place. */
  readonly updated: boolean
}

/** A proof of spacetime with its RegisteredPoStProof. */
export interface PoStProof {
  readonly proofType: number
  readonly proof: Uint8Array
}

export interface ProveOptions {
  readonly signal?: AbortSignal
}

/** Makes proofs of spacetime over a miner's sectors. `miner` is the actor's id, `randomness` 32 bytes as drawn from the chain. */
export interface Prover {
  /** The winning PoSt over the challenged sectors. @throws when one of them cannot be read */
  winningPost(
    miner: bigint,
    sectors: readonly ProvingSector[],
    randomness: Uint8Array,
    options?: ProveOptions,
  ): Promise<readonly PoStProof[]>

  /**
   * The window PoSt over the sectors of one message: those of all its partitions, each once. They are proven in the order of
   * their numbers, so many at a time as the proof type's partitions hold, as the actor's verifier takes them.
   * @returns `skipped`: sectors that cannot be read or opened; when there are any, there are no proofs
   */
  windowPost(
    miner: bigint,
    postProofType: number,
    sectors: readonly ProvingSector[],
    randomness: Uint8Array,
    options?: ProveOptions,
  ): Promise<{ readonly proofs: readonly PoStProof[]; readonly skipped: readonly SectorNumber[] }>

  /** Sectors whose files are missing or do not open, with the reason (Lotus storage/sealer/faults.go). */
  checkProvable(
    miner: bigint,
    postProofType: number,
    sectors: readonly ProvingSector[],
    options?: ProveOptions,
  ): Promise<ReadonlyMap<SectorNumber, string>>
}
