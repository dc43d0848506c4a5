import { base58btc } from 'multiformats/bases/base58'
import type { Codec } from '../../codec/codec.ts'
import { list, optional, type Shape, tuple } from '../../codec/combinators.ts'
import type { Json, JsonContext } from '../../codec/json.ts'
import { bool, bytes, bytesOrEmpty, safeInt, uint64 } from '../../codec/primitives.ts'
import { address } from '../../types/address.ts'
import { epoch, tokenAmount } from '../../types/scalars.ts'

export const workerKeyChange = tuple('WorkerKeyChange', { newWorker: address, effectiveAt: epoch })
export const beneficiaryTerm = tuple('BeneficiaryTerm', { quota: tokenAmount, usedQuota: tokenAmount, expiration: epoch })
export const pendingBeneficiaryChange = tuple('PendingBeneficiaryChange', {
  newBeneficiary: address,
  newQuota: tokenAmount,
  newExpiration: epoch,
  approvedByBeneficiary: bool,
  approvedByNominee: bool,
})

const fieldsV8 = {
  owner: address,
  worker: address,
  controlAddresses: list(address, { emptyJson: 'null' }),
  pendingWorkerKey: optional(workerKeyChange),
  /** Bytes of a libp2p peer id; empty or anything else where the miner set none. */
  peerId: bytes,
  /** Binary multiaddrs. */
  multiaddrs: list(bytesOrEmpty, { emptyJson: 'null' }),
  /** A registered PoSt proof type. */
  windowPoStProofType: safeInt,
  /** bytes */
  sectorSize: uint64,
  windowPoStPartitionSectors: uint64,
  /** Epoch until which the miner may not mine; -1 where it never committed a consensus fault. */
  consensusFaultElapsed: epoch,
  pendingOwnerAddress: optional(address),
}
const infoV8 = tuple('MinerInfo', fieldsV8)
const infoV9 = tuple('MinerInfo', {
  ...fieldsV8,
  beneficiary: address,
  beneficiaryTerm,
  pendingBeneficiaryTerm: optional(pendingBeneficiaryChange),
})

/** Who a miner is and what it proves with. `beneficiary` and its terms are undefined in actors v8 (FIP-0029). */
export type MinerInfo = Readonly<Shape<typeof fieldsV8>> & Partial<Readonly<Shape<typeof infoV9.fields>>>

/** go-state-types builtin/v8 and v9 miner_state.go. */
export function minerInfo(version: number): Codec<MinerInfo> {
  return (version >= 9 ? infoV9 : infoV8) as Codec<MinerInfo>
}

/** A peer id's text for its bytes; null for bytes that are none (a multihash: sha2-256 or an inlined key). */
function peerIdText(id: Uint8Array): string | null {
  const isSha256 = id.length === 34 && id[0] === 0x12 && id[1] === 32
  const isInlined = id.length > 2 && id[0] === 0x00 && id[1] === id.length - 2
  return isSha256 || isInlined ? base58btc.baseEncode(id) : null
}

/**
 * As StateMinerInfo answers (Lotus api.MinerInfo): the pending worker flattened, the peer id as text.
 * Lotus leaves `PendingOwnerAddress` out by oversight; here it is given.
 */
export function minerInfoToJson(info: MinerInfo, ctx: JsonContext): Json {
  const { fields } = infoV9
  return {
    Owner: address.toJson(info.owner, ctx),
    Worker: address.toJson(info.worker, ctx),
    NewWorker: info.pendingWorkerKey === null ? '<empty>' : address.toJson(info.pendingWorkerKey.newWorker, ctx),
    ControlAddresses: fields.controlAddresses.toJson(info.controlAddresses, ctx),
    WorkerChangeEpoch: info.pendingWorkerKey === null ? -1 : info.pendingWorkerKey.effectiveAt,
    PeerId: peerIdText(info.peerId),
    Multiaddrs: fields.multiaddrs.toJson(info.multiaddrs, ctx),
    WindowPoStProofType: info.windowPoStProofType,
    SectorSize: uint64.toJson(info.sectorSize, ctx),
    WindowPoStPartitionSectors: uint64.toJson(info.windowPoStPartitionSectors, ctx),
    ConsensusFaultElapsed: info.consensusFaultElapsed,
    PendingOwnerAddress: fields.pendingOwnerAddress.toJson(info.pendingOwnerAddress, ctx),
    Beneficiary: info.beneficiary === undefined ? '<empty>' : address.toJson(info.beneficiary, ctx),
    BeneficiaryTerm: beneficiaryTerm.toJson(info.beneficiaryTerm ?? { quota: 0n, usedQuota: 0n, expiration: 0 }, ctx),
    PendingBeneficiaryTerm: fields.pendingBeneficiaryTerm.toJson(info.pendingBeneficiaryTerm ?? null, ctx),
  }
}
