import { jsonObject, tuple } from '../../codec/combinators.ts'
import { goEmpty, goList } from '../../codec/go-forms.ts'
import type { Json } from '../../codec/json.ts'
import { bigInt, bool, bytes, int64, uint64 } from '../../codec/primitives.ts'
import { address } from '../../types/address.ts'
import { cid } from '../../types/cid.ts'
import { actorId, epoch, sectorNumber, storagePower, tokenAmount } from '../../types/scalars.ts'
import { filterEstimate } from '../smoothing.ts'
import { both, exported, type MethodRow, method } from './method-def.ts'
import { multiaddrs, newActor, proofKind } from './types.ts'

export const createMinerParams = tuple('CreateMinerParams', {
  owner: address,
  worker: address,
  windowPoStProofType: proofKind,
  peer: bytes,
  multiaddrs,
})
export const createMinerReturn = newActor('CreateMinerReturn')

const currentTotalPowerV8 = tuple('CurrentTotalPowerReturn', {
  rawBytePower: storagePower,
  qualityAdjPower: storagePower,
  pledgeCollateral: tokenAmount,
  qualityAdjPowerSmoothed: filterEstimate,
})
/** v15 on (FIP-0081). */
const currentTotalPowerV15 = tuple('CurrentTotalPowerReturn', {
  ...currentTotalPowerV8.fields,
  rampStartEpoch: int64,
  rampDurationEpochs: uint64,
})

const sealVerifyFields = tuple('SealVerifyInfo', {
  sealProof: proofKind,
  sectorID: tuple('SectorID', { miner: actorId, number: sectorNumber }),
  dealIDs: goList(uint64),
  randomness: bytes,
  interactiveRandomness: bytes,
  proof: bytes,
  sealedCID: cid,
  unsealedCID: cid,
})
/** Go embeds the sector's id, so that its fields stand among the others in JSON. */
const sealVerifyInfo: typeof sealVerifyFields = {
  ...sealVerifyFields,
  toJson(v, ctx) {
    const { SealProof, SectorID, ...rest } = sealVerifyFields.toJson(v, ctx) as { readonly [key: string]: Json }
    return { SealProof, ...(SectorID as object), ...rest } as Json
  },
  fromJson(json, path) {
    const given = jsonObject(json, path, 'SealVerifyInfo')
    return sealVerifyFields.fromJson({ ...given, SectorID: { Miner: given.Miner, Number: given.Number } }, path)
  },
}

export const powerMethods: readonly MethodRow[] = [
  method(1, 'Constructor', goEmpty),
  ...both(2, 'CreateMiner', createMinerParams, createMinerReturn),
  method(
    3,
    'UpdateClaimedPower',
    tuple('UpdateClaimedPowerParams', { rawByteDelta: storagePower, qualityAdjustedDelta: storagePower }),
  ),
  method(4, 'EnrollCronEvent', tuple('EnrollCronEventParams', { eventEpoch: epoch, payload: bytes })),
  method(5, 'CronTick', goEmpty),
  method(6, 'UpdatePledgeTotal', bigInt),
  method(8, 'SubmitPoRepForBulkVerify', sealVerifyInfo),
  method(9, 'CurrentTotalPower', goEmpty, currentTotalPowerV8, [8, 14]),
  method(9, 'CurrentTotalPower', goEmpty, currentTotalPowerV15, [15]),
  exported('NetworkRawPower', goEmpty, storagePower),
  exported('MinerRawPower', actorId, tuple('MinerRawPowerReturn', { rawBytePower: storagePower, meetsConsensusMinimum: bool })),
  exported('MinerCount', goEmpty, int64),
  exported('MinerConsensusCount', goEmpty, int64),
  // Not in Lotus's table, but the actor has it since v16.
  exported('MinerPower', actorId, tuple('MinerPowerReturn', { rawBytePower: storagePower, qualityAdjPower: storagePower }), {
    span: [16],
  }),
]
