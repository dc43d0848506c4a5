// The validation of blocks of lotus-devnet-proofs beside its parts, with their states at hand: what is left is what consensus asks
// beyond execution. One by one, as blocks come while a chain is followed, and 32 tipsets at a time, as in a sync.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { EntryVerifier } from '../src/beacon/verify-entry.ts'
import type { PartTimes } from '../src/consensus/checks.ts'
import type { ConsensusEnv } from '../src/consensus/env.ts'
import { validateBlock } from '../src/consensus/validate-block.ts'
import { validateWay } from '../src/consensus/validate-way.ts'
import { BatchVerifier } from '../src/native/verifier.ts'
import { sharedDataRoot } from '../test/kit/shared-data.ts'
import { type SnapshotChain, snapshotChain } from '../test/kit/snapshot-chain.ts'
import { type Measurement, timed } from './benchmark.ts'

export const name = 'validation of a block with real proofs'

/** As many as a sync validates in one go. */
const TIPSETS = 32

let chain: SnapshotChain | undefined

/** A verifier of its own for each measurement: nothing is known from the one before. */
function freshEnv({ env }: SnapshotChain): ConsensusEnv {
  const proofs = new BatchVerifier()
  return { ...env, proofs, verifier: new EntryVerifier((round) => proofs.drandVerify(round)) }
}

export async function run(): Promise<Measurement[]> {
  const folder = join(sharedDataRoot, 'chains', 'lotus-devnet-proofs')
  if (!existsSync(folder)) return []
  chain ??= await snapshotChain(folder)
  const { fullBlock, tipsets } = chain
  const way = tipsets.slice(200, 200 + TIPSETS).map((t) => t.blocks.map((b) => fullBlock(b)))
  const blocks = way.flat()
  const parts = new Map<string, number>()
  const single = freshEnv(chain)
  const alone = await timed(async () => {
    for (const block of blocks) {
      const times: PartTimes = await validateBlock(single, block)
      for (const [part, ms] of Object.entries(times)) parts.set(part, (parts.get(part) ?? 0) + ms)
    }
  })
  const batch = freshEnv(chain)
  const together = await timed(async () => {
    const results = await validateWay(batch, way)
    if (results.length !== way.length || results.flat().some((r) => r.error !== undefined))
      throw new Error('a block is not valid')
  })
  const each = (ms: number): number => ms / blocks.length
  return [
    { name: 'one block', ms: each(alone), count: 1, unit: 'blocks' },
    { name: `one block, ${TIPSETS} tipsets together`, ms: each(together), count: 1, unit: 'blocks', baseline: 'one block' },
    // Signatures and proofs run beside each other: their times overlap.
    ...[...parts].map(([part, ms]) => ({ name: `part: ${part}`, ms: each(ms) })),
  ]
}
