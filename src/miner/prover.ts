/** Proofs of spacetime made on this host: files from the storage paths, proofs by the addon. */
import { randomBytes } from 'node:crypto'
import { errorMessage, NodeError, type NodeErrorOptions } from '../lib/errors.ts'
import { getLogger } from '../lib/log.ts'
import { postChallenges } from '../native/proofs.ts'
import { postPartitionSectors, vanillaProof, windowPostSnark, winningPostSnark } from '../native/proving.ts'
import type { SectorNumber } from '../types/scalars.ts'
import type { PoStProof, ProveOptions, Prover, ProvingSector } from './proving.ts'
import type { ProvingFiles } from './storage/sector-store.ts'

const log = getLogger('prover')

/** Copies of a sector's files that are tried one after the other. */
const maxCopies = 4

/** What the prover needs of the storage paths. */
export interface ProvingStore {
  provingFiles(sector: { readonly miner: bigint; readonly number: bigint }, updated: boolean): Promise<readonly ProvingFiles[]>
}

export interface LocalProverInit {
  /** Sectors of one proof that are read at once; 32 when not given (Lotus `Proving.ParallelCheckLimit`; 0: all). */
  readonly parallelLimit?: number
  /** One sector that takes longer counts as unreadable; 10 minutes when not given (`Proving.SingleCheckTimeout`; 0: no limit). */
  readonly singleTimeoutMs?: number
  /** All sectors of one proof or check; 20 minutes when not given (`Proving.PartitionCheckTimeout`; 0: no limit). */
  readonly partitionTimeoutMs?: number
}

export type ProverErrorCode =
  /** A challenged sector cannot be read, so the winning PoSt cannot be made. */
  | 'PROVER_SECTOR'
  /** Reading a sector, or all sectors of a proof, took longer than the configuration allows. */
  | 'PROVER_TIMEOUT'

export class ProverError extends NodeError {
  declare readonly code: ProverErrorCode

  constructor(code: ProverErrorCode, message: string, options: NodeErrorOptions = {}) {
    super(code, message, options)
  }
}

/** Sectors that were opened, and those that were not, with the reason. */
interface Opened {
  readonly vanilla: ReadonlyMap<SectorNumber, Uint8Array>
  readonly bad: ReadonlyMap<SectorNumber, string>
}

/**
 * Winning PoSts have native threads of their own (src/native/proving.ts), so they begin at once whatever window PoSts are
 * being made. One SNARK of a window PoSt runs at a time, since it uses all cores.
 */
export class LocalProver implements Prover {
  readonly #store: ProvingStore
  readonly #parallel: number
  readonly #singleTimeoutMs: number
  readonly #partitionTimeoutMs: number

  constructor({ store }: { readonly store: ProvingStore }, init: LocalProverInit = {}) {
    this.#store = store
    this.#parallel = init.parallelLimit ?? 32
    this.#singleTimeoutMs = init.singleTimeoutMs ?? 600_000
    this.#partitionTimeoutMs = init.partitionTimeoutMs ?? 1_200_000
  }

  async winningPost(
    miner: bigint,
    sectors: readonly ProvingSector[],
    randomness: Uint8Array,
    options: ProveOptions = {},
  ): Promise<readonly PoStProof[]> {
    const postProofType = winningTypeOf(sectors)
    const { vanilla, bad } = await this.#open(miner, postProofType, sectors, randomness, options)
    const [first] = bad
    if (first !== undefined) {
      throw new ProverError('PROVER_SECTOR', `The winning PoSt cannot be made: ${first[1]}`, { fields: { sector: first[0] } })
    }
    // One sector may be challenged more than once: its proof then stands as often.
    const vanillaProofs = sectors.map(({ number }) => vanilla.get(number) as Uint8Array)
    return winningPostSnark({ postProofType, miner, randomness, vanillaProofs }, options)
  }

  async windowPost(
    miner: bigint,
    postProofType: number,
    sectors: readonly ProvingSector[],
    randomness: Uint8Array,
    options: ProveOptions = {},
  ): Promise<{ readonly proofs: readonly PoStProof[]; readonly skipped: readonly SectorNumber[] }> {
    const { vanilla, bad } = await this.#open(miner, postProofType, sectors, randomness, options)
    if (bad.size > 0) {
      for (const [sector, reason] of bad) log.error('a sector cannot be proven', { miner, sector, reason })
      return { proofs: [], skipped: [...bad.keys()].sort(compare) }
    }
    // The verifier takes the sectors in the order of their numbers, a partition's worth at a time.
    const ordered = [...vanilla].sort(([a], [b]) => compare(a, b)).map(([, proof]) => proof)
    const size = postPartitionSectors(postProofType)
    const parts: Uint8Array[] = []
    for (let partition = 0; partition * size < ordered.length; partition++) {
      const vanillaProofs = ordered.slice(partition * size, (partition + 1) * size)
      const made = await windowPostSnark({ postProofType, miner, randomness, vanillaProofs, partition }, options)
      parts.push(...made.map(({ proof }) => proof))
    }
    return { proofs: [{ proofType: postProofType, proof: Buffer.concat(parts) }], skipped: [] }
  }

  async checkProvable(
    miner: bigint,
    postProofType: number,
    sectors: readonly ProvingSector[],
    options: ProveOptions = {},
  ): Promise<ReadonlyMap<SectorNumber, string>> {
    return (await this.#open(miner, postProofType, sectors, randomBytes(32), options)).bad
  }

  /** Makes the vanilla proofs of sectors, each in its own time, so many at once as is allowed. */
  async #open(
    miner: bigint,
    postProofType: number,
    sectors: readonly ProvingSector[],
    randomness: Uint8Array,
    { signal }: ProveOptions,
  ): Promise<Opened> {
    const vanilla = new Map<SectorNumber, Uint8Array>()
    const bad = new Map<SectorNumber, string>()
    const unique = [...new Map(sectors.map((sector) => [sector.number, sector])).values()]
    if (unique.length === 0) return { vanilla, bad }
    const numbers = unique.map(({ number }) => number).sort(compare)
    const challenges = await postChallenges({ proofType: postProofType, randomness, miner, sectors: numbers })
    const all = timeLimit(this.#partitionTimeoutMs, 'The sectors of this proof took longer than allowed to read')
    const whole = anyOf(signal, all.signal)
    const queue = unique.values()
    const worker = async () => {
      for (const sector of queue) {
        signal?.throwIfAborted()
        try {
          const proof = await this.#openOne(miner, postProofType, sector, challenges.get(sector.number) ?? [], whole)
          vanilla.set(sector.number, proof)
        } catch (e) {
          signal?.throwIfAborted()
          bad.set(sector.number, errorMessage(e))
        }
      }
    }
    const count = this.#parallel > 0 ? Math.min(this.#parallel, unique.length) : unique.length
    try {
      await Promise.all(Array.from({ length: count }, worker))
    } finally {
      all.clear()
    }
    return { vanilla, bad }
  }

  async #openOne(
    miner: bigint,
    postProofType: number,
    sector: ProvingSector,
    challenges: readonly bigint[],
    whole: AbortSignal | undefined,
  ): Promise<Uint8Array> {
    const one = timeLimit(this.#singleTimeoutMs, `Sector ${sector.number} took longer than allowed to read`)
    const signal = anyOf(whole, one.signal)
    try {
      signal?.throwIfAborted()
      const files = await orAbort(this.#store.provingFiles({ miner, number: sector.number }, sector.updated), signal)
      let failure: unknown
      for (const { sealedPath, cachePath } of files.slice(0, maxCopies)) {
        const from = {
          sectorNumber: sector.number,
          sealedCid: sector.sealedCid.bytes,
          registeredSealProof: sector.sealProof,
          sealedPath,
          cachePath,
        }
        try {
          return await vanillaProof({ postProofType, sector: from, challenges }, { signal })
        } catch (e) {
          signal?.throwIfAborted()
          failure ??= e
        }
      }
      throw failure
    } finally {
      one.clear()
    }
  }
}

/** The winning PoSt's type of the sectors' size: 0 to 4, one for each. */
function winningTypeOf(sectors: readonly ProvingSector[]): number {
  const [first] = sectors
  if (first === undefined) throw new ProverError('PROVER_SECTOR', 'A winning PoSt is over one sector or more; none was given.')
  return first.sealProof % 5
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** A signal that fires when the time is over; `clear` when it is not needed any more. */
function timeLimit(ms: number, what: string): { readonly signal: AbortSignal | undefined; clear(): void } {
  if (ms <= 0) return { signal: undefined, clear() {} }
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(new ProverError('PROVER_TIMEOUT', `${what} (${ms / 1000} s).`)), ms)
  return { signal: controller.signal, clear: () => clearTimeout(timer) }
}

function anyOf(...signals: readonly (AbortSignal | undefined)[]): AbortSignal | undefined {
  const given = signals.filter((signal) => signal !== undefined)
  return given.length > 1 ? AbortSignal.any(given) : given[0]
}

/** What cannot be stopped (a look at a dead network share) is left alone when the signal fires. */
async function orAbort<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  const aborted = Promise.withResolvers<never>()
  const stop = () => aborted.reject(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
