import { rm } from 'node:fs/promises'
import { getLogger } from '../lib/log.ts'
import { networkVersion } from '../networks/schedule.ts'
import type { ChainStore } from '../store/chain-store.ts'
import type { LevelBlockstore } from '../store/level-blockstore.ts'
import { MetadataStore } from '../store/metadata.ts'
import type { Repo } from '../store/repo.ts'
import { importSnapshot } from '../store/snapshot/import.ts'
import type { Tipset } from '../types/tipset.ts'
import type { ChainPool } from './chain-pool.ts'
import type { FullNodeOptions, ValidationResult } from './options.ts'

const log = getLogger('node')

/** Drops blocks and what is known about the chain; keys, config and other records stay. */
export async function removeChain(repo: Repo): Promise<void> {
  await rm(repo.paths.chain, { recursive: true, force: true })
  const metadata = await MetadataStore.open(repo.paths.metadata)
  try {
    await metadata.forgetChain()
  } finally {
    await metadata.close()
  }
}

/** Reads the chain that the options name into the stores; its head becomes ours. */
export async function importChain(
  options: FullNodeOptions,
  { store, metadata, chain }: { store: LevelBlockstore; metadata: MetadataStore; chain: ChainStore },
  signal: AbortSignal,
): Promise<void> {
  const { location, mode } = options.import as NonNullable<FullNodeOptions['import']>
  const genesis = options.network.genesisCid ?? chain.genesis?.cids[0]
  const started = performance.now()
  const result = await importSnapshot({
    source: location,
    store,
    metadata,
    chain,
    ...(genesis === undefined ? {} : { genesis }),
    // A chain that is executed needs no state but that of genesis.
    check: mode === 'trust' ? 'state' : 'headers',
    signal,
    onProgress: (p) =>
      options.onProgress?.({
        stage: 'import',
        bytes: p.bytes,
        totalBytes: p.totalBytes,
        blocks: p.blocks,
        elapsedMs: performance.now() - started,
      }),
  })
  log.info('chain imported', { blocks: result.blocks, bytes: result.bytes, height: result.head.height })
}

/** Re-executes the chain up to `head`. */
export async function validateImport(
  options: FullNodeOptions,
  head: Tipset,
  pool: ChainPool,
  compiled: Promise<void> | undefined,
  signal: AbortSignal,
): Promise<ValidationResult> {
  const started = performance.now()
  // The first execution would wait for the compilation inside of the addon, where no signal reaches it.
  options.onProgress?.({ stage: 'compile', networkVersion: networkVersion(options.network, head.height) })
  await Promise.race([compiled, aborted(signal)])
  signal.throwIfAborted()
  const { tipsets } = await pool.validate(head, {
    signal,
    onProgress: (p) => options.onProgress?.({ stage: 'validate', ...p, elapsedMs: performance.now() - started }),
  })
  return {
    tipsets,
    seconds: (performance.now() - started) / 1000,
    headHeight: head.height,
    head: head.cids.map(String).join(','),
  }
}

/** Settles when the signal has fired. */
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
