/** Block production: what a miner asks of its full node. */
import { optional } from '../../codec/combinators.ts'
import { blockMsg } from '../../types/block.ts'
import { method, param } from '../method.ts'
import { miningBaseInfo } from '../types/miner.ts'
import { blockTemplate, miningParams as params } from '../types/mining.ts'
import { epochParam, miner, tsk, v0v1, v1 } from './params.ts'

export const minerGetBaseInfo = method({
  name: 'Filecoin.MinerGetBaseInfo',
  perm: 'read',
  params: [miner, epochParam, tsk],
  result: optional(miningBaseInfo),
  doc: 'What a miner needs to try for a block of an epoch on a tipset; null where it has nothing to prove. Waits for the beacon.',
  versions: v0v1,
  where: 'main',
})

export const minerCreateBlock = method({
  name: 'Filecoin.MinerCreateBlock',
  perm: 'write',
  params: [param('template', blockTemplate)],
  result: blockMsg,
  doc: 'Makes and signs the block that a template describes. It is not submitted.',
  versions: v0v1,
  where: 'main',
})

export const miningParams = method({
  name: 'Filecoin.MiningParams',
  perm: 'read',
  params: [],
  result: params,
  doc: "The network's times and rules that a miner goes by. Lotus has them in its binaries.",
  versions: v1,
  where: 'main',
})
