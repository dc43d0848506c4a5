// Getting a chain from a peer, every rule checked with real proofs, against re-executing it: lotus-devnet-proofs, 787 epochs, 355
// tipsets. The peer is a process of its own on this machine, so that its work counts on the same cores. Warm runs have the actors
// compiled; cold ones compile them while they run. Lotus, measured before on a machine of the same kind, took 13.7 s from
// connecting to the head, compiling included.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Measurement } from './benchmark.ts'

const LOTUS_MS = 13_700
const EPOCHS = 787

const script = fileURLToPath(new URL('./sync.ts', import.meta.url))
const runNode = fileURLToPath(new URL('../bin/run-node', import.meta.url))

interface Usage {
  readonly ms: number
  readonly cpuMs: number
  readonly delayP99Ms: number
  readonly delayMaxMs: number
  readonly maxRssBytes: number
}

interface Executed {
  readonly cold: { readonly whole: Usage; readonly executeMs: number }
  readonly warm: { readonly whole: Usage; readonly executeMs: number }
}

interface Synced {
  /** From connecting to the head. */
  readonly sync: Usage
  /** From the start of the node. */
  readonly whole: Usage
}

function start(...args: readonly string[]): ChildProcess {
  return spawn(runNode, [script, ...args], { stdio: ['pipe', 'pipe', 'ignore'] })
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('the process has no output')
  for await (const line of createInterface({ input: child.stdout })) return line
  throw new Error(`a part of the benchmark ended without a result; by hand: bin/run-node ${child.spawnargs.slice(1).join(' ')}`)
}

async function result<T>(...args: readonly string[]): Promise<T> {
  const child = start(...args)
  const ended = once(child, 'exit')
  const line = await firstLine(child)
  await ended
  return JSON.parse(line) as T
}

let peer: Promise<{ readonly address: string }> | undefined

/** One peer for all runs. It ends with this process. */
function peerAddress(): Promise<{ readonly address: string }> {
  peer ??= (async () => {
    const child = start('serve')
    process.on('exit', () => child.kill())
    const line = await firstLine(child)
    child.unref()
    return JSON.parse(line) as { address: string }
  })()
  return peer
}

export const name = 'sync of lotus-devnet-proofs from a peer'

export async function run(): Promise<Measurement[]> {
  const { address } = await peerAddress()
  const executed = await result<Executed>('execute')
  const warm = await result<Synced>('sync', address, 'warm')
  const cold = await result<Synced>('sync', address)
  const rate = { count: EPOCHS, unit: 'epochs' }
  return [
    { name: 're-execution, actors compiled', ms: executed.warm.executeMs, ...rate },
    { name: 'sync, actors compiled', ms: warm.sync.ms, ...rate, baseline: 're-execution, actors compiled' },
    { name: 're-execution from the start of the process', ms: executed.cold.whole.ms, ...rate },
    {
      name: 'sync from the start of the process',
      ms: cold.whole.ms,
      ...rate,
      baseline: 're-execution from the start of the process',
    },
    { name: 'Lotus from connecting to the head, as measured before', ms: LOTUS_MS, ...rate },
    {
      name: 'from connecting to the head, compiling included',
      ms: cold.sync.ms,
      ...rate,
      baseline: 'Lotus from connecting to the head, as measured before',
    },
    { name: 'CPU time of the sync', ms: warm.sync.cpuMs },
    { name: 'CPU time of the re-execution', ms: executed.warm.whole.cpuMs },
    { name: 'event loop delay while syncing, p99', ms: warm.sync.delayP99Ms },
    { name: 'event loop delay while syncing, longest', ms: warm.sync.delayMaxMs },
    // Not a time: the runner knows only milliseconds, so the unit is said in the name.
    { name: 'peak memory of a node that synced (MB, not ms)', ms: cold.sync.maxRssBytes / 1e6 },
  ]
}
