import { readManifest, type ActorRegistry } from '../actors/manifest.ts'
import { StateTree } from '../actors/state-tree.ts'
import { SystemView, systemState } from '../actors/system/view.ts'
import { SYSTEM_ACTOR } from '../actors/well-known.ts'
import { accountState } from '../actors/account/view.ts'
import { encode } from '../codec/codec.ts'
import type { Network } from '../networks/types.ts'
import type { BlockReader, BlockWriter } from '../store/blockstore.ts'
import { type CID, cidKey, cidOf } from '../types/cid.ts'
import { Address } from '../types/address.ts'
import type { ChainEpoch } from '../types/scalars.ts'
import { StateError } from './errors.ts'
import { RESERVE_ACTOR } from './well-known.ts'

export interface MigrationInput {
  readonly network: Network
  readonly store: BlockReader & BlockWriter
  readonly registry: ActorRegistry
  /** State root at the end of the upgrade's height. */
  readonly root: CID
  readonly height: ChainEpoch
  /** Results of pre-migrations by actor head, filled ahead of the upgrade. */
  readonly cache: ReadonlyMap<string, CID>
}

/** Makes the state that the next epoch starts from. */
export type Migration = (input: MigrationInput) => CID

/** A step that may run ahead of its upgrade so that the upgrade itself is short; epochs count back from the upgrade. */
export interface PreMigration {
  readonly run: (input: Omit<MigrationInput, 'cache'> & { readonly cache: Map<string, CID>; readonly signal: AbortSignal }) => void
  readonly startWithin: ChainEpoch
  readonly dontStartWithin: ChainEpoch
  readonly stopWithin: ChainEpoch
}

export interface Upgrade {
  readonly height: ChainEpoch
  readonly networkVersion: number
  readonly name: string
  /** Calls that would have to run it are refused (Lotus ErrExpensiveFork). */
  readonly expensive: boolean
  readonly migrate: Migration | undefined
  readonly preMigrations: readonly PreMigration[]
}

/** What each upgrade from nv17 on does to the state (Lotus chain/consensus/filcns/upgrades.go; go-state-types builtin/vN/migration). */
function upgradesOf(network: Network): readonly Upgrade[] {
  const u = network.upgrades
  const codeSwap = (manifest: string, f090 = false): Migration => (input) => swapActorCode(input, manifest, f090)
  const unsupported =
    (name: string, what: string): Migration =>
    ({ height }) => {
      throw new StateError(
        'STATE_MIGRATION_UNSUPPORTED',
        `the ${name} upgrade at height ${height} changes ${what}, a migration that this version does not have; import a snapshot taken after it`,
        { fields: { upgrade: name, height } },
      )
    }
  const manifestOf = (version: number): string => {
    const manifest = network.manifests[version]
    if (manifest === undefined) throw new StateError('STATE_MIGRATION_BUNDLE', `network ${network.name} names no actor bundle of version ${version}`)
    return manifest
  }
  const swapTo = (version: number, f090 = false): Migration => (input) => codeSwap(manifestOf(version), f090)(input)
  const upgrade = (name: string, height: ChainEpoch | undefined, networkVersion: number, migrate?: Migration, expensive = migrate !== undefined): Upgrade => ({
    name,
    height: height ?? -1,
    networkVersion,
    migrate,
    expensive,
    preMigrations: [],
  })
  const repair = (name: string, height: ChainEpoch | undefined, networkVersion: number, manifest: string | undefined): Upgrade =>
    upgrade(name, height, networkVersion, manifest === undefined ? undefined : codeSwap(manifest), false)
  return [
    upgrade('Shark', u.shark, 17, unsupported('Shark', 'the market, verified registry and miner actors')),
    upgrade('Hygge', u.hygge, 18, unsupported('Hygge', 'the state tree, init and EAM actors')),
    upgrade('Lightning', u.lightning, 19, unsupported('Lightning', 'the miner and power actors')),
    upgrade('Thunder', u.thunder, 20),
    upgrade('Watermelon', u.watermelon, 21, unsupported('Watermelon', 'the miner actors')),
    repair('WatermelonFix', u.watermelonFix, 21, network.repairManifests?.watermelonFix),
    repair('WatermelonFix2', u.watermelonFix2, 21, network.repairManifests?.watermelonFix2),
    upgrade('Dragon', u.dragon, 22, unsupported('Dragon', 'the market and miner actors')),
    repair('DragonFix', u.dragonFix, 22, network.repairManifests?.dragonFix),
    upgrade('Waffle', u.waffle, 23, swapTo(14, true)),
    upgrade('Tuktuk', u.tuktuk, 24, unsupported('Tuktuk', 'the power actor')),
    upgrade('Teep', u.teep, 25, unsupported('Teep', 'the miner and EVM actors')),
    upgrade('Tock', u.tock, 26),
    repair('TockFix', u.tockFix, 26, network.repairManifests?.tockFix),
    upgrade('GoldenWeek', u.goldenWeek, 27, swapTo(17)),
    upgrade('FireHorse', u.fireHorse, 28, swapTo(18)),
    upgrade('Solstice', u.solstice, 29, swapTo(19)),
  ].filter((x) => x.height >= 0)
}

/** A network's upgrades by height, checked to rise. */
export class UpgradeSchedule {
  readonly #byHeight = new Map<ChainEpoch, Upgrade>()

  constructor(network: Network) {
    let last: Upgrade | undefined
    for (const u of upgradesOf(network)) {
      if (last !== undefined && u.height <= last.height) {
        throw new StateError('STATE_EXECUTION', `upgrade ${u.name} at height ${u.height} does not come after ${last.name} at ${last.height}`)
      }
      this.#byHeight.set(u.height, u)
      last = u
    }
  }

  at(height: ChainEpoch): Upgrade | undefined {
    return this.#byHeight.get(height)
  }

  /** The first expensive upgrade with from ≤ height < to. */
  expensiveBetween(from: ChainEpoch, to: ChainEpoch): Upgrade | undefined {
    for (const u of this.#byHeight.values()) if (u.expensive && u.height >= from && u.height < to) return u
    return undefined
  }

  all(): readonly Upgrade[] {
    return [...this.#byHeight.values()]
  }
}

/**
 * Gives every actor the code of the same name in another bundle and the system actor the new manifest.
 * @param f090 FIP-0085 (nv23): the mining reserve, if it still is a multisig, becomes an account without a key
 */
function swapActorCode({ store, registry, root, height }: MigrationInput, manifestCid: string, f090: boolean): CID {
  const next = readManifest(store, manifestCid)
  if (next === undefined) {
    throw new StateError('STATE_MIGRATION_BUNDLE', `the actor bundle ${manifestCid} for the upgrade at height ${height} is not in the store; fetch it with --bundles or let the daemon download it`)
  }
  const tree = StateTree.load(store, root)
  const system = tree.getActor(SYSTEM_ACTOR)
  if (system === undefined) throw new StateError('STATE_ACTOR_NOT_FOUND', 'the system actor is not in the state')
  const codes = new Map<string, CID>()
  for (const { name, code } of SystemView.load(store, registry, system).builtinActorCodes()) {
    const successor = next.codeByName.get(name)
    if (successor === undefined) throw new StateError('STATE_MIGRATION_BUNDLE', `the actor bundle ${manifestCid} lacks the actor ${name}`)
    codes.set(cidKey(code), successor)
  }
  const put = (data: Uint8Array): CID => {
    const cid = cidOf(data)
    store.put(cid, data)
    return cid
  }
  const changed = [...tree.actors()].map(([id, actor]) => {
    const code = codes.get(cidKey(actor.code))
    if (code === undefined) throw new StateError('STATE_EXECUTION', `actor f0${id} has code ${actor.code}, which the current bundle does not know`)
    return [Address.fromId(id), { ...actor, code }] as const
  })
  for (const [address, actor] of changed) {
    if (address.equals(SYSTEM_ACTOR)) {
      tree.setActor(address, { ...actor, head: put(encode(systemState, { builtinActors: next.dataCid })) })
    } else if (f090 && address.equals(RESERVE_ACTOR) && registry.kindOf(actor.code) === 'multisig') {
      const account = next.codeByName.get('account')
      if (account === undefined) throw new StateError('STATE_MIGRATION_BUNDLE', `the actor bundle ${manifestCid} lacks the actor account`)
      tree.setActor(address, { ...actor, code: account, head: put(encode(accountState, { address: RESERVE_ACTOR })) })
    } else tree.setActor(address, actor)
  }
  return tree.flush(store)
}
