/** How the node does. */
import { bool } from '../../codec/primitives.ts'
import { method, param } from '../method.ts'
import { nodeStatus as status } from '../types/node.ts'
import { v0v1 } from './params.ts'

export const nodeStatus = method({
  name: 'Filecoin.NodeStatus',
  perm: 'read',
  params: [param('inclChainStatus', bool)],
  result: status,
  doc: 'How far the chain is synchronised, how many peers take what is published, and how full the last tipsets are.',
  versions: v0v1,
  where: 'main',
})
