import type { FullBlock } from '../types/full-block.ts'
import type { PartTimes } from './checks.ts'
import type { ConsensusEnv } from './env.ts'
import { BlockError } from './errors.ts'
import { beginValidation } from './validate-block.ts'

/** The outcome for one block. */
export interface BlockResult {
  /** undefined for a valid block. */
  readonly error: unknown
  readonly times: PartTimes
}

/** Tipsets whose proofs may still be under check while the next ones are executed; bounds what waits in memory. */
const IN_FLIGHT = 16

/**
 * Validates tipsets that follow from one another, execution and proofs side by side: while native threads check the proofs of
 * one tipset, this thread executes the next. Ends after the first tipset with a bad block.
 * @param tipsets in ascending order; the parents of the first are valid
 * @returns one list for each tipset that was looked at, with a result for each of its blocks
 */
export async function validateWay(
  env: ConsensusEnv,
  tipsets: readonly (readonly FullBlock[])[],
  signal?: AbortSignal,
): Promise<BlockResult[][]> {
  const started: Promise<BlockResult[]>[] = []
  const batches = new Batches(env, tipsets.length === 1 ? 1 : FIRST_BATCH)
  for (const blocks of tipsets) {
    const results: Promise<BlockResult>[] = []
    let broken = false
    const seen = new Set<string>()
    for (const block of blocks) {
      if (seen.has(block.header.miner.key)) {
        broken = true
        const error = new BlockError('BLOCK_DOUBLE', `${block.header.miner} has two blocks in the tipset`)
        results.push(Promise.resolve({ error, times: {} }))
        continue
      }
      seen.add(block.header.miner.key)
      try {
        results.push(finish(await beginValidation(env, block, signal, () => batches.addBlock())))
      } catch (error) {
        broken = true
        results.push(Promise.resolve({ error, times: {} }))
      }
    }
    started.push(Promise.all(results))
    // What fails later than its beginning is found below; the tipsets begun on top of it were work for nothing, no more.
    if (broken) break
    if (started.length < IN_FLIGHT) continue
    env.proofs?.flush()
    await started[started.length - IN_FLIGHT]
  }
  env.proofs?.flush()
  const outcome: BlockResult[][] = []
  for (const results of await Promise.all(started)) {
    outcome.push(results)
    if (results.some((r) => r.error !== undefined)) break
  }
  return outcome
}

/** Blocks whose signatures and proofs are checked together; more would only come later. */
const BATCH = 16
/** The first of a way: native threads are to have something to do soon. */
const FIRST_BATCH = 4

/** When what was collected is sent off. */
class Batches {
  readonly #env: ConsensusEnv
  #size: number
  #blocks = 0

  constructor(env: ConsensusEnv, first: number) {
    this.#env = env
    this.#size = first
  }

  addBlock(): void {
    if (++this.#blocks < this.#size) return
    this.#blocks = 0
    this.#size = Math.min(this.#size * 2, BATCH)
    this.#env.proofs?.flush()
  }
}

async function finish(validation: { settle(): Promise<PartTimes> }): Promise<BlockResult> {
  try {
    return { error: undefined, times: await validation.settle() }
  } catch (error) {
    return { error, times: {} }
  }
}
