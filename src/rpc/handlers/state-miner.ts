import { MarketView } from '../../actors/market/view.ts'
import type { MinerInfo } from '../../actors/miner/info.ts'
import type { SectorOnChainInfo as StateSector } from '../../actors/miner/sector.ts'
import { MinerView } from '../../actors/miner/view.ts'
import {
  initialPledgeForPower,
  type PledgeInputs,
  pledgeInputs,
  preCommitDepositForPower,
  withSafetyMargin,
} from '../../actors/policy/pledge.ts'
import { qaPowerForWeight, qaPowerMax } from '../../actors/policy/quality.ts'
import { PowerView } from '../../actors/power/view.ts'
import { RewardView } from '../../actors/reward/view.ts'
import { MARKET_ACTOR, POWER_ACTOR, REWARD_ACTOR } from '../../actors/well-known.ts'
import * as m from '../../api/methods/state-miner.ts'
import type { SectorOnChainInfo } from '../../api/types/miner.ts'
import { vmCirculatingSupply } from '../../state/supply.ts'
import type { Address } from '../../types/address.ts'
import { sectorSizeOfSealProof } from '../../types/proof-types.ts'
import type { StoragePower } from '../../types/scalars.ts'
import type { Tipset, TipsetKey } from '../../types/tipset.ts'
import { type BoundQuery, type QueryEnv, query } from './env.ts'
import { QueryError } from './errors.ts'

/** Sectors that one answer may hold; the largest miner has fewer. */
const MAX_SECTORS = 40_000_000

function miner(env: QueryEnv, address: Address, key: TipsetKey): MinerView {
  return MinerView.load(env.state.store, env.state.registry, env.actor(address, key))
}

function power(env: QueryEnv, tipset: Tipset): PowerView {
  return PowerView.load(env.state.store, env.state.registry, env.state.requireActor(env.state.parentState(tipset), POWER_ACTOR))
}

function pledgeInputsAt(env: QueryEnv, tipset: Tipset): PledgeInputs {
  const tree = env.state.parentState(tipset)
  const reward = RewardView.load(env.state.store, env.state.registry, env.state.requireActor(tree, REWARD_ACTOR))
  return pledgeInputs(
    power(env, tipset),
    reward,
    vmCirculatingSupply(env.state, tipset.height, tree).filCirculating,
    tipset.height,
  )
}

function sectorJson(s: StateSector): SectorOnChainInfo {
  return { ...s, dailyFee: s.dailyFee ?? 0n }
}

function infoOf(info: MinerInfo) {
  const pending = info.pendingWorkerKey
  return {
    owner: info.owner,
    worker: info.worker,
    newWorker: pending === null ? null : pending.newWorker,
    controlAddresses: [...info.controlAddresses],
    workerChangeEpoch: pending === null ? -1 : pending.effectiveAt,
    peerId: isPeerId(info.peerId) ? info.peerId : null,
    multiaddrs: [...info.multiaddrs],
    windowPoStProofType: BigInt(info.windowPoStProofType),
    sectorSize: BigInt(info.sectorSize),
    windowPoStPartitionSectors: BigInt(info.windowPoStPartitionSectors),
    consensusFaultElapsed: info.consensusFaultElapsed,
    pendingOwnerAddress: info.pendingOwnerAddress,
    beneficiary: info.beneficiary ?? info.owner,
    beneficiaryTerm: info.beneficiaryTerm ?? null,
    pendingBeneficiaryTerm: info.pendingBeneficiaryTerm ?? null,
  }
}

/** Go's peer.IDFromBytes takes any well-formed multihash. */
function isPeerId(bytes: Uint8Array): boolean {
  return bytes.length > 2 && bytes[1] === bytes.length - 2
}

/** Quality-adjusted power of a sector that holds deals (Lotus calculateSectorWeight): verified space-time counts tenfold. */
function powerOfPreCommit(
  env: QueryEnv,
  address: Address,
  info: { sealProof: number; dealIds: bigint[]; expiration: number },
  tipset: Tipset,
): StoragePower {
  const size = sectorSizeOfSealProof(info.sealProof)
  const tree = env.state.parentState(tipset)
  const market = MarketView.load(env.state.store, env.state.registry, env.state.requireActor(tree, MARKET_ACTOR))
  const provider = env.state.requireId(tree, address)
  let verified = 0n
  for (const id of info.dealIds) {
    const deal = market.proposal(id)
    if (deal === undefined) throw new QueryError('API_DEAL_UNKNOWN', `deal ${id} is not in the market`)
    if (deal.provider.id !== provider) throw new QueryError('API_DEAL_UNKNOWN', `deal ${id} belongs to another provider`)
    if (deal.verifiedDeal) verified += deal.pieceSize * BigInt(deal.endEpoch - deal.startEpoch)
  }
  return qaPowerForWeight(size, info.expiration - tipset.height, verified)
}

export const stateMinerHandlers: readonly BoundQuery[] = [
  query(m.stateListMiners, ([key], env) => [...power(env, env.tipset(key)).miners()]),
  query(m.stateMinerInfo, ([address, key], env) => infoOf(miner(env, address, key).info())),
  query(m.stateMinerPower, ([address, key], env) => {
    const tipset = env.tipset(key)
    const view = power(env, tipset)
    const total = view.totalPower
    const id = address === null ? undefined : env.state.parentState(tipset).lookupId(address)
    const claim = id === undefined ? undefined : view.claim(id)
    const none = { rawBytePower: 0n, qualityAdjPower: 0n }
    if (id === undefined || claim === undefined) return { minerPower: none, totalPower: total, hasMinPower: false }
    return {
      minerPower: { rawBytePower: claim.rawBytePower, qualityAdjPower: claim.qualityAdjPower },
      totalPower: total,
      hasMinPower: view.meetsMinimum(id, env.state.network.consensusMinerMinPower) ?? false,
    }
  }),
  query(m.stateMinerDeadlines, ([address, key], env) =>
    Array.from(miner(env, address, key).deadlines(), (d) => ({
      postSubmissions: d.partitionsPosted,
      disputableProofCount: BigInt(d.disputableProofCount),
      dailyFee: d.dailyFee,
    })),
  ),
  query(m.stateMinerProvingDeadline, ([address, key], env) => {
    const info = miner(env, address, key).provingDeadline(env.tipset(key).height)
    return { ...info, index: BigInt(info.index), wPoStPeriodDeadlines: BigInt(info.wPoStPeriodDeadlines) }
  }),
  query(m.stateMinerPartitions, ([address, deadline, key], env) =>
    Array.from(miner(env, address, key).deadline(deadline).partitions(), ([, p]) => ({
      allSectors: p.allSectors,
      faultySectors: p.faulty,
      recoveringSectors: p.recovering,
      liveSectors: p.live,
      activeSectors: p.active,
    })),
  ),
  query(m.stateMinerSectors, ([address, wanted, key], env) => {
    const view = miner(env, address, key)
    return Array.from(wanted === null ? view.sectors() : view.sectorsOf(wanted), sectorJson)
  }),
  query(m.stateMinerActiveSectors, ([address, key], env) => {
    const view = miner(env, address, key)
    const active = view.unionOfPartitions((p) => p.active)
    active.toArray(MAX_SECTORS)
    return Array.from(view.sectorsOf(active), sectorJson)
  }),
  query(m.stateMinerSectorCount, ([address, key], env) => miner(env, address, key).counts()),
  query(m.stateMinerSectorAllocated, ([address, sector, key], env) => miner(env, address, key).isAllocated(sector)),
  query(m.stateMinerAllocated, ([address, key], env) => miner(env, address, key).allocatedSectors()),
  query(m.stateMinerFaults, ([address, key], env) => miner(env, address, key).unionOfPartitions((p) => p.faulty)),
  query(m.stateMinerRecoveries, ([address, key], env) => miner(env, address, key).unionOfPartitions((p) => p.recovering)),
  query(m.stateAllMinerFaults, () => {
    throw new QueryError(
      'API_UNSUPPORTED',
      'fault queries over all miners are not supported; ask StateMinerFaults for each miner',
    )
  }),
  query(m.stateMinerAvailableBalance, ([address, key], env) => {
    const tipset = env.tipset(key)
    const actor = env.state.requireActor(env.state.parentState(tipset), address)
    const view = MinerView.load(env.state.store, env.state.registry, actor)
    const available = view.availableBalance(actor.balance)
    if (available === undefined)
      throw new QueryError(
        'API_MINER_BROKEN',
        `miner ${address.toString(env.state.network.addressPrefix)} has more locked than it owns`,
      )
    return available + view.vestedFunds(tipset.height)
  }),
  query(m.stateMinerPreCommitDepositForPower, ([address, info, key], env) => {
    const tipset = env.tipset(key)
    const inputs = pledgeInputsAt(env, tipset)
    const size = sectorSizeOfSealProof(info.sealProof)
    const qaPower =
      env.state.networkVersion(tipset.height) <= 16 ? powerOfPreCommit(env, address, info, tipset) : qaPowerMax(size)
    return withSafetyMargin(preCommitDepositForPower(inputs.reward, inputs.networkQaPower, qaPower))
  }),
  query(m.stateMinerInitialPledgeCollateral, ([address, info, key], env) => {
    const tipset = env.tipset(key)
    return withSafetyMargin(initialPledgeForPower(powerOfPreCommit(env, address, info, tipset), pledgeInputsAt(env, tipset)))
  }),
  query(m.stateMinerInitialPledgeForSector, ([duration, size, verifiedSize, key], env) => {
    const wrong = (what: string): never => {
      throw new QueryError('API_BAD_SECTOR', what)
    }
    if (duration <= 0) wrong('sector duration must greater than 0')
    if (size === 0n) wrong('sector size must be non-zero')
    if (verifiedSize > size) wrong('verified size must be less than or equal to sector size')
    const qaPower = qaPowerForWeight(size, duration, verifiedSize * BigInt(duration))
    return withSafetyMargin(initialPledgeForPower(qaPower, pledgeInputsAt(env, env.tipset(key))))
  }),
  query(m.stateMinerCreationDeposit, ([key], env) => {
    const tipset = env.tipset(key)
    // FIP-0077: a tenth of the power that consensus asks for, pledged; from nv27 on.
    if (env.state.networkVersion(tipset.height) < 27) return 0n
    return initialPledgeForPower(env.state.network.consensusMinerMinPower / 10n, pledgeInputsAt(env, tipset))
  }),
  query(m.stateSectorPreCommitInfo, ([address, sector, key], env) => {
    const found = miner(env, address, key).preCommittedSector(sector)
    return found ?? null
  }),
  query(m.stateSectorGetInfo, ([address, sector, key], env) => {
    const found = miner(env, address, key).sector(sector)
    return found === undefined ? null : sectorJson(found)
  }),
  query(m.stateSectorExpiration, ([address, sector, key], env) => miner(env, address, key).sectorExpiration(sector)),
  query(m.stateSectorPartition, ([address, sector, key], env) => {
    const { deadline, partition } = miner(env, address, key).findSector(sector)
    return { deadline: BigInt(deadline), partition: BigInt(partition) }
  }),
]
