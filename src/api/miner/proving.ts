/** The miner process: proofs of spacetime at the operator's word. */
import { list, textMap } from '../../codec/combinators.ts'
import { safeInt, text, uint64 } from '../../codec/primitives.ts'
import { cid } from '../../types/cid.ts'
import { method, param } from '../method.ts'
import { tsk, v0v1 } from '../methods/params.ts'
import { sectorNumbers, sectorRefs, windowPostParams } from '../types/proving.ts'
import { idMap } from '../types/shape.ts'
import { workerStats as stats } from '../types/workers.ts'

const common = { versions: v0v1, where: 'main', perm: 'admin' } as const

export const computeWindowPoSt = method({
  ...common,
  name: 'Filecoin.ComputeWindowPoSt',
  params: [param('deadline', uint64), tsk],
  result: list(windowPostParams, { emptyJson: 'null' }),
  doc: 'Proves a deadline, faulty sectors too, and sends nothing: a check of sectors and machine.',
})

export const recoverFault = method({
  ...common,
  name: 'Filecoin.RecoverFault',
  params: [param('sectors', sectorNumbers)],
  result: list(cid, { emptyJson: 'null' }),
  doc: 'Declares faulty sectors as recovering; the messages that say so.',
})

export const checkProvable = method({
  ...common,
  name: 'Filecoin.CheckProvable',
  params: [param('postProof', safeInt), param('sectors', sectorRefs)],
  result: idMap(text),
  doc: 'The sectors, by number, that cannot be proven, and why.',
})

export const workerStats = method({
  ...common,
  name: 'Filecoin.WorkerStats',
  params: [],
  result: textMap(stats),
  doc: 'The workers by their ids, this process among them when it makes proofs itself: what they take, and what they are doing.',
})
