// A node that follows a chain for a long time: what becomes of its memory and of its event loop, and how long a block takes from
// SyncSubmitBlock on one node to the head of the other.
//
//   bin/run-node bench/follow-soak.ts [minutes [chain]]
//
// One node has executed a chain that Lotus made and goes back to its genesis; the other begins with the genesis alone. Block by
// block the first is handed what it had, as a miner hands it over; the second gets it by gossip and bitswap, executes and validates
// it. The tipsets are spread over the time given. Prints a line every minute, and last
// what memory grows by with a tipset.
//
// The caches of the second are small, so that they are full after a part of the chain and what grows then is something else: as
// they are by default, they would fill all along.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type RunningDaemon, startDaemon } from '../test/kit/daemon.ts'
import { sharedDataRoot } from '../test/kit/shared-data.ts'

const [minutes = '60', name = 'lotus-devnet'] = process.argv.slice(2)
const chain = join(sharedDataRoot, 'chains', name)
const SMALL_CACHES = {
  LOTUS_CHAINSTORE_CACHES_BLOCKBYTES: String(8 << 20),
  LOTUS_CHAINSTORE_CACHES_INDEXBYTES: String(4 << 20),
}
const folder = mkdtempSync(join(tmpdir(), 'nelumbo-follow-'))
const closers: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })]
const t = { teardown: (close: () => unknown) => void closers.unshift(close) }

interface Tipset {
  readonly Cids: readonly { readonly '/': string }[]
  readonly Blocks: readonly object[]
  readonly Height: number
}

async function ask<T>(node: RunningDaemon, method: string, params: readonly unknown[] = []): Promise<T> {
  const { result, error } = await node.call(method, params)
  if (error !== undefined) throw new Error(`${method}: ${error.message}`)
  return result as T
}

const key = (tipset: Tipset): string => tipset.Cids.map((c) => c['/']).join()

function residentMiB(pid: number, field = 'VmRSS'): number {
  const kib = new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kib) / 1024
}

async function metrics(node: RunningDaemon): Promise<{ readonly delayP99: number; readonly cachedMiB: number }> {
  const text = await (await fetch(`${node.url}/debug/metrics`)).text()
  const gauge = (name: string): number => Number(new RegExp(`^${name} (\\S+)`, 'm').exec(text)?.[1])
  return {
    delayP99: gauge('nelumbo_event_loop_delay_p99_ms'),
    cachedMiB: (gauge('nelumbo_block_cache_bytes') + gauge('nelumbo_store_memory_bytes')) / 2 ** 20,
  }
}

/** KiB per tipset, by least squares. */
function slope(samples: readonly { readonly tipsets: number; readonly mib: number }[]): number {
  const n = samples.length
  const mx = samples.reduce((s, p) => s + p.tipsets, 0) / n
  const my = samples.reduce((s, p) => s + p.mib, 0) / n
  const xy = samples.reduce((s, p) => s + (p.tipsets - mx) * (p.mib - my), 0)
  const xx = samples.reduce((s, p) => s + (p.tipsets - mx) ** 2, 0)
  return (xy / xx) * 1024
}

const share = (list: readonly number[], part: number): number =>
  [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * part))] ?? Number.NaN

async function main(): Promise<void> {
  const start = (repo: string, more: { readonly args?: readonly string[]; readonly env?: Readonly<Record<string, string>> }) =>
    startDaemon(t, { repo: join(folder, repo), chain, ...more }, 600_000)
  const elder = await start('elder', { args: ['--import-chain', join(chain, 'chain.car.zst')] })
  const way: Tipset[] = []
  for (let at = await ask<Tipset>(elder, 'ChainHead'); at.Height > 0; ) {
    way.push(at)
    at = await ask<Tipset>(elder, 'ChainGetTipSet', [(at.Blocks[0] as { Parents: object[] }).Parents])
  }
  way.reverse()
  const genesis = await ask<Tipset>(elder, 'ChainGetGenesis')
  await ask(elder, 'ChainSetHead', [genesis.Cids])
  const younger = await start('younger', { env: SMALL_CACHES })
  await ask(younger, 'NetConnect', [await ask(elder, 'NetAddrsListen')])
  const { pid } = younger.process
  console.log(`${way.length} tipsets in ${minutes} minutes; memory before the first ${residentMiB(pid).toFixed(0)} MiB`)

  const from = performance.now()
  const pace = (Number(minutes) * 60_000) / way.length
  const samples: { tipsets: number; mib: number }[] = []
  const delays: number[] = []
  let recent: number[] = []
  await metrics(younger)
  for (const [i, tipset] of way.entries()) {
    await sleep(Math.max(0, from + i * pace - performance.now()))
    const since = performance.now()
    for (const header of tipset.Blocks as { Messages: object }[]) {
      const cid = tipset.Cids[(tipset.Blocks as object[]).indexOf(header)]
      const { BlsMessages, SecpkMessages } = await ask<{ BlsMessages: { CID: object }[]; SecpkMessages: { CID: object }[] }>(
        elder,
        'ChainGetBlockMessages',
        [cid],
      )
      await ask(elder, 'SyncSubmitBlock', [
        { Header: header, BlsMessages: BlsMessages?.map((m) => m.CID), SecpkMessages: SecpkMessages?.map((m) => m.CID) },
      ])
    }
    for (;;) {
      if (key(await ask<Tipset>(younger, 'ChainHead')) === key(tipset)) break
      if (performance.now() - since > 120_000) throw new Error(`the tipset at ${tipset.Height} does not arrive`)
      await sleep(3)
    }
    recent.push(performance.now() - since)
    const at = performance.now() - from
    if (at >= samples.length * 60_000 || i === way.length - 1) {
      samples.push({ tipsets: i, mib: residentMiB(pid) })
      const { delayP99, cachedMiB } = await metrics(younger)
      delays.push(delayP99)
      console.log(
        `${(at / 60_000).toFixed(1)} min, height ${tipset.Height}: memory ${samples.at(-1)?.mib.toFixed(0)} MiB (${cachedMiB.toFixed(0)} of them caches), event loop p99 ${delayP99.toFixed(1)} ms, ` +
          `a tipset after ${share(recent, 0.5).toFixed(0)} ms (median), ${share(recent, 1).toFixed(0)} ms at most`,
      )
      recent = []
    }
  }
  const quarter = samples.length >> 2
  const quarters = [0, 1, 2, 3].map((q) => slope(samples.slice(q * quarter, q === 3 ? undefined : (q + 1) * quarter)).toFixed(0))
  console.log(
    `peak ${residentMiB(pid, 'VmHWM').toFixed(0)} MiB, growth in each quarter ${quarters.join(', ')} KiB a tipset, ` +
      `event loop p99 by minute: median ${share(delays, 0.5).toFixed(1)}, worst ${share(delays, 1).toFixed(1)} ms`,
  )
}

try {
  await main()
} finally {
  for (const close of closers) await close()
}
