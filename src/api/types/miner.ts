import { base58btc } from 'multiformats/bases/base58'
import type { Codec } from '../../codec/codec.ts'
import { as, list, optional, record, type Shape } from '../../codec/combinators.ts'
import { jsonFail, jsonKind } from '../../codec/json.ts'
import { bigInt, bool, bytesOrEmpty, int64, safeInt, safeUint, uint64 } from '../../codec/primitives.ts'
import { address } from '../../types/address.ts'
import { bitfield } from '../../types/bitfield.ts'
import { beaconEntry } from '../../types/block.ts'
import { cid } from '../../types/cid.ts'
import { epoch, sectorNumber, storagePower, tokenAmount } from '../../types/scalars.ts'
import { addressOrEmpty, jsonOnly } from './shape.ts'

/** A libp2p peer id: its multihash bytes, base58 text in JSON. */
export const peerId: Codec<Uint8Array> = {
  ...jsonOnly('peer id'),
  toJson: (v) => base58btc.baseEncode(v),
  fromJson(json, path) {
    if (typeof json !== 'string' || json.length > 128)
      return jsonFail(path, `expected a peer id as text, found ${jsonKind(json)}`)
    try {
      return base58btc.baseDecode(json)
    } catch {
      return jsonFail(path, 'not a peer id: its text is not base58')
    }
  },
  schema: { title: 'peer id', type: 'string' },
}

const beneficiaryTerm = record('BeneficiaryTerm', { quota: tokenAmount, usedQuota: tokenAmount, expiration: epoch })
const pendingBeneficiary = record('PendingBeneficiaryChange', {
  newBeneficiary: address,
  newQuota: tokenAmount,
  newExpiration: epoch,
  approvedByBeneficiary: bool,
  approvedByNominee: bool,
})

/** Lotus api.MinerInfo. `newWorker` is null when no change is pending, and `workerChangeEpoch` -1 then. */
export const minerInfo = record('MinerInfo', {
  owner: address,
  worker: address,
  newWorker: addressOrEmpty,
  controlAddresses: list(address, { emptyJson: 'null' }),
  workerChangeEpoch: epoch,
  peerId: optional(peerId),
  multiaddrs: list(bytesOrEmpty, { emptyJson: 'null' }),
  windowPoStProofType: int64,
  /** Bytes. */
  sectorSize: uint64,
  windowPoStPartitionSectors: uint64,
  consensusFaultElapsed: epoch,
  pendingOwnerAddress: optional(address),
  beneficiary: address,
  beneficiaryTerm: optional(beneficiaryTerm),
  pendingBeneficiaryTerm: optional(pendingBeneficiary),
})
export type MinerInfo = Shape<typeof minerInfo.fields>

const powerClaim = record('Claim', { rawBytePower: storagePower, qualityAdjPower: storagePower })
export const minerPower = record('MinerPower', { minerPower: powerClaim, totalPower: powerClaim, hasMinPower: bool })

export const deadline = record('Deadline', {
  postSubmissions: bitfield,
  disputableProofCount: uint64,
  dailyFee: tokenAmount,
})
export const partition = record('Partition', {
  allSectors: bitfield,
  faultySectors: bitfield,
  recoveringSectors: bitfield,
  liveSectors: bitfield,
  activeSectors: bitfield,
})
export const fault = record('Fault', { miner: address, epoch })
export const minerSectors = record('MinerSectors', { live: uint64, active: uint64, faulty: uint64 })

/** The proving deadline at an epoch (go-state-types dline.Info). */
export const deadlineInfo = record('DeadlineInfo', {
  currentEpoch: epoch,
  periodStart: epoch,
  index: uint64,
  open: epoch,
  close: epoch,
  challenge: epoch,
  faultCutoff: epoch,
  wPoStPeriodDeadlines: uint64,
  wPoStProvingPeriod: epoch,
  wPoStChallengeWindow: epoch,
  wPoStChallengeLookback: epoch,
  faultDeclarationCutoff: epoch,
})

const nullableAmount = optional(tokenAmount)
/** A proven sector (Lotus miner.SectorOnChainInfo). */
export const sectorOnChainInfo = record('SectorOnChainInfo', {
  sectorNumber,
  sealProof: safeInt,
  sealedCid: as('SealedCID', cid),
  activation: epoch,
  expiration: epoch,
  dealWeight: bigInt,
  verifiedDealWeight: bigInt,
  initialPledge: tokenAmount,
  expectedDayReward: nullableAmount,
  expectedStoragePledge: nullableAmount,
  powerBaseEpoch: epoch,
  replacedDayReward: nullableAmount,
  sectorKeyCid: as('SectorKeyCID', optional(cid)),
  flags: uint64,
  dailyFee: tokenAmount,
})
export type SectorOnChainInfo = Shape<typeof sectorOnChainInfo.fields>

const sectorPreCommitFields = {
  sealProof: safeInt,
  sectorNumber,
  sealedCid: as('SealedCID', cid),
  sealRandEpoch: epoch,
  dealIds: as('DealIDs', list(uint64, { emptyJson: 'null', max: 1 << 16 })),
  expiration: epoch,
  unsealedCid: optional(cid),
}
export const sectorPreCommitInfo = record('SectorPreCommitInfo', sectorPreCommitFields)
/** What a pledge is asked for: of a sector that is not sealed yet Lotus's tools leave the CID out. */
export const sectorToPreCommit = record('SectorToPreCommit', {
  ...sectorPreCommitFields,
  sealedCid: as('SealedCID', optional(cid)),
})
export const sectorPreCommitOnChainInfo = record('SectorPreCommitOnChainInfo', {
  info: sectorPreCommitInfo,
  preCommitDeposit: tokenAmount,
  preCommitEpoch: epoch,
})
/** `early` is not 0 for a faulty sector: the epoch at which it goes if it does not recover. */
export const sectorExpiration = record('SectorExpiration', { onTime: epoch, early: epoch })
export const sectorLocation = record('SectorLocation', { deadline: uint64, partition: uint64 })

const extendedSectorInfo = record('ExtendedSectorInfo', {
  sealProof: safeInt,
  sectorNumber,
  sectorKey: optional(cid),
  sealedCid: as('SealedCID', cid),
})
/** What a miner needs to try for a block (Lotus api.MiningBaseInfo). */
export const miningBaseInfo = record('MiningBaseInfo', {
  minerPower: storagePower,
  networkPower: storagePower,
  sectors: list(extendedSectorInfo, { emptyJson: 'null' }),
  workerKey: address,
  sectorSize: uint64,
  prevBeaconEntry: beaconEntry,
  beaconEntries: list(beaconEntry, { emptyJson: 'null' }),
  eligibleForMining: bool,
})
export type MiningBaseInfo = Shape<typeof miningBaseInfo.fields>

/** Index of a deadline. */
export const deadlineIndex = safeUint
