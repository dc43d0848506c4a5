import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Network } from '../../networks/types.ts'
import { ChainReader } from '../../store/chain-reader.ts'
import { ChainStore } from '../../store/chain-store.ts'
import { LevelBlockstore } from '../../store/level-blockstore.ts'
import { MetadataStore } from '../../store/metadata.ts'
import { Repo } from '../../store/repo.ts'

/**
 * Epochs that a devnet makes up for after a stop: its miners leave none out that they can win. Thousands of them would take hours
 * of proofs; and left out, they would take a deadline's challenge window with them, all sectors would count as faulty, and a
 * network in which nobody has power never makes a block again. So the clock stands still instead.
 */
export const MAX_NULL_EPOCHS = 20

/**
 * Seconds by which the clock of a devnet must be behind for it to go on from a height at its usual pace.
 * @param now Unix milliseconds
 */
export function pauseAfter(
  network: Pick<Network, 'blockDelaySecs' | 'pausedSecs'>,
  genesisTimestamp: number,
  height: number,
  now: number,
): number {
  const paused = network.pausedSecs ?? 0
  const seconds = Math.floor(now / 1000) - paused - genesisTimestamp
  const behind = Math.floor(seconds / network.blockDelaySecs) - height
  return behind <= MAX_NULL_EPOCHS ? paused : paused + (behind - 1) * network.blockDelaySecs
}

/** Height of the head that a node's repo holds; 0 for a node that was never started. The repo must not be in use. */
export async function headHeight(repoPath: string): Promise<number> {
  if (!existsSync(join(repoPath, 'version'))) return 0
  const repo = await Repo.open(repoPath)
  await repo.lock()
  try {
    const store = await LevelBlockstore.open({ path: repo.paths.chain })
    try {
      const metadata = await MetadataStore.open(repo.paths.metadata)
      try {
        const chain = await ChainStore.open({ store, metadata, reader: new ChainReader(store) })
        const height = chain.head?.height ?? 0
        await chain.close()
        return height
      } finally {
        await metadata.close()
      }
    } finally {
      await store.close()
    }
  } finally {
    await repo.release()
  }
}
