/** Block production: what a miner asks of its full node. */
import { method } from '../method.ts'
import { miningParams as params } from '../types/mining.ts'
import { v1 } from './params.ts'

export const miningParams = method({
  name: 'Filecoin.MiningParams',
  perm: 'read',
  params: [],
  result: params,
  doc: "The network's times and rules that a miner goes by. Lotus has them in its binaries.",
  versions: v1,
  where: 'main',
})
