// A block with as many null rounds below it as a test wants: made as the miner would make it, in the miner's own repo, by its own
// keys, while no miner runs on it.

import type { Api } from '../../src/api/api.ts'
import { miningChainOver } from '../../src/miner/mining/chain.ts'
import { MadeBlocks } from '../../src/miner/mining/made-blocks.ts'
import { PastGuard } from '../../src/miner/mining/past.ts'
import { Round } from '../../src/miner/mining/round.ts'
import { SlashFilter } from '../../src/miner/mining/slash-filter.ts'
import type { Prover } from '../../src/miner/proving.ts'
import { SectorIndex } from '../../src/miner/storage/sector-index.ts'
import { SectorStore } from '../../src/miner/storage/sector-store.ts'
import type { FullNode } from '../../src/node/full-node.ts'
import { MetadataStore } from '../../src/store/metadata.ts'
import { Repo } from '../../src/store/repo.ts'
import type { Address } from '../../src/types/address.ts'
import type { FastTime } from './fast-time.ts'

/** Longest stretch of null rounds: a winning PoSt looks back a finality of 900 epochs, and its base must lie above that. */
const MAX_GAP = 850

export interface FarBlocks {
  readonly node: FullNode
  readonly time: FastTime
  readonly repoPath: string
  readonly miner: Address
  prover(store: SectorStore): Prover
}

/** Leaves epochs out up to a height: blocks far apart, the last one at the height or, where that is lost, soon after it. */
export async function skipTo(far: FarBlocks, height: number): Promise<void> {
  const head = (): number => far.node.chain.requireHead().height
  while (head() < height) await blockAbove(far, Math.min(height, head() + MAX_GAP))
}

async function blockAbove({ node, time, repoPath, miner, prover }: FarBlocks, from: number): Promise<void> {
  const { signal } = new AbortController()
  const repo = await Repo.open(repoPath, { kind: 'miner' })
  await repo.lock()
  const records = await MetadataStore.open(repo.paths.metadata)
  const store = new SectorStore({ index: new SectorIndex(), paths: repo })
  try {
    await store.open()
    const chain = miningChainOver(node.api as Api)
    const filter = new SlashFilter({ records })
    const past = new PastGuard({ chain, records, filter })
    const made = new MadeBlocks({ records })
    const components = { chain, prover: prover(store), filter, made, past, clock: time.clock, elapsed: () => performance.now() }
    const { blockDelaySecs, propagationDelaySecs, equivocationDelaySecs, upgrades } = node.network
    const rules = { blockDelaySecs, propagationDelaySecs, equivocationDelaySecs, smoke: upgrades.smoke }
    const tipset = await chain.head(signal)
    const begin = Number(tipset.blocks[0]?.timestamp)
    for (let epoch = from; ; epoch++) {
      time.clock.set((begin + (epoch - tipset.height) * blockDelaySecs) * 1000)
      const round = new Round(components, rules, { tipset, seenAt: 0, nullRounds: epoch - tipset.height - 1 }, signal)
      const [attempt] = await round.run([miner])
      if (attempt?.outcome === 'won') return
      if (attempt?.outcome !== 'lost') throw new Error(`${miner} at ${epoch}: ${attempt?.outcome}, ${attempt?.reason}`)
    }
  } finally {
    store.close()
    await records.close()
    await repo.release()
  }
}
