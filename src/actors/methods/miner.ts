import { optional, tuple } from '../../codec/combinators.ts'
import { goEmpty, goList } from '../../codec/go-forms.ts'
import { bool, bytes, uint8, uint64 } from '../../codec/primitives.ts'
import { address } from '../../types/address.ts'
import { bitfield } from '../../types/bitfield.ts'
import { epoch, sectorNumber, storagePower, tokenAmount } from '../../types/scalars.ts'
import { filterEstimate } from '../smoothing.ts'
import { both, exported, type MethodRow, method } from './method-def.ts'
import * as sectors from './miner-sectors.ts'
import { addresses, batchReturn, multiaddrs, proofKind } from './types.ts'

const minerConstructorParams = tuple('MinerConstructorParams', {
  ownerAddr: address,
  workerAddr: address,
  controlAddrs: addresses,
  windowPoStProofType: proofKind,
  peerId: bytes,
  multiaddrs,
})
const getControlAddressesReturn = tuple('GetControlAddressesReturn', {
  owner: address,
  worker: address,
  controlAddrs: addresses,
})
export const changeWorkerAddressParams = tuple('ChangeWorkerAddressParams', {
  newWorker: address,
  newControlAddrs: addresses,
})
export const changePeerIdParams = tuple('ChangePeerIDParams', { newID: bytes })
export const changeMultiaddrsParams = tuple('ChangeMultiaddrsParams', { newMultiaddrs: multiaddrs })
export const minerWithdrawBalanceParams = tuple('WithdrawBalanceParams', { amountRequested: tokenAmount })
export const reportConsensusFaultParams = tuple('ReportConsensusFaultParams', {
  blockHeader1: bytes,
  blockHeader2: bytes,
  blockHeaderExtra: bytes,
})
export const changeBeneficiaryParams = tuple('ChangeBeneficiaryParams', {
  newBeneficiary: address,
  newQuota: tokenAmount,
  newExpiration: epoch,
})
const getBeneficiaryReturn = tuple('GetBeneficiaryReturn', {
  active: tuple('ActiveBeneficiary', {
    beneficiary: address,
    term: tuple('BeneficiaryTerm', { quota: tokenAmount, usedQuota: tokenAmount, expiration: epoch }),
  }),
  proposed: optional(
    tuple('PendingBeneficiaryChange', {
      ...changeBeneficiaryParams.fields,
      approvedByBeneficiary: bool,
      approvedByNominee: bool,
    }),
  ),
})
const deferredCronEventParams = tuple('DeferredCronEventParams', {
  eventPayload: bytes,
  rewardSmoothed: filterEstimate,
  qualityAdjPowerSmoothed: filterEstimate,
})
/** One shape in all versions; go-state-types has the state's own vesting table from v16 on, which is not what is returned. */
const vestingFunds = tuple('VestingFunds', { funds: goList(tuple('VestingFund', { epoch, amount: tokenAmount })) })
// Sector status for contracts (v18): a status code, and where the sector stands as CBOR of [deadline, partition].
const sectorStatus = uint8
const generateSectorLocationReturn = tuple('GenerateSectorLocationReturn', { status: sectorStatus, auxData: bytes })
const validateSectorStatusParams = tuple('ValidateSectorStatusParams', {
  sectorNumber,
  status: sectorStatus,
  auxData: bytes,
})

export const minerMethods: readonly MethodRow[] = [
  method(1, 'Constructor', minerConstructorParams),
  method(2, 'ControlAddresses', goEmpty, getControlAddressesReturn),
  ...both(3, 'ChangeWorkerAddress', changeWorkerAddressParams),
  ...both(4, 'ChangePeerID', changePeerIdParams),
  method(5, 'SubmitWindowedPoSt', sectors.submitWindowedPoStParams),
  method(6, 'PreCommitSector', sectors.preCommitSectorParams),
  method(7, 'ProveCommitSector', sectors.proveCommitSectorParams),
  method(8, 'ExtendSectorExpiration', sectors.extendSectorExpirationParams),
  method(9, 'TerminateSectors', sectors.terminateSectorsParams, tuple('TerminateSectorsReturn', { done: bool })),
  method(10, 'DeclareFaults', sectors.declareFaultsParams),
  method(11, 'DeclareFaultsRecovered', sectors.declareFaultsRecoveredParams),
  method(12, 'OnDeferredCronEvent', deferredCronEventParams),
  method(13, 'CheckSectorProven', tuple('CheckSectorProvenParams', { sectorNumber })),
  method(14, 'ApplyRewards', tuple('ApplyRewardParams', { reward: tokenAmount, penalty: tokenAmount })),
  method(15, 'ReportConsensusFault', reportConsensusFaultParams),
  ...both(16, 'WithdrawBalance', minerWithdrawBalanceParams, tokenAmount),
  method(17, 'ConfirmSectorProofsValid', sectors.sectorSetupParams('ConfirmSectorProofsParams'), goEmpty, [8, 13]),
  method(17, 'InternalSectorSetupForPreseal', sectors.sectorSetupParams('InternalSectorSetupForPresealParams'), goEmpty, [14]),
  ...both(18, 'ChangeMultiaddrs', changeMultiaddrsParams),
  method(19, 'CompactPartitions', sectors.compactPartitionsParams),
  method(20, 'CompactSectorNumbers', sectors.compactSectorNumbersParams),
  method(21, 'ConfirmUpdateWorkerKey', goEmpty, goEmpty, [8, 9]),
  ...both(21, 'ConfirmChangeWorkerAddress', goEmpty, goEmpty, [10]),
  ...both(22, 'RepayDebt', goEmpty),
  ...both(23, 'ChangeOwnerAddress', address),
  method(24, 'DisputeWindowedPoSt', sectors.disputeWindowedPoStParams),
  method(25, 'PreCommitSectorBatch', sectors.preCommitSectorBatchParams),
  method(26, 'ProveCommitAggregate', sectors.proveCommitAggregateParams),
  method(27, 'ProveReplicaUpdates', sectors.proveReplicaUpdatesParams, bitfield),
  method(28, 'PreCommitSectorBatch2', sectors.preCommitSectorBatchParams2, goEmpty, [9]),
  method(29, 'ProveReplicaUpdates2', sectors.proveReplicaUpdatesParams2, bitfield, [9]),
  ...both(30, 'ChangeBeneficiary', changeBeneficiaryParams, goEmpty, [9]),
  ...both(31, 'GetBeneficiary', goEmpty, getBeneficiaryReturn, [9]),
  method(32, 'ExtendSectorExpiration2', sectors.extendSectorExpiration2Params, goEmpty, [9]),
  method(34, 'ProveCommitSectors3', sectors.proveCommitSectors3Params, batchReturn, [13]),
  method(35, 'ProveReplicaUpdates3', sectors.proveReplicaUpdates3Params, batchReturn, [13]),
  // The actor returns the batch's outcome; go-state-types says nothing is returned.
  method(36, 'ProveCommitSectorsNI', sectors.proveCommitSectorsNIParams, batchReturn, [14]),
  exported(
    'MaxTerminationFee',
    tuple('MaxTerminationFeeParams', { power: storagePower, initialPledge: tokenAmount }),
    tokenAmount,
    {
      span: [16],
    },
  ),
  exported('InitialPledge', goEmpty, tokenAmount, { span: [16] }),
  exported('GetOwner', goEmpty, tuple('GetOwnerReturn', { owner: address, proposed: optional(address) })),
  exported('IsControllingAddress', address, bool),
  exported('GetSectorSize', goEmpty, uint64),
  exported('GetAvailableBalance', goEmpty, tokenAmount),
  exported('GetVestingFunds', goEmpty, vestingFunds),
  exported('GetPeerID', goEmpty, tuple('GetPeerIDReturn', { peerId: bytes })),
  // A list of byte strings, as the actor gives it; go-state-types has one byte string.
  exported('GetMultiaddrs', goEmpty, tuple('GetMultiAddrsReturn', { multiAddrs: multiaddrs })),
  exported('GenerateSectorLocation', tuple('GenerateSectorLocationParams', { sectorNumber }), generateSectorLocationReturn, {
    span: [18],
  }),
  exported('ValidateSectorStatus', validateSectorStatusParams, bool, { span: [18] }),
  exported('GetNominalSectorExpiration', sectorNumber, epoch, { span: [18] }),
]
