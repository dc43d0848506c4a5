/**
 * Parts of a Lotus node that this one does not have, and that Lotus's own tools ask for in the middle of other work: they are
 * answered as by a Lotus that has them switched off, so that these tools go on.
 */
import { list } from '../../codec/combinators.ts'
import { bool, bytesOrEmpty, uint64 } from '../../codec/primitives.ts'
import { address } from '../../types/address.ts'
import { method, param } from '../method.ts'
import { miner, v0v1, v1 } from './params.ts'

export const f3IsRunning = method({
  name: 'Filecoin.F3IsRunning',
  perm: 'read',
  params: [],
  result: bool,
  doc: 'Whether fast finality runs: an error, as it is not part of this node.',
  versions: v1,
  where: 'main',
})

export const f3GetOrRenewParticipationTicket = method({
  name: 'Filecoin.F3GetOrRenewParticipationTicket',
  perm: 'sign',
  params: [miner, param('previous', bytesOrEmpty), param('instances', uint64)],
  result: bytesOrEmpty,
  doc: "A miner's leave to take part in fast finality: an error, as it is not part of this node.",
  versions: v1,
  where: 'main',
})

export const paychList = method({
  name: 'Filecoin.PaychList',
  perm: 'read',
  params: [],
  result: list(address),
  doc: 'The payment channels that the node keeps: an error, as it keeps none.',
  versions: v0v1,
  where: 'main',
})
