// What callers of the API notice of 32 peers that flood chain exchange with requests of 900 tipsets: the node, the attacker and the
// caller are processes of their own; the attacker has the lowest priority, as it would run elsewhere.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type RunningDaemon, spawnDaemon } from '../test/kit/daemon.ts'
import { sharedDataRoot } from '../test/kit/shared-data.ts'
import type { Measurement } from './benchmark.ts'

const CALLS = 600
const PAUSE_MS = 5

const folder = join(sharedDataRoot, 'chains', 'lotus-devnet-proofs')
const runNode = fileURLToPath(new URL('../bin/run-node', import.meta.url))
const script = fileURLToPath(new URL('./flood.ts', import.meta.url))

let node: Promise<RunningDaemon> | undefined

/** One node for all runs. It ends with this process. */
function running(): Promise<RunningDaemon> {
  node ??= (async () => {
    const repo = mkdtempSync(join(tmpdir(), 'nelumbo-bench-'))
    const daemon = spawnDaemon(
      { teardown: () => undefined },
      { repo: join(repo, 'repo'), chain: folder, args: ['--import-snapshot', join(folder, 'snapshot.car.zst')] },
    )
    process.on('exit', () => {
      daemon.signal('SIGKILL')
      rmSync(repo, { recursive: true, force: true })
    })
    return daemon.ready(120_000)
  })()
  return node
}

async function p99(daemon: RunningDaemon, method: string): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < CALLS; i++) {
    const started = performance.now()
    await daemon.call(method)
    times.push(performance.now() - started)
    await sleep(PAUSE_MS)
  }
  times.sort((a, b) => a - b)
  return times[Math.floor(times.length * 0.99)] as number
}

async function attacker(daemon: RunningDaemon): Promise<ChildProcess> {
  const { ID, Addrs } = (await daemon.call('NetAddrsListen')).result as { ID: string; Addrs: string[] }
  const child = spawn(runNode, [script, folder, ...Addrs.map((a) => `${a}/p2p/${ID}`)], { stdio: ['pipe', 'pipe', 'inherit'] })
  if (child.stdout === null) throw new Error('the attacker has no output')
  for await (const line of createInterface({ input: child.stdout })) if (line === 'ready') break
  child.stdin?.write('go\n')
  return child
}

export const name = 'API under a flood of chain exchange'

export async function run(): Promise<Measurement[]> {
  const daemon = await running()
  const idle = await p99(daemon, 'ChainHead')
  const flood = await attacker(daemon)
  try {
    await sleep(1000)
    const flooded = await p99(daemon, 'ChainHead')
    return [
      { name: 'ChainHead with no other work, p99', ms: idle },
      {
        name: 'ChainHead while 32 peers ask for 900 tipsets each, p99',
        ms: flooded,
        baseline: 'ChainHead with no other work, p99',
      },
    ]
  } finally {
    flood.kill()
  }
}
