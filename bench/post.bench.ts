// What the addon costs over the bare crates: winning and window PoSts over lotus-seed's 2 KiB sectors, made by
// native/src/bin/post_runner.rs without Node and by the prover through the storage paths, with the same parameters.
//
// The runner is built beside the addon, in the user's cache. NELUMBO_POST_RUNNER names one that is there already.

import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cacheDirectory } from '../scripts/setup/cache.mjs'
import { LocalProver } from '../src/miner/prover.ts'
import { SectorIndex } from '../src/miner/storage/sector-index.ts'
import { SectorStore } from '../src/miner/storage/sector-store.ts'
import { CID } from '../src/types/cid.ts'
import { type PresealedSector, presealedSectors } from '../test/kit/presealed.ts'
import { useTestParameters } from '../test/kit/proof-parameters.ts'
import { sharedDataRoot } from '../test/kit/shared-data.ts'
import type { Measurement } from './benchmark.ts'

const miner = 1000n
const randomness = new Uint8Array(32).fill(7)
const windowType = 10
const kinds = [
  { label: 'winning PoSt', winning: true, count: 1 },
  { label: 'window PoSt', winning: false, count: 2 },
] as const
type Kind = (typeof kinds)[number]

function buildRunner(): string {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const target = join(cacheDirectory(root), 'target')
  const args = ['build', '--release', '--locked', '--features', 'post-runner', '--bin', 'post_runner', '--target-dir', target]
  execFileSync('cargo', args, { cwd: join(root, 'native'), stdio: ['ignore', 'ignore', 'inherit'] })
  return join(target, 'release', 'post_runner')
}

/** Milliseconds of the second of two proofs; the first one also reads the parameters. */
function bare(runner: string, folder: string, { winning, count }: Kind, sectors: readonly PresealedSector[]): number {
  const job = {
    winning,
    sectorSize: 2048,
    miner: Number(miner),
    randomness: Buffer.from(randomness).toString('hex'),
    rounds: 2,
    sectors: sectors.slice(0, count).map(({ sectorNumber, sealedCid, cachePath, sealedPath }) => ({
      number: Number(sectorNumber),
      commR: Buffer.from(sealedCid.subarray(-32)).toString('hex'),
      cache: cachePath,
      sealed: sealedPath,
    })),
  }
  const env = { ...process.env, FIL_PROOFS_PARAMETER_CACHE: folder }
  const output = execFileSync(runner, [], { input: JSON.stringify(job), env })
  const { seconds } = JSON.parse(output.toString('utf8')) as { seconds: number[] }
  return (seconds[1] as number) * 1000
}

async function throughAddon(prover: LocalProver, { winning, count }: Kind, sectors: readonly PresealedSector[]): Promise<number> {
  const proving = sectors.slice(0, count).map(({ sectorNumber, sealedCid, registeredSealProof }) => ({
    number: sectorNumber,
    sealProof: registeredSealProof,
    sealedCid: CID.decode(sealedCid),
    updated: false,
  }))
  const once = () =>
    winning ? prover.winningPost(miner, proving, randomness) : prover.windowPost(miner, windowType, proving, randomness)
  await once()
  const start = performance.now()
  await once()
  return performance.now() - start
}

export const name = 'Proofs of spacetime: addon against bare crates'

let prepared: Promise<{ runner: string; folder: string; prover: LocalProver; sectors: readonly PresealedSector[] }> | undefined

async function prepare() {
  const { folder } = await useTestParameters()
  const sectors = presealedSectors({ pass: () => {}, fail: () => {} }, 1000)
  if (sectors === undefined) throw new Error('the foreign chain with its sectors is missing')
  const store = new SectorStore({
    index: new SectorIndex(),
    paths: { storagePaths: async () => [], setStoragePaths: async () => {} },
  })
  await store.attach(join(sharedDataRoot, 'chains', 'lotus-devnet-proofs', 'miners', 't01000'))
  return { runner: process.env.NELUMBO_POST_RUNNER ?? buildRunner(), folder, prover: new LocalProver({ store }), sectors }
}

export async function run(): Promise<Measurement[]> {
  prepared ??= prepare()
  const { runner, folder, prover, sectors } = await prepared
  const out: Measurement[] = []
  for (const kind of kinds) {
    const baseline = `${kind.label} bare`
    out.push(
      { name: baseline, ms: bare(runner, folder, kind, sectors), count: 1, unit: 'proofs' },
      {
        name: `${kind.label} through the addon`,
        ms: await throughAddon(prover, kind, sectors),
        count: 1,
        unit: 'proofs',
        baseline,
      },
    )
  }
  return out
}
