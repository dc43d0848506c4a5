import { as, record, type Shape } from '../../codec/combinators.ts'
import { bool, text, uint64 } from '../../codec/primitives.ts'
import { address } from '../../types/address.ts'
import { cid } from '../../types/cid.ts'
import { actorId, epoch, sectorNumber, tokenAmount } from '../../types/scalars.ts'

export const marketBalance = record('MarketBalance', { escrow: tokenAmount, locked: tokenAmount })

/** A deal's terms. A label of bytes prints as empty text, as in Lotus. */
export const dealProposal = record('DealProposal', {
  pieceCid: as('PieceCID', cid),
  pieceSize: uint64,
  verifiedDeal: bool,
  client: address,
  provider: address,
  label: text,
  startEpoch: epoch,
  endEpoch: epoch,
  storagePricePerEpoch: tokenAmount,
  providerCollateral: tokenAmount,
  clientCollateral: tokenAmount,
})
export type DealProposal = Shape<typeof dealProposal.fields>

/** -1 stands for "not yet" and "never". */
export const dealState = record('MarketDealState', {
  sectorNumber,
  sectorStartEpoch: epoch,
  lastUpdatedEpoch: epoch,
  slashEpoch: epoch,
})
export const marketDeal = record('MarketDeal', { proposal: dealProposal, state: dealState })
export const dealCollateralBounds = record('DealCollateralBounds', { min: tokenAmount, max: tokenAmount })

/** Verified registry (go-state-types verifreg). */
export const allocation = record('Allocation', {
  client: actorId,
  provider: actorId,
  data: cid,
  size: uint64,
  termMin: epoch,
  termMax: epoch,
  expiration: epoch,
})
export const claim = record('Claim', {
  provider: actorId,
  client: actorId,
  data: cid,
  size: uint64,
  termMin: epoch,
  termMax: epoch,
  termStart: epoch,
  sector: sectorNumber,
})
