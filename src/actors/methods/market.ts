import { as, list, optional, tuple } from '../../codec/combinators.ts'
import { goEmpty, goList } from '../../codec/go-forms.ts'
import { bigInt, bool, bytes, uint64 } from '../../codec/primitives.ts'
import { address } from '../../types/address.ts'
import { bitfield } from '../../types/bitfield.ts'
import { cid } from '../../types/cid.ts'
import { actorId, epoch, sectorNumber, tokenAmount } from '../../types/scalars.ts'
import { clientDealProposal, dealLabel } from '../market/deal.ts'
import { both, exported, type MethodRow, method } from './method-def.ts'
import { batchReturn, dealIds, proofKind } from './types.ts'

export const publishStorageDealsParams = tuple('PublishStorageDealsParams', { deals: goList(clientDealProposal) })
export const publishStorageDealsReturn = tuple('PublishStorageDealsReturn', {
  ids: as('IDs', goList(uint64)),
  validDeals: bitfield,
})
export const marketWithdrawBalanceParams = tuple('WithdrawBalanceParams', {
  providerOrClientAddress: address,
  amount: tokenAmount,
})

const sectorDealsV8 = tuple('SectorDeals', { sectorExpiry: epoch, dealIDs: dealIds })
const sectorDealsV9 = tuple('SectorDeals', { sectorType: proofKind, ...sectorDealsV8.fields })
/** Actors v13 on; go-state-types has the sector number since v12 already, but the v12 actor does not take it. */
const sectorDealsV13 = tuple('SectorDeals', { sectorNumber, ...sectorDealsV9.fields })

const verifyV8 = tuple('VerifyDealsForActivationParams', { sectors: goList(sectorDealsV8) })
const verifyV9 = tuple('VerifyDealsForActivationParams', { sectors: goList(sectorDealsV9) })
const verifyV13 = tuple('VerifyDealsForActivationParams', { sectors: goList(sectorDealsV13) })
const sectorWeights = tuple('SectorWeights', { dealSpace: uint64, dealWeight: bigInt, verifiedDealWeight: bigInt })
const verifyReturnV8 = tuple('VerifyDealsForActivationReturn', { sectors: goList(sectorWeights) })
const verifyReturnV9 = tuple('VerifyDealsForActivationReturn', {
  sectors: goList(tuple('SectorDealData', { commD: optional(cid) })),
})
const verifyReturnV12 = tuple('VerifyDealsForActivationReturn', { unsealedCIDs: goList(optional(cid)) })

const activateDeals = tuple('ActivateDealsParams', { dealIDs: dealIds, sectorExpiry: epoch })
const activatedDeal = tuple('ActivatedDeal', { client: actorId, allocationID: uint64, data: cid, size: uint64 })
const verifiedDealInfo = tuple('VerifiedDealInfo', activatedDeal.fields)
// The results of activation are those of the actors; go-state-types says that nothing is returned.
const activateReturnV9 = tuple('ActivateDealsResult', {
  nonVerifiedDealSpace: bigInt,
  verifiedInfos: goList(verifiedDealInfo),
})
const batchActivateV12 = tuple('BatchActivateDealsParams', { sectors: goList(sectorDealsV9), computeCid: bool })
const batchActivateV13 = tuple('BatchActivateDealsParams', { sectors: goList(sectorDealsV13), computeCid: bool })
const batchActivateReturnV12 = tuple('BatchActivateDealsResult', {
  activationResults: batchReturn,
  activations: goList(
    tuple('SectorDealActivation', {
      nonVerifiedDealSpace: bigInt,
      verifiedInfos: goList(verifiedDealInfo),
      unsealedCID: optional(cid),
    }),
  ),
})
const batchActivateReturnV13 = tuple('BatchActivateDealsResult', {
  activationResults: batchReturn,
  activations: goList(tuple('SectorDealActivation', { activated: goList(activatedDeal), unsealedCID: optional(cid) })),
})

const terminateV8 = tuple('OnMinerSectorsTerminateParams', { epoch, dealIDs: dealIds })
/** The actor takes sectors since v13; go-state-types still has deals. */
const terminateV13 = tuple('OnMinerSectorsTerminateParams', { epoch, sectors: bitfield })

const sectorDataSpec = tuple('SectorDataSpec', { dealIDs: dealIds, sectorType: proofKind })

/** What a miner tells the actors that a sector's pieces name (FIP-0076). */
// A bare list is never nil in Go: an empty one prints [].
export const sectorContentChangedParams = list(
  tuple('SectorChanges', {
    sector: sectorNumber,
    minimumCommitmentEpoch: epoch,
    added: goList(tuple('PieceChange', { data: cid, size: uint64, payload: bytes })),
  }),
)
/** For each sector, for each piece: accepted or not. */
export const sectorContentChangedReturn = goList(goList(bool))

export const settleReturn = tuple('SettleDealPaymentsReturn', {
  results: batchReturn,
  settlements: goList(tuple('DealSettlementSummary', { payment: tokenAmount, completed: bool })),
})

export const marketMethods: readonly MethodRow[] = [
  method(1, 'Constructor', goEmpty),
  ...both(2, 'AddBalance', address),
  ...both(3, 'WithdrawBalance', marketWithdrawBalanceParams, tokenAmount),
  ...both(4, 'PublishStorageDeals', publishStorageDealsParams, publishStorageDealsReturn),
  method(5, 'VerifyDealsForActivation', verifyV8, verifyReturnV8, [8, 8]),
  method(5, 'VerifyDealsForActivation', verifyV9, verifyReturnV9, [9, 11]),
  method(5, 'VerifyDealsForActivation', verifyV9, verifyReturnV12, [12, 12]),
  method(5, 'VerifyDealsForActivation', verifyV13, verifyReturnV12, [13]),
  method(6, 'ActivateDeals', activateDeals, goEmpty, [8, 8]),
  method(6, 'ActivateDeals', activateDeals, activateReturnV9, [9, 11]),
  method(6, 'BatchActivateDeals', batchActivateV12, batchActivateReturnV12, [12, 12]),
  method(6, 'BatchActivateDeals', batchActivateV13, batchActivateReturnV13, [13]),
  method(7, 'OnMinerSectorsTerminate', terminateV8, goEmpty, [8, 12]),
  method(7, 'OnMinerSectorsTerminate', terminateV13, goEmpty, [13]),
  method(
    8,
    'ComputeDataCommitment',
    tuple('ComputeDataCommitmentParams', { inputs: goList(sectorDataSpec) }),
    tuple('ComputeDataCommitmentReturn', { commDs: goList(cid) }),
    [8, 11],
  ),
  method(9, 'CronTick', goEmpty),
  exported('GetBalance', address, tuple('GetBalanceReturn', { balance: tokenAmount, locked: tokenAmount })),
  exported('GetDealDataCommitment', uint64, tuple('GetDealDataCommitmentReturn', { data: cid, size: uint64 })),
  exported('GetDealClient', uint64, actorId),
  exported('GetDealProvider', uint64, actorId),
  exported('GetDealLabel', uint64, dealLabel),
  exported('GetDealTerm', uint64, tuple('GetDealTermReturn', { start: epoch, duration: epoch })),
  exported('GetDealTotalPrice', uint64, tokenAmount),
  exported('GetDealClientCollateral', uint64, tokenAmount),
  exported('GetDealProviderCollateral', uint64, tokenAmount),
  exported('GetDealVerified', uint64, bool),
  exported('GetDealActivation', uint64, tuple('GetDealActivationReturn', { activated: epoch, terminated: epoch })),
  exported('GetDealSector', uint64, sectorNumber, { span: [13] }),
  exported('SettleDealPayments', bitfield, settleReturn, { span: [13] }),
  exported('SectorContentChanged', sectorContentChangedParams, sectorContentChangedReturn, {
    name: 'SectorContentChanged',
    span: [13],
  }),
]
