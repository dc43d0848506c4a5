// One part of the sync benchmark, in a process of its own: compiled actors and caches are per process. Prints lines of JSON.
// Started by sync.bench.ts; by hand:
//
//   bin/run-node bench/sync.ts serve               a node that holds the whole chain; prints its address, ends with its input
//   bin/run-node bench/sync.ts execute             re-execution from genesis, as `--import-chain` does it: cold, then warm
//   bin/run-node bench/sync.ts sync ADDRESS [warm] a node with nothing but genesis gets the chain from that address

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { loadNetworkFile } from '../src/networks/network-file.ts'
import { type FullNode, startFullNode } from '../src/node/full-node.ts'
import type { FullNodeOptions } from '../src/node/options.ts'
import { sharedDataRoot } from '../test/kit/shared-data.ts'
import { LOOPBACK } from '../test/kit/test-node.ts'

const [role, address, warm] = process.argv.slice(2)
const folder = join(sharedDataRoot, 'chains', 'lotus-devnet-proofs')
const carFile = join(folder, 'chain.car.zst')
if (!existsSync(carFile)) throw new Error(`${carFile} is missing`)
const network = await loadNetworkFile(join(folder, 'network.json'))
const repos: string[] = []
process.on('exit', () => {
  for (const repo of repos) rmSync(repo, { recursive: true, force: true })
})

const print = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`)

/** A node with an empty repo; what its main thread is doing is watched from here on. */
function start(options: Partial<FullNodeOptions>): Promise<FullNode> {
  const repoPath = mkdtempSync(join(tmpdir(), 'nelumbo-bench-'))
  repos.push(repoPath)
  return startFullNode({
    repoPath,
    network,
    bundlesDir: join(sharedDataRoot, 'actors'),
    removeExistingChain: false,
    haltAfterImport: false,
    apiPort: 0,
    configOverrides: LOOPBACK,
    ...options,
  })
}

interface Usage {
  readonly ms: number
  readonly cpuMs: number
  readonly delayP99Ms: number
  readonly delayMaxMs: number
  readonly maxRssBytes: number
  /** CPU time of the threads by their names. */
  readonly threadMs: Readonly<Record<string, number>>
}

/** CPU time that each name of a thread has used so far, milliseconds; empty where the system does not tell. */
function threadTimes(): Map<string, number> {
  const times = new Map<string, number>()
  const tasks = '/proc/self/task'
  if (!existsSync(tasks)) return times
  for (const id of readdirSync(tasks)) {
    const name = readFileSync(join(tasks, id, 'comm'), 'utf8').trim()
    const stat = readFileSync(join(tasks, id, 'stat'), 'utf8')
    // Behind the name in brackets: user and system time are the 12th and 13th fields, in hundredths of a second.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    times.set(name, (times.get(name) ?? 0) + (Number(fields[11]) + Number(fields[12])) * 10)
  }
  return times
}

/** Starts to measure this process; what is returned ends it. */
function measure(): () => Usage {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const cpu = process.cpuUsage()
  const threads = threadTimes()
  const started = performance.now()
  return () => {
    const ms = performance.now() - started
    const { user, system } = process.cpuUsage(cpu)
    delay.disable()
    return {
      ms,
      cpuMs: (user + system) / 1000,
      delayP99Ms: delay.percentile(99) / 1e6,
      delayMaxMs: delay.max / 1e6,
      maxRssBytes: process.resourceUsage().maxRSS * 1024,
      threadMs: Object.fromEntries([...threadTimes()].map(([name, time]) => [name, time - (threads.get(name) ?? 0)])),
    }
  }
}

/** The whole of an import with re-execution; and the part of it that executes, which is all that a warm one has. */
async function execute(): Promise<{ readonly whole: Usage; readonly executeMs: number; readonly tipsets: number }> {
  const done = measure()
  const node = await start({ import: { location: carFile, mode: 'validate' }, haltAfterImport: true })
  await node.closed
  const { seconds = 0, tipsets = 0 } = node.validation ?? {}
  return { whole: done(), executeMs: seconds * 1000, tipsets }
}

async function serve(): Promise<void> {
  const node = await start({ import: { location: carFile, mode: 'validate' }, p2p: { bootstrap: false, bootstrapper: false } })
  const self = node.net?.view.self()
  print({
    address: `${self?.addrs[0]}/p2p/${self?.id}`,
    height: node.chain.head?.height,
    head: node.chain.head?.key.id === undefined ? '' : Buffer.from(node.chain.head.key.id, 'latin1').toString('hex'),
  })
  const cpu = process.cpuUsage()
  await new Promise((resolve) => process.stdin.on('close', resolve).resume())
  const { user, system } = process.cpuUsage(cpu)
  print({ servedCpuMs: (user + system) / 1000 })
  await node.close()
}

async function sync(from: string): Promise<void> {
  const whole = measure()
  const node = await start({ p2p: { bootstrap: false, bootstrapper: false } })
  const [addr, id] = from.split('/p2p/')
  const done = measure()
  let first: number | undefined
  const began = performance.now()
  const reached = new Promise<void>((resolve, reject) => {
    node.chain.onHeadChange((_changes, head) => {
      first ??= performance.now() - began
      if (head.height === Number(process.env.NELUMBO_BENCH_HEIGHT ?? 787)) resolve()
    })
    const state = setInterval(() => {
      const report = node.syncer?.reports.all().at(-1)
      if (report?.stage === 'error') reject(new Error(report.message))
    }, 500)
    node.closed.finally(() => clearInterval(state))
  })
  await node.net?.view.connect({ id: id as string, addrs: [addr as string] })
  await reached
  print({ sync: done(), whole: whole(), firstHeadMs: first })
  await node.close()
}

if (role === 'serve') await serve()
else if (role === 'execute') {
  const cold = await execute()
  const second = await execute()
  print({ cold, warm: second })
} else if (role === 'sync' && address !== undefined) {
  // The actors get compiled by executing the chain once, as they are before the warm re-execution.
  if (warm === 'warm') await execute()
  await sync(address)
} else throw new Error('type: bench/sync.ts serve | execute | sync ADDRESS [warm]')
