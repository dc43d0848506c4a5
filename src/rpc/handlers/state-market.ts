import { DatacapView } from '../../actors/datacap/view.ts'
import { type DealProposal, type DealState, emptyDealState } from '../../actors/market/deal.ts'
import { MarketView } from '../../actors/market/view.ts'
import { dealProviderCollateralBounds } from '../../actors/policy/collateral.ts'
import { withSafetyMargin } from '../../actors/policy/pledge.ts'
import { PowerView } from '../../actors/power/view.ts'
import { RewardView } from '../../actors/reward/view.ts'
import { VerifregView } from '../../actors/verifreg/view.ts'
import { DATACAP_ACTOR, MARKET_ACTOR, POWER_ACTOR, REWARD_ACTOR, VERIFREG_ACTOR } from '../../actors/well-known.ts'
import * as m from '../../api/methods/state-market.ts'
import type { DealProposal as ApiProposal } from '../../api/types/market.ts'
import { actorsVersion } from '../../networks/schedule.ts'
import { vmCirculatingSupply } from '../../state/supply.ts'
import { Address } from '../../types/address.ts'
import { commitmentToCid, pieceCommitmentOf } from '../../types/commitment.ts'
import { commitmentOfPieces } from '../../types/data-commitment.ts'
import { sectorSizeOfSealProof } from '../../types/proof-types.ts'
import type { ActorId } from '../../types/scalars.ts'
import type { TipsetKey } from '../../types/tipset.ts'
import { type BoundQuery, type QueryEnv, query } from './env.ts'
import { QueryError } from './errors.ts'

function market(env: QueryEnv, key: TipsetKey): MarketView {
  return MarketView.load(env.state.store, env.state.registry, env.actor(MARKET_ACTOR, key))
}

function verifreg(env: QueryEnv, key: TipsetKey): VerifregView {
  return VerifregView.load(env.state.store, env.state.registry, env.actor(VERIFREG_ACTOR, key))
}

function idOf(env: QueryEnv, address: Address, key: TipsetKey): ActorId {
  return env.state.requireId(env.tree(key), address)
}

function proposalOf(p: DealProposal): ApiProposal {
  return { ...p, pieceCid: p.pieceCID, label: typeof p.label === 'string' ? p.label : '' }
}

function dealOf(view: MarketView, id: bigint): { proposal: DealProposal; state: DealState } {
  const proposal = view.proposal(id)
  if (proposal === undefined) {
    throw new QueryError(
      'API_DEAL_UNKNOWN',
      `deal ${id} not found: deal may not have completed sealing before deal proposal start epoch, or deal may have been slashed`,
    )
  }
  return { proposal, state: view.dealState(id) ?? emptyDealState }
}

function pendingAllocation(env: QueryEnv, deal: bigint, key: TipsetKey): bigint {
  return market(env, key).pendingAllocation(deal) ?? 0n
}

export const stateMarketHandlers: readonly BoundQuery[] = [
  query(m.stateMarketBalance, ([address, key], env) => market(env, key).balance(Address.fromId(idOf(env, address, key)))),
  query(m.stateMarketParticipants, ([key], env) => {
    const prefix = env.state.network.addressPrefix
    return new Map(Array.from(market(env, key).balances(), ([who, balance]) => [who.toString(prefix), balance]))
  }),
  query(
    m.stateMarketDeals,
    ([key], env) =>
      new Map(
        Array.from(market(env, key).deals(), ([id, d]) => [id.toString(), { proposal: proposalOf(d.proposal), state: d.state }]),
      ),
  ),
  query(m.stateMarketStorageDeal, ([id, key], env) => {
    const { proposal, state } = dealOf(market(env, key), id)
    return { proposal: proposalOf(proposal), state }
  }),
  query(m.stateMarketProposalPending, ([proposal, key], env) => market(env, key).hasPendingProposal(proposal)),
  query(m.stateDealProviderCollateralBounds, ([size, _verified, key], env) => {
    const tipset = env.tipset(key)
    const tree = env.state.parentState(tipset)
    const power = PowerView.load(env.state.store, env.state.registry, env.state.requireActor(tree, POWER_ACTOR))
    const reward = RewardView.load(env.state.store, env.state.registry, env.state.requireActor(tree, REWARD_ACTOR))
    const supply = vmCirculatingSupply(env.state, tipset.height, tree).filCirculating
    const bounds = dealProviderCollateralBounds(size, power.totalPower.rawBytePower, reward.thisEpochBaselinePower, supply)
    return { min: withSafetyMargin(bounds.min), max: bounds.max }
  }),
  query(m.stateComputeDataCid, ([_miner, sealProof, deals, key], env) => {
    const view = market(env, key)
    const pieces = deals.map((id) => {
      const { pieceCID, pieceSize } = dealOf(view, id).proposal
      return { commitment: pieceCommitmentOf(pieceCID), size: pieceSize }
    })
    return commitmentToCid(commitmentOfPieces(sectorSizeOfSealProof(sealProof), pieces))
  }),
  query(m.stateGetAllocationIdForPendingDeal, ([deal, key], env) => pendingAllocation(env, deal, key)),
  query(m.stateGetAllocationForPendingDeal, ([deal, key], env) => {
    const id = pendingAllocation(env, deal, key)
    if (id === 0n) return null
    const { proposal } = dealOf(market(env, key), deal)
    return verifreg(env, key).allocation(idOf(env, proposal.client, key), id) ?? null
  }),
  query(m.stateGetAllocation, ([client, id, key], env) => verifreg(env, key).allocation(idOf(env, client, key), id) ?? null),
  query(m.stateGetAllocations, ([client, key], env) => new Map(verifreg(env, key).allocations(idOf(env, client, key)))),
  query(m.stateGetAllAllocations, ([key], env) => new Map(verifreg(env, key).allAllocations())),
  query(m.stateGetClaim, ([provider, id, key], env) => verifreg(env, key).claim(idOf(env, provider, key), id) ?? null),
  query(m.stateGetClaims, ([provider, key], env) => new Map(verifreg(env, key).claims(idOf(env, provider, key)))),
  query(m.stateGetAllClaims, ([key], env) => new Map(verifreg(env, key).allClaims())),
  query(
    m.stateVerifierStatus,
    ([address, key], env) => verifreg(env, key).verifier(Address.fromId(idOf(env, address, key))) ?? null,
  ),
  query(m.stateVerifiedClientStatus, ([address, key], env) => {
    const id = idOf(env, address, key)
    if (actorsVersion(env.state.networkVersion(env.tipset(key).height)) <= 8) {
      return verifreg(env, key).verifiedClient(Address.fromId(id)) ?? null
    }
    return DatacapView.load(env.state.store, env.state.registry, env.actor(DATACAP_ACTOR, key)).dataCap(id) ?? null
  }),
  query(m.stateVerifiedRegistryRootKey, ([key], env) => verifreg(env, key).rootKey),
]
