import { record } from '../../codec/combinators.ts'
import { uint64 } from '../../codec/primitives.ts'
import { float } from './shape.ts'

/** api.NodeSyncStatus: the height of the head, and the epochs by which it is behind the clock. */
const nodeSyncStatus = record('NodeSyncStatus', { epoch: uint64, behind: uint64 })

/** api.NodePeerStatus: peers of either topic whose score lets them take part. */
const nodePeerStatus = record('NodePeerStatus', { peersToPublishMsgs: uint64, peersToPublishBlocks: uint64 })

/** api.NodeChainStatus: zeros where it was not asked for, and for a chain that is shorter than a finality. */
const nodeChainStatus = record('NodeChainStatus', { blocksPerTipsetLast100: float, blocksPerTipsetLastFinality: float })

export const nodeStatus = record('NodeStatus', {
  syncStatus: nodeSyncStatus,
  peerStatus: nodePeerStatus,
  chainStatus: nodeChainStatus,
})
