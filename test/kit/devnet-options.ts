import { join } from 'node:path'
import type { DevnetRunOptions } from '../../src/node/devnet/run.ts'

/** A devnet of one miner for tests: fake proofs, epochs of a second, free ports. */
export function devnetOptions(folder: string, bundles: string, signal: AbortSignal): DevnetRunOptions {
  return {
    folder: join(folder, 'devnet'),
    cacheDir: join(folder, 'cache'),
    miners: 1,
    sectors: 1,
    blockDelaySecs: 1,
    proofs: 'fake',
    bundleFolders: [bundles],
    host: '127.0.0.1',
    apiPort: 0,
    minerApiPort: 0,
    queryThreads: 1,
    signal,
    onStep: () => {},
  }
}
