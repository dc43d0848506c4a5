import { getLogger } from '../lib/log.ts'
import type { PreMigrationWindow } from '../networks/upgrades.ts'
import type { ChainEpoch } from '../types/scalars.ts'
import type { PreMigrationInput, Upgrade, UpgradeSchedule } from './upgrades.ts'

const log = getLogger('state')

/**
 * Starts what upgrades want done ahead when the head comes near, each window once, and stops it when it is too late to be of
 * use (Lotus chain/stmgr/forks.go, preMigrationWorker). A failure is only logged: the upgrade itself does not need it.
 */
export class PreMigrations {
  readonly #upgrades: UpgradeSchedule
  readonly #store: PreMigrationInput['store']
  readonly #running = new Map<string, AbortController>()
  readonly #started = new Set<string>()
  readonly #work = new Set<Promise<void>>()

  constructor(components: { readonly upgrades: UpgradeSchedule; readonly store: PreMigrationInput['store'] }) {
    this.#upgrades = components.upgrades
    this.#store = components.store
  }

  /** To be told of every new head. */
  onHead(height: ChainEpoch): void {
    for (const upgrade of this.#upgrades.all()) {
      if (upgrade.preMigrate === undefined) continue
      for (const [i, window] of upgrade.preMigrations.entries()) this.#at(height, upgrade, window, `${upgrade.name}/${i}`)
    }
  }

  #at(height: ChainEpoch, upgrade: Upgrade, window: PreMigrationWindow, id: string): void {
    if (height >= upgrade.height - window.stopWithin) {
      this.#running.get(id)?.abort(new Error(`the upgrade ${upgrade.name} is at hand`))
      return
    }
    if (
      height < upgrade.height - window.startWithin ||
      height >= upgrade.height - window.dontStartWithin ||
      this.#started.has(id)
    )
      return
    this.#started.add(id)
    const controller = new AbortController()
    this.#running.set(id, controller)
    const started = performance.now()
    const work = (upgrade.preMigrate as NonNullable<Upgrade['preMigrate']>)({ store: this.#store, signal: controller.signal })
      .then(
        () =>
          log.info('the upgrade is prepared', {
            upgrade: upgrade.name,
            seconds: Math.round((performance.now() - started) / 1000),
          }),
        (error: unknown) => log.warn('the upgrade could not be prepared; it will take longer', { upgrade: upgrade.name }, error),
      )
      .finally(() => {
        this.#running.delete(id)
        this.#work.delete(work)
      })
    this.#work.add(work)
  }

  /** Stops what runs and waits for it. */
  async close(): Promise<void> {
    for (const c of this.#running.values()) c.abort(new Error('the node is stopping'))
    await Promise.all(this.#work)
  }
}
