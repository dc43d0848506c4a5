// The whole of `daemon --import-chain --halt-after-import` on a chain that Lotus made: import with all hashes checked, compiling
// the actors, re-executing every tipset from genesis. The baseline is what Lotus 1.36.2 took for the same file on a machine of
// the same kind (21.5 to 23.0 s for 3,001 epochs, 7.5 s of it compiling, 460 MB): a figure, not a run beside this one.
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Measurement } from './benchmark.ts'

const LOTUS_MS = 22_200

interface Run {
  readonly totalMs: number
  readonly validateMs: number
  readonly epochs: number
  readonly delayP99Ms: number
  readonly delayMaxMs: number
  readonly maxRssBytes: number
}

const script = fileURLToPath(new URL('./import-chain.ts', import.meta.url))
const runNode = fileURLToPath(new URL('../bin/run-node', import.meta.url))

export const name = 'import with re-execution of lotus-devnet'

export function run(): Measurement[] {
  const lines = execFileSync(runNode, [script, 'lotus-devnet'], { stdio: ['ignore', 'pipe', 'ignore'] })
    .toString()
    .trim()
    .split('\n')
  const r = JSON.parse(lines.at(-1) ?? '') as Run
  return [
    { name: 'Lotus, as measured before', ms: LOTUS_MS, count: r.epochs, unit: 'epochs' },
    {
      name: 'import, compile and execute',
      ms: r.totalMs,
      count: r.epochs,
      unit: 'epochs',
      baseline: 'Lotus, as measured before',
    },
    { name: 'event loop delay, p99', ms: r.delayP99Ms },
    { name: 'event loop delay, longest', ms: r.delayMaxMs },
    // Not a time: the runner knows only milliseconds, so the unit is said in the name.
    { name: 'peak memory (MB, not ms)', ms: r.maxRssBytes / 1e6 },
  ]
}
