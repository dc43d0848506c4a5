import type { Prover } from './proving.ts'

/** Lotus's names of the tasks (storage/sealer/sealtasks). */
export const postTasks = { window: 'post/v0/windowproof', winning: 'post/v0/winningproof' } as const
type Task = (typeof postTasks)[keyof typeof postTasks]

/** A prover that tells what it is doing. */
export class CountedProver implements Prover {
  readonly #prover: Prover
  readonly #running = new Map<Task, number>()

  constructor(prover: Prover) {
    this.#prover = prover
  }

  /** Tasks that run, by kind. */
  get running(): ReadonlyMap<Task, number> {
    return this.#running
  }

  winningPost: Prover['winningPost'] = (...args) => this.#count(postTasks.winning, () => this.#prover.winningPost(...args))

  windowPost: Prover['windowPost'] = (...args) => this.#count(postTasks.window, () => this.#prover.windowPost(...args))

  checkProvable: Prover['checkProvable'] = (...args) => this.#prover.checkProvable(...args)

  async #count<T>(task: Task, work: () => Promise<T>): Promise<T> {
    const add = (by: number): void => void this.#running.set(task, (this.#running.get(task) ?? 0) + by)
    add(1)
    try {
      return await work()
    } finally {
      add(-1)
    }
  }
}
