import { type Shape, tuple } from '../../codec/combinators.ts'
import { uint64 } from '../../codec/primitives.ts'
import { cid } from '../../types/cid.ts'
import { epoch, tokenAmount } from '../../types/scalars.ts'

/** go-state-types builtin/v8/market/market_state.go. */
export const marketStateV8 = tuple('market.State', {
  /** AMT of deal proposals by deal id. */
  proposals: cid,
  /** AMT of deal states by deal id. */
  states: cid,
  /** HAMT set of the CIDs of proposals that are not activated. */
  pendingProposals: cid,
  /** HAMT of attoFIL by address. */
  escrowTable: cid,
  lockedTable: cid,
  nextID: uint64,
  dealOpsByEpoch: cid,
  lastCron: epoch,
  totalClientLockedCollateral: tokenAmount,
  totalProviderLockedCollateral: tokenAmount,
  totalClientStorageFee: tokenAmount,
})

/** v9 to v12 (FIP-0045). */
export const marketStateV9 = tuple('market.State', {
  ...marketStateV8.fields,
  /** HAMT of allocation ids by deal id, for deals that are not activated. */
  pendingDealAllocationIds: cid,
})

/** v13 on (FIP-0074). */
export const marketStateV13 = tuple('market.State', {
  ...marketStateV9.fields,
  /** HAMT by provider of a HAMT by sector of lists of deal ids. */
  providerSectors: cid,
})

export type MarketStateV8 = Shape<typeof marketStateV8.fields>
export type MarketStateV9 = Shape<typeof marketStateV9.fields>
export type MarketStateV13 = Shape<typeof marketStateV13.fields>

export function marketState(actorsVersion: number): typeof marketStateV8 | typeof marketStateV9 | typeof marketStateV13 {
  if (actorsVersion >= 13) return marketStateV13
  return actorsVersion >= 9 ? marketStateV9 : marketStateV8
}
