// Block production from an epoch's start to the broadcast, part by part, with many actors in one process on a devnet of fake
// proofs: node, miner and beacon in this process. Not among the benchmarks that `npm run bench` repeats, as each run makes a network.
//
//   bin/run-node bench/mining.ts [actors (50)] [epochs (20)] [block delay in seconds (10)] [folder of actor bundles]

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { configureLogging } from '../src/lib/log.ts'
import { startDevnet } from '../src/node/devnet/run.ts'
import { RpcClient } from '../src/rpc/client.ts'
import { Repo } from '../src/store/repo.ts'
import { sharedDataRoot } from '../test/kit/shared-data.ts'
import { median } from './benchmark.ts'

interface Attempt {
  readonly Miner: string
  readonly Epoch: number
  readonly Outcome: string
  readonly Late: boolean
  readonly StagesMs: Readonly<Record<string, number>>
}

const [actors = 50, epochs = 20, blockDelaySecs = 10] = process.argv.slice(2, 5).map(Number)
const bundles = process.argv[5] ?? join(sharedDataRoot, 'actors')
/** Epochs in which the actors' code is still being compiled. */
const WARM_UP = 5

configureLogging({ level: 'error', format: 'plain', write: (text) => process.stderr.write(text) })
const folder = mkdtempSync(join(tmpdir(), 'nelumbo-bench-'))
const stop = new AbortController()
try {
  const devnet = await startDevnet({
    folder: join(folder, 'devnet'),
    cacheDir: join(folder, 'cache'),
    miners: actors,
    sectors: 1,
    blockDelaySecs,
    proofs: 'fake',
    bundleFolders: [bundles],
    host: '127.0.0.1',
    apiPort: 0,
    minerApiPort: 0,
    signal: stop.signal,
    onStep: () => {},
  })
  await devnet.beginMining()
  const { node, miner } = devnet
  if (miner === undefined) throw new Error('the devnet has no miner')
  const height = (): number => node.chain.requireHead().height
  const until = async (wanted: number): Promise<void> => {
    while (height() < wanted) await sleep(100)
  }
  await until(WARM_UP)
  const first = height() + 1
  const delay = monitorEventLoopDelay({ resolution: 5 })
  delay.enable()
  await until(first + epochs)
  delay.disable()
  const repo = await Repo.open(miner.repo.path, { kind: 'miner' })
  const client = new RpcClient({ url: miner.server.url, token: await repo.apiToken() })
  const attempts: Attempt[] = []
  for (const actor of miner.actors)
    attempts.push(
      ...((await client.callJson('Filecoin.MiningRecord', [actor.toString(), first + epochs - 1, epochs])) as Attempt[]),
    )
  await client.close()
  report(
    attempts.filter((a) => a.Epoch >= first),
    delay.percentile(99) / 1e6,
    delay.max / 1e6,
  )
  await devnet.close()
} finally {
  stop.abort()
  rmSync(folder, { recursive: true, force: true })
}

function report(attempts: readonly Attempt[], p99: number, max: number): void {
  const won = attempts.filter((a) => a.Outcome === 'won')
  const stages = new Map<string, number[]>()
  for (const { StagesMs } of won)
    for (const [stage, ms] of Object.entries(StagesMs)) stages.set(stage, [...(stages.get(stage) ?? []), ms])
  console.log(`${actors} actors, ${epochs} epochs of ${blockDelaySecs} s: ${attempts.length} attempts, ${won.length} blocks`)
  console.log(
    `late starts: ${attempts.filter((a) => a.Late).length}, failed: ${attempts.filter((a) => a.Outcome === 'failed').length}`,
  )
  const overdue = won.filter((a) => (a.StagesMs.wait ?? 0) < 1).length
  console.log(`blocks that were not ready at their time: ${overdue}`)
  console.log(`event loop delay: p99 ${p99.toFixed(1)} ms, max ${max.toFixed(1)} ms`)
  for (const [stage, all] of stages) {
    const sorted = [...all].sort((a, b) => a - b)
    const p95 = sorted[Math.floor(sorted.length * 0.95)] ?? 0
    console.log(`  ${stage.padEnd(12)} median ${median(all).toFixed(1)} ms, p95 ${p95.toFixed(1)} ms`)
  }
}
