import { as, tuple } from '../../codec/combinators.ts'
import { goList } from '../../codec/go-forms.ts'
import { bool, bytes, uint64 } from '../../codec/primitives.ts'
import { address } from '../../types/address.ts'
import { cid } from '../../types/cid.ts'
import { actorId, epoch, sectorNumber, storagePower } from '../../types/scalars.ts'
import { signature } from '../../types/signature.ts'
import { claim } from '../verifreg/claim.ts'
import { both, exported, type MethodRow, method } from './method-def.ts'
import { batchReturn } from './types.ts'

const grant = (name: string) => tuple(name, { address, allowance: storagePower })
export const addVerifierParams = grant('AddVerifierParams')
export const addVerifiedClientParams = grant('AddVerifiedClientParams')
const bytesParams = (name: string) => tuple(name, { address, dealSize: storagePower })

const removeRequest = tuple('RemoveDataCapRequest', { verifier: address, verifierSignature: signature })
export const removeDataCapParams = tuple('RemoveDataCapParams', {
  verifiedClientToRemove: address,
  dataCapAmountToRemove: storagePower,
  verifierRequest1: removeRequest,
  verifierRequest2: removeRequest,
})
const removeDataCapReturn = tuple('RemoveDataCapReturn', { verifiedClient: address, dataCapRemoved: storagePower })
/** What the verifiers of RemoveVerifiedClientDataCap sign, behind the text `fil_removedatacap:`. */
export const removeDataCapProposal = tuple('RemoveDataCapProposal', {
  verifiedClient: address,
  dataCapAmount: storagePower,
  removalProposalID: tuple('RmDcProposalID', { proposalID: uint64 }),
})

export const removeExpiredAllocationsParams = tuple('RemoveExpiredAllocationsParams', {
  client: actorId,
  allocationIds: goList(uint64),
})
const removeExpiredAllocationsReturn = tuple('RemoveExpiredAllocationsReturn', {
  considered: goList(uint64),
  results: batchReturn,
  dataCapRecovered: storagePower,
})

const claimPiece = { client: actorId, allocationId: uint64, data: cid, size: uint64 }
const claimAllocationsV9 = tuple('ClaimAllocationsParams', {
  sectors: goList(tuple('SectorAllocationClaim', { ...claimPiece, sector: sectorNumber, sectorExpiry: epoch })),
  allOrNothing: bool,
})
const claimAllocationsReturnV9 = tuple('ClaimAllocationsReturn', { batchInfo: batchReturn, claimedSpace: storagePower })
const claimAllocationsV12 = tuple('ClaimAllocationsParams', {
  sectors: goList(
    tuple('SectorAllocationClaims', {
      sector: sectorNumber,
      sectorExpiry: epoch,
      claims: goList(tuple('AllocationClaim', claimPiece)),
    }),
  ),
  allOrNothing: bool,
})
/** As the actor gives it since v12: the claimed bytes of each sector; go-state-types still has one sum. */
const claimAllocationsReturnV12 = tuple('ClaimAllocationsReturn', {
  sectorResults: batchReturn,
  sectorClaims: goList(storagePower),
})

const getClaimsParams = tuple('GetClaimsParams', { provider: actorId, claimIds: goList(uint64) })
const getClaimsReturn = tuple('GetClaimsReturn', { batchInfo: batchReturn, claims: goList(claim) })
export const extendClaimTermsParams = tuple('ExtendClaimTermsParams', {
  terms: goList(tuple('ClaimTerm', { provider: actorId, claimId: uint64, termMax: epoch })),
})
export const removeExpiredClaimsParams = tuple('RemoveExpiredClaimsParams', { provider: actorId, claimIds: goList(uint64) })
const removeExpiredClaimsReturn = tuple('RemoveExpiredClaimsReturn', { considered: goList(uint64), results: batchReturn })

/** What travels as operator data when DataCap is sent to the registry: allocations to make, claims to extend (FIP-0045). */
export const allocationRequests = tuple('AllocationRequests', {
  allocations: goList(
    tuple('AllocationRequest', {
      provider: actorId,
      data: cid,
      size: uint64,
      termMin: epoch,
      termMax: epoch,
      expiration: epoch,
    }),
  ),
  extensions: goList(tuple('ClaimExtensionRequest', { provider: actorId, claim: uint64, termMax: epoch })),
})
export const allocationsResponse = tuple('AllocationsResponse', {
  allocationResults: batchReturn,
  extensionResults: batchReturn,
  newAllocations: goList(uint64),
})
/** FRC-0046 token hook; the payload is CBOR of the token received. */
export const universalReceiverParams = tuple('UniversalReceiverParams', { type: as('Type_', uint64), payload: bytes })

export const verifregMethods: readonly MethodRow[] = [
  method(1, 'Constructor', address),
  method(2, 'AddVerifier', addVerifierParams),
  method(3, 'RemoveVerifier', address),
  ...both(4, 'AddVerifiedClient', addVerifiedClientParams),
  method(5, 'UseBytes', bytesParams('UseBytesParams'), undefined, [8, 8]),
  method(6, 'RestoreBytes', bytesParams('RestoreBytesParams'), undefined, [8, 8]),
  method(7, 'RemoveVerifiedClientDataCap', removeDataCapParams, removeDataCapReturn),
  ...both(8, 'RemoveExpiredAllocations', removeExpiredAllocationsParams, removeExpiredAllocationsReturn, [9]),
  method(9, 'ClaimAllocations', claimAllocationsV9, claimAllocationsReturnV9, [9, 11]),
  method(9, 'ClaimAllocations', claimAllocationsV12, claimAllocationsReturnV12, [12]),
  ...both(10, 'GetClaims', getClaimsParams, getClaimsReturn, [9]),
  ...both(11, 'ExtendClaimTerms', extendClaimTermsParams, batchReturn, [9]),
  ...both(12, 'RemoveExpiredClaims', removeExpiredClaimsParams, removeExpiredClaimsReturn, [9]),
  exported('Receive', universalReceiverParams, allocationsResponse, { name: 'UniversalReceiverHook', span: [9] }),
]
