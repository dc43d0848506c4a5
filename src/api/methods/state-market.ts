/** State*: deals, allocations and claims. */
import { list, optional, textMap } from '../../codec/combinators.ts'
import { bool, safeInt, uint64 } from '../../codec/primitives.ts'
import { address } from '../../types/address.ts'
import { cid } from '../../types/cid.ts'
import { storagePower } from '../../types/scalars.ts'
import { method, param } from '../method.ts'
import { allocation, claim, dealCollateralBounds, marketBalance, marketDeal } from '../types/market.ts'
import { idMap } from '../types/shape.ts'
import { addr, cidParam, miner, tsk, v0v1, v1 } from './params.ts'

const dealId = param('deal', uint64)
const client = param('client', address)
const provider = param('provider', address)

export const stateMarketBalance = method({
  name: 'Filecoin.StateMarketBalance',
  perm: 'read',
  params: [addr, tsk],
  result: marketBalance,
  doc: "An address's escrowed and locked funds in the storage market, in attoFIL.",
  versions: v0v1,
  where: 'query',
})

export const stateMarketParticipants = method({
  name: 'Filecoin.StateMarketParticipants',
  perm: 'read',
  params: [tsk],
  result: textMap(marketBalance),
  doc: 'The balances of all participants of the storage market, by address.',
  versions: v0v1,
  where: 'query',
})

export const stateMarketDeals = method({
  name: 'Filecoin.StateMarketDeals',
  perm: 'read',
  params: [tsk],
  result: textMap(marketDeal),
  doc: 'All deals, by id.',
  versions: v0v1,
  where: 'query',
})

export const stateMarketStorageDeal = method({
  name: 'Filecoin.StateMarketStorageDeal',
  perm: 'read',
  params: [dealId, tsk],
  result: marketDeal,
  doc: 'One deal.',
  versions: v0v1,
  where: 'query',
})

export const stateMarketProposalPending = method({
  name: 'Filecoin.StateMarketProposalPending',
  perm: 'read',
  params: [param('proposal', cidParam.codec), tsk],
  result: bool,
  doc: 'Whether a deal proposal waits for its sector.',
  versions: v1,
  where: 'query',
})

export const stateDealProviderCollateralBounds = method({
  name: 'Filecoin.StateDealProviderCollateralBounds',
  perm: 'read',
  params: [param('pieceSize', uint64), param('verified', bool), tsk],
  result: dealCollateralBounds,
  doc: 'The least and the most that a provider may put up for a deal of a padded size, in attoFIL.',
  versions: v0v1,
  where: 'query',
})

export const stateComputeDataCid = method({
  name: 'Filecoin.StateComputeDataCID',
  perm: 'read',
  params: [miner, param('sealProof', safeInt), param('deals', list(uint64, { max: 1 << 16 })), tsk],
  result: cid,
  doc: 'The unsealed CID of a sector that holds the deals given.',
  versions: v1,
  where: 'query',
})

export const stateGetAllocationForPendingDeal = method({
  name: 'Filecoin.StateGetAllocationForPendingDeal',
  perm: 'read',
  params: [dealId, tsk],
  result: optional(allocation),
  doc: 'The allocation of a deal that is not active yet; null where it has none.',
  versions: v0v1,
  where: 'query',
})

export const stateGetAllocationIdForPendingDeal = method({
  name: 'Filecoin.StateGetAllocationIdForPendingDeal',
  perm: 'read',
  params: [dealId, tsk],
  result: uint64,
  doc: 'The id of the allocation of a deal that is not active yet; 0 where it has none.',
  versions: v1,
  where: 'query',
})

export const stateGetAllocation = method({
  name: 'Filecoin.StateGetAllocation',
  perm: 'read',
  params: [client, param('allocation', uint64), tsk],
  result: optional(allocation),
  doc: "One of a client's allocations; null where it is not found.",
  versions: v0v1,
  where: 'query',
})

export const stateGetAllocations = method({
  name: 'Filecoin.StateGetAllocations',
  perm: 'read',
  params: [client, tsk],
  result: idMap(allocation),
  doc: "A client's allocations, by id.",
  versions: v0v1,
  where: 'query',
})

export const stateGetAllAllocations = method({
  name: 'Filecoin.StateGetAllAllocations',
  perm: 'read',
  params: [tsk],
  result: idMap(allocation),
  doc: 'All allocations, by id.',
  versions: v0v1,
  where: 'query',
})

export const stateGetClaim = method({
  name: 'Filecoin.StateGetClaim',
  perm: 'read',
  params: [provider, param('claim', uint64), tsk],
  result: optional(claim),
  doc: "One of a provider's claims; null where it is not found.",
  versions: v0v1,
  where: 'query',
})

export const stateGetClaims = method({
  name: 'Filecoin.StateGetClaims',
  perm: 'read',
  params: [provider, tsk],
  result: idMap(claim),
  doc: "A provider's claims, by id.",
  versions: v0v1,
  where: 'query',
})

export const stateGetAllClaims = method({
  name: 'Filecoin.StateGetAllClaims',
  perm: 'read',
  params: [tsk],
  result: idMap(claim),
  doc: 'All claims, by id.',
  versions: v0v1,
  where: 'query',
})

export const stateVerifierStatus = method({
  name: 'Filecoin.StateVerifierStatus',
  perm: 'read',
  params: [addr, tsk],
  result: optional(storagePower),
  doc: "A verifier's remaining data cap in bytes; null where the address is none.",
  versions: v0v1,
  where: 'query',
})

export const stateVerifiedClientStatus = method({
  name: 'Filecoin.StateVerifiedClientStatus',
  perm: 'read',
  params: [addr, tsk],
  result: optional(storagePower),
  doc: "A verified client's remaining data cap in bytes; null where the address is none.",
  versions: v0v1,
  where: 'query',
})

export const stateVerifiedRegistryRootKey = method({
  name: 'Filecoin.StateVerifiedRegistryRootKey',
  perm: 'read',
  params: [tsk],
  result: address,
  doc: 'The root key of the verified registry.',
  versions: v0v1,
  where: 'query',
})
