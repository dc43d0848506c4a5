import { as, list, record, type Shape, textMap } from '../../codec/combinators.ts'
import { bool, safeInt, safeUint, text } from '../../codec/primitives.ts'
import { anyJson, float } from './shape.ts'

/** What a machine has and what of it is in use; memory in bytes (Lotus storiface.WorkerResources). */
const workerResources = record('WorkerResources', {
  memPhysical: safeUint,
  memUsed: safeUint,
  memSwap: safeUint,
  memSwapUsed: safeUint,
  cpus: as('CPUs', safeUint),
  gpus: as('GPUs', list(text, { emptyJson: 'null' })),
  /** What tasks are reckoned to need, where that differs from the built-in figures. */
  resources: anyJson,
})

/** A worker, or this process where it does the work itself (Lotus storiface.WorkerStats). */
export const workerStats = record('WorkerStats', {
  info: record('WorkerInfo', { hostname: text, ignoreResources: bool, resources: workerResources }),
  /** Kinds of tasks that it takes. */
  tasks: list(text, { emptyJson: 'null' }),
  enabled: bool,
  memUsedMin: safeUint,
  memUsedMax: safeUint,
  gpuUsed: float,
  cpuUse: safeUint,
  /** Tasks that run, by `<seal proof>:<kind>`. */
  taskCounts: textMap(safeInt),
})
export type WorkerStats = Shape<typeof workerStats.fields>
