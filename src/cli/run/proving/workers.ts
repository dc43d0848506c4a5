import type { Context } from '../../context.ts'
import { size } from '../../format.ts'

export interface WorkerStatsJson {
  readonly Info: {
    readonly Hostname: string
    readonly Resources: {
      readonly MemPhysical: number
      readonly MemUsed: number
      readonly MemSwap: number
      readonly MemSwapUsed: number
      readonly CPUs: number
      readonly GPUs: readonly string[] | null
    }
  }
  readonly Tasks: readonly string[] | null
  readonly Enabled: boolean
  readonly MemUsedMin: number
  readonly MemUsedMax: number
  readonly GpuUsed: number
  readonly CpuUse: number
  readonly TaskCounts: Readonly<Record<string, number>> | null
}

/** Tasks of proofs of spacetime, and their short names (Lotus storage/sealer/sealtasks). */
const postTasks: Readonly<Record<string, string>> = {
  'post/v0/windowproof': 'WDP',
  'post/v0/winningproof': 'WNP',
}
const BAR = 64

/** The workers that make proofs of spacetime, as Lotus's workersCmd prints them. */
export async function workers({ miner, out }: Pick<Context, 'miner' | 'out'>): Promise<void> {
  const stats = await miner.call<Readonly<Record<string, WorkerStatsJson>> | null>('WorkerStats')
  const shown = Object.entries(stats ?? {})
    .filter(([, { Tasks }]) => (Tasks ?? []).length === 0 || Object.hasOwn(postTasks, Tasks?.[0] ?? ''))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  out.answer(Object.fromEntries(shown), () => {
    for (const [id, stat] of shown) {
      const { Info, Enabled, TaskCounts, CpuUse, GpuUsed } = stat
      const { Resources } = Info
      out.line(`Worker ${id}, host ${out.paint('magenta', Info.Hostname)}${Enabled ? '' : out.paint('red', ' (disabled)')}`)
      const tasks = Object.entries(TaskCounts ?? {}).filter(([, count]) => count > 0)
      const names = tasks.map(
        ([task, count]) => `${out.paint('blue', postTasks[kindOf(task)] ?? kindOf(task))}(${out.paint('cyan', String(count))}) `,
      )
      if (names.length > 0) out.line(`\tTASK: ${names.join('')}`)
      out.line(`\tCPU:  [${bar(out, Resources.CPUs, 0, CpuUse)}] ${CpuUse}/${Resources.CPUs} core(s) in use`)
      memory(out, stat)
      const gpus = Resources.GPUs ?? []
      if (gpus.length > 0) {
        out.line(
          `\tGPU:  [${bar(out, gpus.length, 0, GpuUsed)}] ${Math.round((100 * GpuUsed) / gpus.length)}% ${GpuUsed.toFixed(2)}/${gpus.length} gpu(s) in use`,
        )
        const [color, use] = GpuUsed > 0 ? (['green', 'used'] as const) : (['blue', 'not used'] as const)
        for (const gpu of gpus) out.line(`\tGPU: ${out.paint(color, `${gpu}, ${use}`)}`)
      }
    }
  })
}

/** A task's kind, without the kind of seal proof that stands before it. */
function kindOf(task: string): string {
  return task.slice(task.indexOf(':') + 1)
}

function memory(out: Context['out'], { Info, MemUsedMin, MemUsedMax }: WorkerStatsJson): void {
  const { MemPhysical, MemUsed, MemSwap, MemSwapUsed } = Info.Resources
  const line = (name: string, total: number, used: number, tasks: number): void => {
    const others = Math.max(0, used - tasks)
    const percent = total === 0 ? 0 : Math.floor(((tasks + others) * 100) / total)
    out.line(`\t${name} [${bar(out, total, others, tasks)}] ${percent}% ${size(tasks + others)}/${size(total)}`)
  }
  line('RAM: ', MemPhysical, MemUsed, MemUsedMin)
  line('VMEM:', MemPhysical + MemSwap, MemUsed + MemSwapUsed, MemUsedMax)
}

/** What others use and what the tasks use of a whole, 64 letters wide (Lotus cli/net.go, BarString). */
function bar(out: Context['out'], total: number, others: number, used: number): string {
  const cells = (n: number): number => (total === 0 ? 0 : Math.max(0, Math.round((n / total) * BAR)))
  const [first, second] = [cells(others), cells(used)]
  const rest = ' '.repeat(Math.max(0, BAR - first - second))
  return out.paint('yellow', '|'.repeat(first)) + out.paint('green', '|'.repeat(second)) + rest
}
