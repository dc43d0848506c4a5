import { cronState } from '../actors/cron/view.ts'
import { datacapState } from '../actors/datacap/state.ts'
import { Hamt } from '../actors/hamt.ts'
import { initState } from '../actors/init/view.ts'
import { addressKey } from '../actors/keys.ts'
import { marketState } from '../actors/market/state.ts'
import { multisigState } from '../actors/multisig/state.ts'
import { powerState } from '../actors/power/state.ts'
import { rewardState } from '../actors/reward/view.ts'
import { type Actor, StateTree } from '../actors/state-tree.ts'
import { systemState } from '../actors/system/view.ts'
import { verifregStateV9 } from '../actors/verifreg/state.ts'
import {
  BURNT_FUNDS_ACTOR,
  CRON_ACTOR,
  DATACAP_ACTOR,
  EAM_ACTOR,
  INIT_ACTOR,
  MARKET_ACTOR,
  POWER_ACTOR,
  REWARD_ACTOR,
  SYSTEM_ACTOR,
  VERIFREG_ACTOR,
} from '../actors/well-known.ts'
import type { Codec } from '../codec/codec.ts'
import { uint64 } from '../codec/primitives.ts'
import { initialRewardBalance, totalFil } from '../networks/constants.ts'
import { RESERVE_ACTOR } from '../state/well-known.ts'
import type { BuiltinManifest } from '../store/bundle-manifest.ts'
import { Address } from '../types/address.ts'
import type { CID } from '../types/cid.ts'
import { FIL, formatFil, type TokenAmount } from '../types/scalars.ts'
import { GenesisError } from './errors.ts'
import type { StateMaker } from './state-maker.ts'
import type { GenesisActor, GenesisTemplate, MultisigMeta } from './template.ts'

/** Ids of accounts begin here, those of miners at the second number (Lotus chain/gen/genesis/genesis.go). */
const ACCOUNT_START = 100n
export const MINER_START = 1000n
/** The verified registry's root key and its first verifier. */
export const ROOT_VERIFIER = Address.fromId(80n)
export const FIRST_VERIFIER = Address.fromId(81n)

/** An address map with its ids, in the order in which a template names its keys. */
interface Ids {
  readonly byKey: Map<string, bigint>
  next: bigint
}

function numberKeys(template: GenesisTemplate, map: Hamt<bigint, Address>): Ids {
  const ids: Ids = { byKey: new Map(), next: ACCOUNT_START }
  const give = (key: Address): void => {
    map.set(key, ids.next)
    ids.byKey.set(key.key, ids.next)
    ids.next++
  }
  const signers = (meta: MultisigMeta): void => {
    for (const signer of meta.signers) if (!ids.byKey.has(signer.key)) give(signer)
  }
  for (const a of template.accounts) {
    if (a.type === 'multisig') signers(a.meta)
    else give(a.meta.owner)
  }
  const fixed = [
    [template.verifregRootKey, ROOT_VERIFIER],
    [template.remainderAccount, RESERVE_ACTOR],
  ] as const
  for (const [a, at] of fixed) {
    if (a.type === 'multisig') signers(a.meta)
    else map.set(a.meta.owner, at.id as bigint)
  }
  return ids
}

/** Reward state before the first epoch, no power realised (go-state-types reward ConstructState). */
export function initialRewardState(): Parameters<typeof rewardState.write>[1] {
  const simpleTotal = 330_000_000n * FIL
  // e^lambda - 1 in Q.128, lambda = ln 2 / (six years of epochs): the share of the simple total that an epoch pays.
  const expLambdaMinusOne = 37396273494747879394193016954629n
  const baselineInitial = 2_888_888_880_000_000_000n
  // Growth of the baseline by epoch in Q.128: 100 % a year.
  const baselineExponent = 340282591298641078465964189926313473653n
  const beforeFirst = ((baselineInitial << 256n) / baselineExponent) >> 128n
  return {
    cumsumBaseline: 0n,
    cumsumRealized: 0n,
    effectiveNetworkTime: 0,
    effectiveBaselinePower: baselineInitial,
    thisEpochReward: (simpleTotal * expLambdaMinusOne) >> 128n,
    thisEpochRewardSmoothed: { positionEstimate: 36266260308195979333n << 128n, velocityEstimate: -109897758509n << 128n },
    thisEpochBaselinePower: (beforeFirst * baselineExponent) >> 128n,
    epoch: 0,
    totalStoragePowerReward: 0n,
    simpleTotal,
    baselineTotal: 770_000_000n * FIL,
  }
}

export function rewardActor(make: StateMaker): Actor {
  return make.actor('reward', make.put(rewardState, initialRewardState()), initialRewardBalance)
}

function setSingletons(make: StateMaker, tree: StateTree, manifest: BuiltinManifest): void {
  const map = make.emptyMap()
  const balances = make.emptyMap(6)
  tree.setActor(SYSTEM_ACTOR, make.actor('system', make.put(systemState, { builtinActors: manifest.dataCid })))
  tree.setActor(REWARD_ACTOR, rewardActor(make))
  const entries = [
    { receiver: POWER_ACTOR, methodNum: 5n },
    { receiver: MARKET_ACTOR, methodNum: 9n },
  ]
  tree.setActor(CRON_ACTOR, make.actor('cron', make.put(cronState, { entries })))
  const power = {
    totalRawBytePower: 0n,
    totalBytesCommitted: 0n,
    totalQualityAdjPower: 0n,
    totalQaBytesCommitted: 0n,
    totalPledgeCollateral: 0n,
    thisEpochRawBytePower: 0n,
    thisEpochQualityAdjPower: 0n,
    thisEpochPledgeCollateral: 0n,
    // A guess of 750 TiB that grows by 3.75 TiB an epoch (go-state-types power InitialQAPowerEstimate…).
    thisEpochQaPowerSmoothed: { positionEstimate: (750_000n << 30n) << 128n, velocityEstimate: (3_840n << 30n) << 128n },
    minerCount: 0n,
    minerAboveMinPowerCount: 0n,
    rampStartEpoch: 0n,
    rampDurationEpochs: 0n,
    cronEventQueue: make.emptyMap(6),
    firstCronEpoch: 0,
    claims: map,
    proofValidationBatch: null,
  }
  tree.setActor(POWER_ACTOR, make.actor('storagepower', make.put(powerState(make.version), power)))
  const market = {
    proposals: make.emptyArray(5),
    states: make.emptyArray(6),
    pendingProposals: map,
    escrowTable: balances,
    lockedTable: balances,
    nextID: 0n,
    dealOpsByEpoch: map,
    lastCron: -1,
    totalClientLockedCollateral: 0n,
    totalProviderLockedCollateral: 0n,
    totalClientStorageFee: 0n,
    pendingDealAllocationIds: map,
    providerSectors: map,
  }
  tree.setActor(MARKET_ACTOR, make.actor('storagemarket', make.put(marketState(make.version) as Codec<typeof market>, market)))
  const verifreg = {
    rootKey: ROOT_VERIFIER,
    verifiers: map,
    removeDataCapProposalIDs: map,
    allocations: map,
    nextAllocationId: 1n,
    claims: map,
  }
  tree.setActor(VERIFREG_ACTOR, make.actor('verifiedregistry', make.put(verifregStateV9, verifreg)))
  // The token's maps have a width of their own (go-state-types DefaultTokenActorBitwidth).
  const tokens = make.emptyMap(3)
  const token = { supply: 0n, balances: tokens, allowances: tokens, hamtBitWidth: 3n }
  tree.setActor(DATACAP_ACTOR, make.actor('datacap', make.put(datacapState, { governor: VERIFREG_ACTOR, token })))
  tree.setActor(EAM_ACTOR, make.actor('eam', make.emptyState()))
  tree.setActor(BURNT_FUNDS_ACTOR, make.account(BURNT_FUNDS_ACTOR, 0n))
}

export interface InitialState {
  readonly root: CID
  /** The id of each key that the template names, by the address's `key`. */
  readonly ids: ReadonlyMap<string, bigint>
}

/**
 * The actors that a network begins with, before its miners (Lotus chain/gen/genesis/genesis.go MakeInitialStateTree).
 * @param verifier the key of the first verifier, actor 81
 * @throws GenesisError GENESIS_TEMPLATE for a template that no state can be made of
 */
export function makeInitialState(
  make: StateMaker,
  manifest: BuiltinManifest,
  template: GenesisTemplate,
  verifier: Address,
): InitialState {
  const { store } = make
  if (template.accounts.length > Number(MINER_START - ACCOUNT_START))
    throw new GenesisError('GENESIS_TEMPLATE', `a genesis has at most ${MINER_START - ACCOUNT_START} accounts`)
  const tree = StateTree.create(store)
  const map = new Hamt<bigint, Address>(store, undefined, { value: uint64, key: addressKey })
  const ids = numberKeys(template, map)
  const initHead = make.put(initState, {
    addressMap: map.flush(store),
    nextId: MINER_START,
    networkName: template.networkName,
  })
  tree.setActor(INIT_ACTOR, make.actor('init', initHead))
  setSingletons(make, tree, manifest)
  let nextMultisig = ids.next
  for (const a of template.accounts) {
    if (a.type === 'account') setAccount(make, tree, a, ids.byKey.get(a.meta.owner.key) as bigint)
    else setMultisig(make, tree, a, a.balance, nextMultisig++, ids.byKey)
  }
  if (nextMultisig > MINER_START)
    throw new GenesisError('GENESIS_TEMPLATE', `a genesis has at most ${MINER_START - ACCOUNT_START} accounts and signers`)
  setFixed(make, tree, template.verifregRootKey, template.verifregRootKey.balance, ROOT_VERIFIER, 'VerifregRootKey', ids)
  tree.setActor(FIRST_VERIFIER, make.account(verifier, 0n))
  let given = 0n
  for (const [, a] of tree.actors()) given += a.balance
  if (given > totalFil) {
    throw new GenesisError(
      'GENESIS_TEMPLATE',
      `the accounts of the genesis get ${formatFil(given - totalFil)} more than there is: all balances and the 1.1 billion FIL of the block rewards are at most 2 billion FIL`,
    )
  }
  setFixed(make, tree, template.remainderAccount, totalFil - given, RESERVE_ACTOR, 'RemainderAccount', ids)
  return { root: tree.flush(store), ids: ids.byKey }
}

function setAccount(make: StateMaker, tree: StateTree, a: GenesisActor & { type: 'account' }, id: bigint): void {
  tree.setActor(id, make.account(a.meta.owner, a.balance))
}

function setMultisig(
  make: StateMaker,
  tree: StateTree,
  a: GenesisActor & { type: 'multisig' },
  balance: TokenAmount,
  id: bigint,
  ids: ReadonlyMap<string, bigint>,
): void {
  const { signers, threshold, vestingStart, vestingDuration } = a.meta
  for (const signer of signers) {
    const signerId = ids.get(signer.key) as bigint
    if (tree.getActor(signerId) === undefined) tree.setActor(signerId, make.account(signer, 0n))
  }
  const head = make.put(multisigState, {
    signers: signers.map((s) => Address.fromId(ids.get(s.key) as bigint)),
    numApprovalsThreshold: BigInt(threshold),
    nextTxnId: 0n,
    initialBalance: balance,
    startEpoch: vestingStart,
    unlockDuration: vestingDuration,
    pendingTxns: make.emptyMap(),
  })
  tree.setActor(id, make.actor('multisig', head, balance))
}

/** The two accounts that have ids of their own. */
function setFixed(
  make: StateMaker,
  tree: StateTree,
  a: GenesisActor,
  balance: TokenAmount,
  at: Address,
  name: string,
  ids: Ids,
): void {
  const id = at.id as bigint
  if (a.type === 'multisig') {
    setMultisig(make, tree, a, balance, id, ids.byKey)
    return
  }
  if (ids.byKey.has(a.meta.owner.key)) {
    throw new GenesisError(
      'GENESIS_TEMPLATE',
      `the account of ${name}, ${a.meta.owner.toString('t')}, is declared among the accounts already and cannot have the id ${id}, too`,
    )
  }
  tree.setActor(id, make.account(a.meta.owner, balance))
}
