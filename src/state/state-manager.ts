/** Layer 5: what messages do to the state. Everything here is synchronous and runs in worker threads. */
import type { ActorRegistry } from '../actors/manifest.ts'
import { type Actor, StateTree } from '../actors/state-tree.ts'
import { Lru } from '../lib/lru.ts'
import { networkVersion } from '../networks/schedule.ts'
import type { Network } from '../networks/types.ts'
import { type BlockReader, type BlockWriter, mustGet } from '../store/blockstore.ts'
import type { ChainReader } from '../store/chain-reader.ts'
import type { Address } from '../types/address.ts'
import { type CID, cidKey } from '../types/cid.ts'
import type { ActorId, ChainEpoch, TokenAmount } from '../types/scalars.ts'
import type { Tipset, TipsetKey } from '../types/tipset.ts'
import { deterministicAddress } from './consensus-fault.ts'
import { StateError } from './errors.ts'
import { type ExecuteComponents, type ExecuteOptions, executeTipset, type TipsetState } from './execute-tipset.ts'
import { ChainRandomness } from './randomness.ts'
import { powerLocked } from './supply.ts'
import { UpgradeSchedule } from './upgrades.ts'

/** Look-back for power, worker keys and sectors (epochs); 10 up to nv3. */
const LOOKBACK = 900
const LOOKBACK_NV3 = 10

export interface StateManagerComponents {
  readonly network: Network
  readonly store: BlockReader & { getBytes?(cid: Uint8Array): Uint8Array | undefined }
  /** Takes what execution writes; it must be readable through `store` at once. */
  readonly sink: BlockWriter
  readonly chain: ChainReader
  readonly registry: ActorRegistry
  readonly genesis: Tipset
  /** States computed before, kept over restarts. */
  readonly known?: {
    get(key: TipsetKey): TipsetState | undefined
    put(key: TipsetKey, state: TipsetState): void
    /** Results of upgrades, by network version and the root they came from. */
    migration(networkVersion: number, root: CID): CID | undefined
    putMigration(networkVersion: number, root: CID, result: CID): void
  }
}

/** Answers for states of tipsets, computing what the chain does not hold. */
export class StateManager implements ExecuteComponents {
  readonly network: Network
  readonly store: StateManagerComponents['store']
  readonly sink: BlockWriter
  readonly chain: ChainReader
  readonly registry: ActorRegistry
  readonly genesis: Tipset
  readonly upgrades: UpgradeSchedule
  readonly #known: StateManagerComponents['known']
  readonly #states = new Lru<string, TipsetState>(4096)
  readonly #migrated = new Map<string, CID>()
  #genesisPledge: TokenAmount | undefined

  constructor(c: StateManagerComponents) {
    this.network = c.network
    this.store = c.store
    this.sink = c.sink
    this.chain = c.chain
    this.registry = c.registry
    this.genesis = c.genesis
    this.upgrades = new UpgradeSchedule(c.network)
    this.#known = c.known
  }

  get genesisTimestamp(): bigint {
    return this.genesis.minTimestamp
  }

  networkVersion(epoch: ChainEpoch): number {
    return networkVersion(this.network, epoch)
  }

  genesisPledge(): TokenAmount {
    this.#genesisPledge ??= powerLocked(this.store, this.registry, StateTree.load(this.store, this.genesis.parentStateRoot))
    return this.#genesisPledge
  }

  /** The state after the upgrade at `height`, if there is one; results are remembered by the root they came from. */
  migrate(root: CID, height: ChainEpoch): CID {
    const upgrade = this.upgrades.at(height)
    if (upgrade?.migrate === undefined) return root
    const key = `${height}:${cidKey(root)}`
    const nv = upgrade.version ?? 0
    const before = this.#migrated.get(key) ?? this.#known?.migration(nv, root)
    if (before !== undefined && this.store.get(before) !== undefined) return before
    const store = { get: (cid: CID) => this.store.get(cid), put: (cid: CID, data: Uint8Array) => this.sink.put(cid, data) }
    const next = upgrade.migrate({ network: this.network, store, registry: this.registry, root, height })
    this.#migrated.set(key, next)
    this.#known?.putMigration(nv, root, next)
    return next
  }

  /**
   * State and receipts after `tipset`.
   * @param head a tipset of the chain that `tipset` may lie on: then the next header tells, and nothing runs
   */
  tipsetState(tipset: Tipset, head?: Tipset): TipsetState {
    if (tipset.height === 0) return { stateRoot: tipset.parentStateRoot, receiptsRoot: tipset.first.parentMessageReceipts }
    const known = this.#states.get(tipset.key.id) ?? this.#fromChild(tipset, head) ?? this.#fromRecord(tipset.key)
    if (known !== undefined) return known
    const computed = this.execute(tipset)
    if (computed === undefined) throw new StateError('STATE_EXECUTION', `tipset ${tipset.key} gave no state`)
    return computed
  }

  /** Runs the tipset whether its state is known or not, and remembers the outcome. */
  execute(tipset: Tipset, options: ExecuteOptions = {}): TipsetState | undefined {
    const state = executeTipset(this, tipset, options)
    if (state !== undefined) this.remember(tipset.key, state)
    return state
  }

  remember(key: TipsetKey, state: TipsetState): void {
    this.#states.set(key.id, state)
    this.#known?.put(key, state)
  }

  #fromChild(tipset: Tipset, head: Tipset | undefined): TipsetState | undefined {
    if (head === undefined || head.height <= tipset.height) return undefined
    const next = this.chain.tipsetByHeight(tipset.height + 1, head, { before: false })
    if (!next.parents.equals(tipset.key)) return undefined
    const state = { stateRoot: next.parentStateRoot, receiptsRoot: next.first.parentMessageReceipts }
    return this.#holds(state) ? state : undefined
  }

  #fromRecord(key: TipsetKey): TipsetState | undefined {
    const state = this.#known?.get(key)
    return state !== undefined && this.#holds(state) ? state : undefined
  }

  #holds(state: TipsetState): boolean {
    return this.store.get(state.stateRoot) !== undefined && this.store.get(state.receiptsRoot) !== undefined
  }

  stateTree(root: CID): StateTree {
    return StateTree.load(this.store, root)
  }

  /** The state that `tipset` started from: what Lotus's State methods look at. */
  parentState(tipset: Tipset): StateTree {
    mustGet(this.store, tipset.parentStateRoot)
    return StateTree.load(this.store, tipset.parentStateRoot)
  }

  /** @throws StateError STATE_ACTOR_NOT_FOUND */
  requireActor(tree: StateTree, address: Address): Actor {
    const actor = tree.getActor(address)
    if (actor === undefined)
      throw new StateError('STATE_ACTOR_NOT_FOUND', 'actor not found', {
        fields: { address: address.toString(this.network.addressPrefix) },
      })
    return actor
  }

  /** The id behind an address. @throws StateError STATE_ACTOR_NOT_FOUND */
  requireId(tree: StateTree, address: Address): ActorId {
    const id = tree.lookupId(address)
    if (id === undefined)
      throw new StateError('STATE_ACTOR_NOT_FOUND', 'actor not found', {
        fields: { address: address.toString(this.network.addressPrefix) },
      })
    return id
  }

  /** Key address of an account as of the state `tree`. */
  accountKey(tree: StateTree, address: Address): Address {
    return deterministicAddress(this.store, this.registry, tree, address, this.network.addressPrefix)
  }

  randomness(base: Tipset): ChainRandomness {
    return new ChainRandomness(this.network, this.chain, base, this.genesisTimestamp)
  }

  /**
   * The tipset 900 epochs before `round` as seen from `base`, and the state after it (Lotus GetLookbackTipSetForRound).
   * @throws StateError STATE_LOOKBACK after more than 900 null rounds
   */
  lookback(base: Tipset, round: ChainEpoch): { readonly tipset: Tipset; readonly stateRoot: CID } {
    const nv = this.networkVersion(round)
    const distance = nv <= 3 ? LOOKBACK_NV3 : LOOKBACK
    const height = round > distance ? round - distance : 0
    if (height >= base.height) {
      if (nv <= 3 || base.height === 0) return { tipset: base, stateRoot: this.tipsetState(base).stateRoot }
      throw new StateError('STATE_LOOKBACK', `lookback height ${height} is at or after base height ${base.height}`)
    }
    const next = this.chain.tipsetByHeight(height + 1, base, { before: false })
    return { tipset: this.chain.tipset(next.parents), stateRoot: next.parentStateRoot }
  }

  lookbackState(base: Tipset, round: ChainEpoch): CID {
    return this.lookback(base, round).stateRoot
  }
}
