/** What `/rpc/v0` has under other parameters than `/rpc/v1` (Lotus api/v0api); each is answered by its successor. */
import { optional } from '../../codec/combinators.ts'
import { bytesOrEmpty, fixedBytes, safeUint } from '../../codec/primitives.ts'
import { beaconEntry } from '../../types/block.ts'
import { messageReceipt } from '../../types/receipt.ts'
import { epoch } from '../../types/scalars.ts'
import { ApiError } from '../errors.ts'
import { type ApiVersion, method, param } from '../method.ts'
import { messageLookup } from '../types/execution.ts'
import { sectorPreCommitOnChainInfo } from '../types/miner.ts'
import { cidParam, epochParam, miner, sector, tsk } from './params.ts'
import { stateGetBeaconEntry, stateGetRandomnessFromBeacon, stateGetRandomnessFromTickets } from './state.ts'
import { stateSearchMsg, stateWaitMsg } from './state-messages.ts'
import { stateSectorPreCommitInfo } from './state-miner.ts'

const v0: readonly ApiVersion[] = ['v0']
const NO_LIMIT = -1
const confidence = param('confidence', safeUint)
const limit = param('limit', epoch)
const personalization = param('personalization', safeUint)
const entropy = param('entropy', bytesOrEmpty)

export const stateSearchMsgV0 = method({
  name: 'Filecoin.StateSearchMsg',
  perm: 'read',
  params: [cidParam],
  result: optional(messageLookup),
  doc: 'Where a message, or one that replaced it, was executed; null where it was not found.',
  versions: v0,
  where: 'query',
  forward: { to: stateSearchMsg, params: ([cid]) => [null, cid, NO_LIMIT, true] },
})

export const stateSearchMsgLimitedV0 = method({
  name: 'Filecoin.StateSearchMsgLimited',
  perm: 'read',
  params: [cidParam, limit],
  result: optional(messageLookup),
  doc: 'As StateSearchMsg, looking back no more than the number of epochs given.',
  versions: v0,
  where: 'query',
  forward: { to: stateSearchMsg, params: ([cid, lookback]) => [null, cid, lookback, true] },
})

export const stateWaitMsgV0 = method({
  name: 'Filecoin.StateWaitMsg',
  perm: 'read',
  params: [cidParam, confidence],
  result: messageLookup,
  doc: 'Waits until a message, or one that replaced it, was executed and stands under the number of epochs given.',
  versions: v0,
  where: 'main',
  forward: { to: stateWaitMsg, params: ([cid, depth]) => [cid, depth, NO_LIMIT, true] },
})

export const stateWaitMsgLimitedV0 = method({
  name: 'Filecoin.StateWaitMsgLimited',
  perm: 'read',
  params: [cidParam, confidence, limit],
  result: messageLookup,
  doc: 'As StateWaitMsg, looking back no more than the number of epochs given.',
  versions: v0,
  where: 'main',
  forward: { to: stateWaitMsg, params: ([cid, depth, lookback]) => [cid, depth, lookback, true] },
})

export const stateGetReceiptV0 = method({
  name: 'Filecoin.StateGetReceipt',
  perm: 'read',
  params: [cidParam, tsk],
  result: optional(messageReceipt),
  doc: "A message's receipt; null where the message was not found.",
  versions: v0,
  where: 'query',
  forward: {
    to: stateSearchMsg,
    params: ([cid, from]) => [from, cid, NO_LIMIT, true],
    result: (json) => (json === null ? null : (json as { Receipt: unknown }).Receipt),
  },
})

export const stateSectorPreCommitInfoV0 = method({
  name: 'Filecoin.StateSectorPreCommitInfo',
  perm: 'read',
  params: [miner, sector, tsk],
  result: sectorPreCommitOnChainInfo,
  doc: "A sector's pre-commitment; an error where there is none.",
  versions: v0,
  where: 'query',
  forward: {
    to: stateSectorPreCommitInfo,
    params: (given) => [...given],
    result: (json) => {
      if (json === null) throw new ApiError('API_FAILED', 'precommit info does not exist')
      return json
    },
  },
})

export const chainGetRandomnessFromTicketsV0 = method({
  name: 'Filecoin.ChainGetRandomnessFromTickets',
  perm: 'read',
  params: [tsk, personalization, epochParam, entropy],
  result: fixedBytes(32),
  doc: 'Randomness drawn from the ticket of an epoch.',
  versions: v0,
  where: 'query',
  forward: { to: stateGetRandomnessFromTickets, params: ([key, tag, at, extra]) => [tag, at, extra, key] },
})

export const chainGetRandomnessFromBeaconV0 = method({
  name: 'Filecoin.ChainGetRandomnessFromBeacon',
  perm: 'read',
  params: [tsk, personalization, epochParam, entropy],
  result: fixedBytes(32),
  doc: 'Randomness drawn from the beacon entry of an epoch.',
  versions: v0,
  where: 'query',
  forward: { to: stateGetRandomnessFromBeacon, params: ([key, tag, at, extra]) => [tag, at, extra, key] },
})

export const beaconGetEntryV0 = method({
  name: 'Filecoin.BeaconGetEntry',
  perm: 'read',
  params: [epochParam],
  result: beaconEntry,
  doc: 'The beacon entry of an epoch; waits for one that is still to come.',
  versions: v0,
  where: 'main',
  forward: { to: stateGetBeaconEntry, params: (given) => [...given] },
})
