/** What `miner info` asks the miner's process, and how it is printed (Lotus cli/miner/info.go). */
import { CliError } from '../../errors.ts'
import { METHOD_NOT_FOUND, type NodeApi } from '../../node-api.ts'
import type { Output } from '../../print.ts'
import type { AlertJson } from '../../wire.ts'
import type { WorkerStatsJson } from '../proving/workers.ts'

export interface ProcessParts {
  readonly alerts: readonly AlertJson[]
  /** Undefined where it is not asked for. */
  readonly summary: Readonly<Record<string, number>> | undefined
  readonly workers: Readonly<Record<string, WorkerStatsJson>>
  /** Empty where the process has no such answer, as lotus-miner. */
  readonly mining: readonly unknown[]
}

export async function processParts(miner: NodeApi, sectors: boolean): Promise<ProcessParts> {
  return {
    alerts: (await orNothing(miner.call<readonly AlertJson[] | null>('LogAlerts'))) ?? [],
    summary: sectors ? ((await miner.call<Readonly<Record<string, number>> | null>('SectorsSummary')) ?? {}) : undefined,
    workers: (await miner.call<Readonly<Record<string, WorkerStatsJson>> | null>('WorkerStats')) ?? {},
    mining: (await orNothing(miner.call<readonly unknown[]>('MiningStates'))) ?? [],
  }
}

/** The rest is worth printing for a token that may not read this, and of a miner of another make. */
async function orNothing<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call
  } catch (error) {
    if (error instanceof CliError && (error.code === 'CLI_PERMISSION' || error.rpcCode === METHOD_NOT_FOUND)) return undefined
    throw error
  }
}

export function printAlerts(out: Output, alerts: readonly AlertJson[]): void {
  const active = alerts.filter((alert) => alert.Active).length
  if (active === 0) return
  out.line(`${out.paint('red', `⚠ ${active} Active alerts`)} (check ${out.paint('yellow', 'nelumbo miner log alerts')})`)
}

export function printSectors(out: Output, summary: ProcessParts['summary']): void {
  if (summary === undefined) return
  const states = Object.entries(summary)
  out.line('Sectors:')
  out.line(`\tTotal: ${states.reduce((sum, [, count]) => sum + count, 0)}`)
  for (const [state, count] of states) out.line(out.paint('green', `\t${state}: ${count}`))
  out.line()
}

const kinds = { 'post/v0/windowproof': 'window', 'post/v0/winningproof': 'winning' } as const

/** Each worker counts once: for the first kind of PoSt that it makes, else as one that seals. */
export function printWorkers(out: Output, workers: ProcessParts['workers']): void {
  const counts = { seal: 0, window: 0, winning: 0 }
  for (const { Enabled, Tasks } of Object.values(workers)) {
    if (!Enabled) continue
    const post = (Tasks ?? []).find((task) => Object.hasOwn(kinds, task))
    counts[post === undefined ? 'seal' : kinds[post as keyof typeof kinds]]++
  }
  out.line(`Workers: Seal(${counts.seal}) WdPoSt(${counts.window}) WinPoSt(${counts.winning})`)
}
