/** `/rpc/v2`: tipsets are chosen by key, height or tag (Lotus api/v2api). */
import { optional } from '../../codec/combinators.ts'
import { address } from '../../types/address.ts'
import { method, param } from '../method.ts'
import { actor } from '../types/actor.ts'
import { finalityStatus, tipset, tipsetSelector } from '../types/chain.ts'
import { addr, v2 } from './params.ts'

const selector = param('tipset', tipsetSelector)

export const chainGetTipSetV2 = method({
  name: 'Filecoin.ChainGetTipSet',
  perm: 'read',
  params: [selector],
  result: optional(tipset),
  doc: 'The tipset that the selector names; null for a null round.',
  versions: v2,
  where: 'query',
})

export const chainGetTipSetFinalityStatus = method({
  name: 'Filecoin.ChainGetTipSetFinalityStatus',
  perm: 'read',
  params: [],
  result: finalityStatus,
  doc: 'How final the chain is: by the blocks that were really made (FRC-0089), by F3, and what counts as finalized of both.',
  versions: v2,
  where: 'query',
})

export const stateGetActorV2 = method({
  name: 'Filecoin.StateGetActor',
  perm: 'read',
  params: [addr, selector],
  result: optional(actor),
  doc: 'The actor at an address in the state of the tipset that the selector names.',
  versions: v2,
  where: 'query',
})

export const stateGetIdV2 = method({
  name: 'Filecoin.StateGetID',
  perm: 'read',
  params: [addr, selector],
  result: optional(address),
  doc: 'The id address of an address in the state of the tipset that the selector names.',
  versions: v2,
  where: 'query',
})
