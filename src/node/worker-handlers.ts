import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { availableParallelism, freemem, hostname, totalmem } from 'node:os'
import { workerStats } from '../api/miner/proving.ts'
import type { WorkerStats } from '../api/types/workers.ts'
import { type CountedProver, postTasks } from '../miner/counted-prover.ts'
import { type BoundHandler, bind } from '../rpc/router.ts'

export interface WorkerHandlersComponents {
  readonly prover: Pick<CountedProver, 'running'>
  /** Kinds of proofs that this process makes. */
  readonly tasks: readonly (keyof typeof postTasks)[]
}

/** WorkerStats: this process is its own worker for proofs of spacetime, where Lotus shows none. */
export function workerHandlers({ prover, tasks }: WorkerHandlersComponents): readonly BoundHandler[] {
  const id = randomUUID()
  return [
    bind(workerStats, () => {
      if (tasks.length === 0) return new Map()
      const counts = [...prover.running].filter(([, count]) => count > 0)
      const cpus = availableParallelism()
      const stats: WorkerStats = {
        info: {
          hostname: hostname(),
          ignoreResources: false,
          resources: { ...memory(), cpus, gpus: [], resources: null },
        },
        tasks: tasks.map((task) => postTasks[task]),
        enabled: true,
        memUsedMin: 0,
        memUsedMax: 0,
        gpuUsed: 0,
        // A proof takes all cores.
        cpuUse: counts.length > 0 ? cpus : 0,
        taskCounts: new Map(counts.map(([task, count]) => [`0:${task}`, count])),
      }
      return new Map([[id, stats]])
    }),
  ]
}

/** Bytes; swap is only known on Linux. */
function memory(): { memPhysical: number; memUsed: number; memSwap: number; memSwapUsed: number } {
  let text = ''
  try {
    text = readFileSync('/proc/meminfo', 'utf8')
  } catch {
    // Another system.
  }
  const read = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0) * 1024
  const memPhysical = totalmem()
  const available = read('MemAvailable') || freemem()
  const memSwap = read('SwapTotal')
  return { memPhysical, memUsed: memPhysical - available, memSwap, memSwapUsed: memSwap - read('SwapFree') }
}
