import { accountState } from '../actors/account/view.ts'
import { type ActorRegistry, readManifest } from '../actors/manifest.ts'
import { StateTree } from '../actors/state-tree.ts'
import { SystemView, systemState } from '../actors/system/view.ts'
import { SYSTEM_ACTOR } from '../actors/well-known.ts'
import { encode } from '../codec/codec.ts'
import { preloadActors } from '../native/fvm.ts'
import { bundleManifestCid, retiredBundles } from '../networks/bundles.ts'
import { actorsVersion } from '../networks/schedule.ts'
import type { Network } from '../networks/types.ts'
import { type UpgradeInfo, type UpgradeName, upgrades } from '../networks/upgrades.ts'
import type { BlockReader, BlockWriter } from '../store/blockstore.ts'
import { Address } from '../types/address.ts'
import { type CID, cidFromString, cidKey, cidOf } from '../types/cid.ts'
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
}

/** Makes the state that the next epoch starts from. */
export type Migration = (input: MigrationInput) => CID

export interface PreMigrationInput {
  readonly store: BlockReader & { getBytes(cid: Uint8Array): Uint8Array | undefined }
  readonly signal: AbortSignal
}

/** What is done ahead of an upgrade so that the upgrade itself is short. It may be stopped, and run again. */
export type PreMigration = (input: PreMigrationInput) => Promise<void>

export interface Upgrade extends UpgradeInfo {
  readonly name: UpgradeName
  readonly height: ChainEpoch
  /** undefined where no state changes. */
  readonly migrate: Migration | undefined
  readonly preMigrate: PreMigration | undefined
}

/** Upgrades of nv17 and later that change more state than the actors' code, with what they change (go-state-types builtin/vN/migration). */
const stateChanges: Readonly<Partial<Record<UpgradeName, string>>> = {
  shark: 'the market, verified registry and miner actors',
  hygge: 'the state tree and the init and EAM actors',
  lightning: 'the miner and power actors',
  watermelon: 'the miner actors',
  dragon: 'the market and miner actors',
  tuktuk: 'the power actor',
  teep: 'the miner and EVM actors',
}

/** Calibnet's repairs: they gave actors of a release candidate the code of the next build (Lotus upgrades.go). */
const repairs: Readonly<Partial<Record<UpgradeName, { readonly release: string } | { readonly final: number }>>> = {
  watermelonFix: { release: 'v12.0.0-rc.2' },
  watermelonFix2: { final: 12 },
  dragonFix: { final: 13 },
  tockFix: { final: 16 },
}

interface Steps {
  readonly migrate: Migration | undefined
  readonly preMigrate: PreMigration | undefined
}

function stepsOf(network: Network, upgrade: UpgradeInfo & { readonly name: UpgradeName }): Steps {
  if (!upgrade.migrates) return { migrate: undefined, preMigrate: undefined }
  const version = upgrade.version ?? 0
  const changed = version <= 16 ? 'state of before the FVM' : stateChanges[upgrade.name]
  if (changed !== undefined) return { migrate: unsupported(upgrade.name, changed), preMigrate: undefined }
  const target = repairs[upgrade.name] ?? { final: actorsVersion(version) }
  return {
    migrate: (input) => swapActorCode(input, targetManifest(network, target), upgrade.name === 'waffle'),
    preMigrate: (input) => compileAhead(input, version, targetManifest(network, target)),
  }
}

/** The new actors' wasm takes seconds to compile, which the first epoch after the upgrade would have to wait for. */
async function compileAhead({ store, signal }: PreMigrationInput, networkVersion: number, manifestCid: CID): Promise<void> {
  const manifest = readManifest(store, manifestCid)
  if (manifest === undefined) throw missingBundle(manifestCid)
  signal.throwIfAborted()
  await preloadActors(
    networkVersion,
    manifest.entries.map((e) => e.code.bytes),
    (cid) => store.getBytes(cid),
  )
}

function missingBundle(manifestCid: CID): StateError {
  return new StateError(
    'STATE_MIGRATION_BUNDLE',
    `the actor bundle ${manifestCid} of a coming upgrade is not in the store; give its folder with --bundles or let the daemon download it`,
  )
}

function targetManifest(network: Network, target: { readonly release: string } | { readonly final: number }): CID {
  const found =
    'final' in target
      ? bundleManifestCid(network.bundle, target.final)
      : retiredBundles.find((b) => b.bundle === network.bundle && b.release === target.release)?.manifest
  if (found === undefined)
    throw new StateError('STATE_MIGRATION_BUNDLE', `network ${network.name} names no actor bundle for its upgrade`)
  return typeof found === 'string' ? cidFromString(found) : found
}

function unsupported(name: string, what: string): Migration {
  return ({ height }) => {
    throw new StateError(
      'STATE_MIGRATION_UNSUPPORTED',
      `the upgrade ${name} at height ${height} changes ${what}, a migration that this version does not have; import a snapshot taken after it`,
      { fields: { upgrade: name, height } },
    )
  }
}

/** A network's upgrades by height. */
export class UpgradeSchedule {
  readonly #byHeight = new Map<ChainEpoch, Upgrade>()

  constructor(network: Network) {
    for (const u of upgrades) {
      const height = network.upgrades[u.name]
      // A negative height was never run: genesis has its rules already.
      if (height < 0 || !u.migrates) continue
      if (this.#byHeight.has(height)) {
        throw new StateError(
          'STATE_EXECUTION',
          `the upgrades ${this.#byHeight.get(height)?.name} and ${u.name} of network ${network.name} stand at one height, ${height}`,
        )
      }
      this.#byHeight.set(height, { ...u, height, ...stepsOf(network, u) })
    }
  }

  at(height: ChainEpoch): Upgrade | undefined {
    return this.#byHeight.get(height)
  }

  /** The first expensive upgrade with from ≤ height < to. */
  expensiveBetween(from: ChainEpoch, to: ChainEpoch): Upgrade | undefined {
    let first: Upgrade | undefined
    for (const u of this.#byHeight.values()) {
      if (u.expensive && u.height >= from && u.height < to && (first === undefined || u.height < first.height)) first = u
    }
    return first
  }

  all(): readonly Upgrade[] {
    return [...this.#byHeight.values()].sort((a, b) => a.height - b.height)
  }
}

/**
 * Gives every actor the code of the same name in another bundle and the system actor the new manifest.
 * @param f090 FIP-0085 (nv23): the mining reserve, if it still is a multisig, becomes an account without a key
 */
function swapActorCode({ store, registry, root }: MigrationInput, manifestCid: CID, f090: boolean): CID {
  const next = readManifest(store, manifestCid)
  if (next === undefined) throw missingBundle(manifestCid)
  const tree = StateTree.load(store, root)
  const system = tree.getActor(SYSTEM_ACTOR)
  if (system === undefined) throw new StateError('STATE_ACTOR_NOT_FOUND', 'the system actor is not in the state')
  const codes = new Map<string, CID>()
  for (const { name, code } of SystemView.load(store, registry, system).builtinActorCodes()) {
    const successor = next.codeByName.get(name)
    if (successor === undefined)
      throw new StateError('STATE_MIGRATION_BUNDLE', `the actor bundle ${manifestCid} lacks the actor ${name}`)
    codes.set(cidKey(code), successor)
  }
  const put = (data: Uint8Array): CID => {
    const cid = cidOf(data)
    store.put(cid, data)
    return cid
  }
  const everyone = [...tree.actors()].map(([id, actor]) => {
    const code = codes.get(cidKey(actor.code))
    if (code === undefined)
      throw new StateError('STATE_EXECUTION', `actor f0${id} has code ${actor.code}, which the current bundle does not know`)
    return [Address.fromId(id), { ...actor, code }] as const
  })
  for (const [address, actor] of everyone) {
    if (address.equals(SYSTEM_ACTOR)) {
      tree.setActor(address, { ...actor, head: put(encode(systemState, { builtinActors: next.dataCid })) })
    } else if (f090 && address.equals(RESERVE_ACTOR) && registry.kindOf(actor.code) === 'multisig') {
      const account = next.codeByName.get('account')
      if (account === undefined)
        throw new StateError('STATE_MIGRATION_BUNDLE', `the actor bundle ${manifestCid} lacks the actor account`)
      tree.setActor(address, { ...actor, code: account, head: put(encode(accountState, { address: RESERVE_ACTOR })) })
    } else tree.setActor(address, actor)
  }
  return tree.flush(store)
}
