/** Parameters by which a miner commits, updates, extends and ends sectors. */
import { as, optional, tuple } from '../../codec/combinators.ts'
import { goList } from '../../codec/go-forms.ts'
import { bigInt, bool, bytes, uint64 } from '../../codec/primitives.ts'
import { address } from '../../types/address.ts'
import { bitfield } from '../../types/bitfield.ts'
import { cid } from '../../types/cid.ts'
import { actorId, epoch, sectorNumber } from '../../types/scalars.ts'
import { filterEstimate } from '../smoothing.ts'
import { dealIds, proofKind } from './types.ts'

const preCommitFields = {
  sealProof: proofKind,
  sectorNumber,
  sealedCID: cid,
  sealRandEpoch: epoch,
  dealIDs: dealIds,
  expiration: epoch,
}
/** The form up to actors v8; later versions took it until v12. */
export const preCommitSectorParams = tuple('PreCommitSectorParams', {
  ...preCommitFields,
  replaceCapacity: bool,
  replaceSectorDeadline: uint64,
  replaceSectorPartition: uint64,
  replaceSectorNumber: sectorNumber,
})
export const preCommitSectorBatchParams = tuple('PreCommitSectorBatchParams', { sectors: goList(preCommitSectorParams) })
/** v9 on, with the piece data's commitment where there is one. */
export const sectorPreCommitInfo = tuple('SectorPreCommitInfo', { ...preCommitFields, unsealedCid: optional(cid) })
export const preCommitSectorBatchParams2 = tuple('PreCommitSectorBatchParams2', { sectors: goList(sectorPreCommitInfo) })

export const proveCommitSectorParams = tuple('ProveCommitSectorParams', { sectorNumber, proof: bytes })
export const proveCommitAggregateParams = tuple('ProveCommitAggregateParams', {
  sectorNumbers: bitfield,
  aggregateProof: bytes,
})
/** One shape under two names: ConfirmSectorProofsValid up to v13. */
export const sectorSetupParams = (name: string) =>
  tuple(name, {
    sectors: goList(sectorNumber),
    rewardSmoothed: filterEstimate,
    rewardBaselinePower: bigInt,
    qualityAdjPowerSmoothed: filterEstimate,
  })

/** Direct data onboarding (FIP-0076), v13 on. */
export const pieceActivationManifest = tuple('PieceActivationManifest', {
  cid: as('CID', cid),
  /** Padded bytes. */
  size: uint64,
  verifiedAllocationKey: optional(tuple('VerifiedAllocationKey', { client: actorId, id: as('ID', uint64) })),
  notify: goList(tuple('DataActivationNotification', { address, payload: bytes })),
})
export const proveCommitSectors3Params = tuple('ProveCommitSectors3Params', {
  sectorActivations: goList(tuple('SectorActivationManifest', { sectorNumber, pieces: goList(pieceActivationManifest) })),
  /** Either these, one of each sector, … */
  sectorProofs: goList(bytes),
  /** … or this, of all. */
  aggregateProof: bytes,
  aggregateProofType: optional(proofKind),
  requireActivationSuccess: bool,
  requireNotificationSuccess: bool,
})
export const proveReplicaUpdates3Params = tuple('ProveReplicaUpdates3Params', {
  sectorUpdates: goList(
    tuple('SectorUpdateManifest', {
      sector: sectorNumber,
      deadline: uint64,
      partition: uint64,
      newSealedCID: cid,
      pieces: goList(pieceActivationManifest),
    }),
  ),
  sectorProofs: goList(bytes),
  aggregateProof: bytes,
  updateProofsType: proofKind,
  aggregateProofType: optional(proofKind),
  requireActivationSuccess: bool,
  requireNotificationSuccess: bool,
})

/** Non-interactive PoRep (FIP-0092), v14 on. */
export const proveCommitSectorsNIParams = tuple('ProveCommitSectorsNIParams', {
  sectors: goList(
    tuple('SectorNIActivationInfo', {
      sealingNumber: sectorNumber,
      sealerID: actorId,
      sealedCID: cid,
      sectorNumber,
      sealRandEpoch: epoch,
      expiration: epoch,
    }),
  ),
  aggregateProof: bytes,
  sealProofType: proofKind,
  aggregateProofType: proofKind,
  provingDeadline: uint64,
  requireActivationSuccess: bool,
})

const updateHead = { sectorID: sectorNumber, deadline: uint64, partition: uint64, newSealedSectorCID: cid }
const updateTail = { deals: dealIds, updateProofType: proofKind, replicaProof: bytes }
export const proveReplicaUpdatesParams = tuple('ProveReplicaUpdatesParams', {
  updates: goList(tuple('ReplicaUpdate', { ...updateHead, ...updateTail })),
})
export const proveReplicaUpdatesParams2 = tuple('ProveReplicaUpdatesParams2', {
  updates: goList(tuple('ReplicaUpdate2', { ...updateHead, newUnsealedSectorCID: cid, ...updateTail })),
})

const inPartition = { deadline: uint64, partition: uint64, sectors: bitfield }
export const extendSectorExpirationParams = tuple('ExtendSectorExpirationParams', {
  extensions: goList(tuple('ExpirationExtension', { ...inPartition, newExpiration: epoch })),
})
export const extendSectorExpiration2Params = tuple('ExtendSectorExpiration2Params', {
  extensions: goList(
    tuple('ExpirationExtension2', {
      ...inPartition,
      sectorsWithClaims: goList(
        tuple('SectorClaim', { sectorNumber, maintainClaims: goList(uint64), dropClaims: goList(uint64) }),
      ),
      newExpiration: epoch,
    }),
  ),
})
export const terminateSectorsParams = tuple('TerminateSectorsParams', {
  terminations: goList(tuple('TerminationDeclaration', inPartition)),
})
export const declareFaultsParams = tuple('DeclareFaultsParams', { faults: goList(tuple('FaultDeclaration', inPartition)) })
export const declareFaultsRecoveredParams = tuple('DeclareFaultsRecoveredParams', {
  recoveries: goList(tuple('RecoveryDeclaration', inPartition)),
})

export const submitWindowedPoStParams = tuple('SubmitWindowedPoStParams', {
  deadline: uint64,
  partitions: goList(tuple('PoStPartition', { index: uint64, skipped: bitfield })),
  proofs: goList(tuple('PoStProof', { poStProof: proofKind, proofBytes: bytes })),
  chainCommitEpoch: epoch,
  chainCommitRand: bytes,
})
export const disputeWindowedPoStParams = tuple('DisputeWindowedPoStParams', { deadline: uint64, poStIndex: uint64 })
export const compactPartitionsParams = tuple('CompactPartitionsParams', { deadline: uint64, partitions: bitfield })
export const compactSectorNumbersParams = tuple('CompactSectorNumbersParams', { maskSectorNumbers: bitfield })
