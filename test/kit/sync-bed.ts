// A syncer on headers of our own making: everything is valid but what a test says is not, and the weight follows from the headers.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encode } from '../../src/codec/codec.ts'
import { NodeError } from '../../src/lib/errors.ts'
import { MemoryBlockstore } from '../../src/store/blockstore.ts'
import { ChainReader } from '../../src/store/chain-reader.ts'
import { ChainStore } from '../../src/store/chain-store.ts'
import { MetadataStore } from '../../src/store/metadata.ts'
import { type ChainSource, Syncer, type SyncerComponents, type Validator } from '../../src/sync/syncer.ts'
import { blockHeader } from '../../src/types/block.ts'
import type { FullBlock } from '../../src/types/full-block.ts'
import type { Tipset, TipsetKey } from '../../src/types/tipset.ts'
import type { TestChain } from './fork-chain.ts'

/** The weight that the model and the validator agree on: a function of the headers alone. */
export function weightOf(tipset: Tipset): bigint {
  return BigInt(tipset.height) * 10n + BigInt(tipset.blocks.length)
}

class BadError extends NodeError {
  readonly permanent: boolean
  constructor(permanent: boolean) {
    super('TEST_BAD', 'broken on purpose')
    this.permanent = permanent
  }
}

export interface Bed {
  readonly syncer: Syncer
  readonly chain: ChainStore
  readonly validated: string[]
  readonly failing: Map<string, boolean>
  restart(): Promise<Bed>
  close(): Promise<void>
}

/** What a test does otherwise. */
export interface BedOptions {
  readonly onBadClaim?: SyncerComponents['onBadClaim']
  readonly now?: () => number
  /** Stands before the source; what it throws the source throws. */
  readonly beforeHeaders?: (key: TipsetKey, signal: AbortSignal, prefer: readonly string[]) => Promise<void>
  /** What is wrong with a block beside what `failing` says. */
  readonly judge?: (header: Tipset['first']) => Error | undefined
}

/** A node that has only the genesis; everything else it gets from `remote`, a store with all blocks. */
export async function syncBed(
  remote: TestChain,
  genesis: Tipset,
  more: BedOptions = {},
  folder = mkdtempSync(join(tmpdir(), 'nelumbo-sync-')),
  store = new MemoryBlockstore(),
): Promise<Bed> {
  const metadata = await MetadataStore.open(join(folder, 'metadata'))
  const reader = new ChainReader(store)
  if (store.size === 0) for (const b of genesis.blocks) store.put(genesis.cids[0] as never, encode(blockHeader, b))
  const chain = await ChainStore.open({ store, metadata, reader })
  await chain.setGenesis(genesis.first, genesis.cids[0] as never)
  const far = new ChainReader(remote.store)
  const full = (tipset: Tipset): FullBlock[] =>
    tipset.blocks.map((header) => {
      const { bls, secp } = far.messages(header)
      return { header, bls, secp }
    })
  const source: ChainSource = {
    headers: async (key: TipsetKey, count: number, signal: AbortSignal, prefer = []) => {
      await more.beforeHeaders?.(key, signal, prefer)
      const out: Tipset[] = []
      for (let at = far.tipset(key); out.length < Math.min(count, 7); at = far.tipset(at.parents)) {
        out.push(at)
        if (at.height === 0) break
      }
      return out
    },
    messages: async (tipsets) => tipsets.map(full),
  }
  const validated: string[] = []
  const failing = new Map<string, boolean>()
  const validator: Validator = {
    validate: async (way) => {
      const results: (Error | undefined)[][] = []
      for (const key of way) {
        const errors = key.cids.map((cid) => {
          const permanent = failing.get(cid.toString())
          const other = more.judge?.(reader.block(cid))
          if (other !== undefined) return other
          if (permanent === undefined) validated.push(cid.toString())
          return permanent === undefined ? undefined : new BadError(permanent)
        })
        results.push(errors)
        if (errors.some((e) => e !== undefined)) break
      }
      return results
    },
    weigh: async (tipset) => weightOf(tipset),
  }
  const syncer = new Syncer({
    chain,
    store,
    metadata,
    source,
    validator,
    ...(more.onBadClaim === undefined ? {} : { onBadClaim: more.onBadClaim }),
    ...(more.now === undefined ? {} : { now: more.now }),
  })
  const stop = async (): Promise<void> => {
    await syncer.close()
    await chain.close()
    await metadata.close()
  }
  return {
    syncer,
    chain,
    validated,
    failing,
    restart: async () => {
      await stop()
      return syncBed(remote, genesis, more, folder, store)
    },
    close: async () => {
      await stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Numbers that are the same in every run. */
export function random(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

export function grow(remote: TestChain, from: Tipset, length: number, pick: (below: number) => number): Tipset[] {
  const out: Tipset[] = []
  let at = from
  for (let i = 0; i < length; i++) {
    at = remote.extend(at, { blocks: 1 + pick(2), nullRounds: pick(8) === 0 ? 1 : 0 })
    out.push(at)
  }
  return out
}
