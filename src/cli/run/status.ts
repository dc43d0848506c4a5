import type { Context } from '../context.ts'
import type { NodeStatusJson } from '../wire.ts'

/** Fewer epochs than this give no figure for a whole finality. */
export const FINALITY = 900
/** Blocks per tipset below which Lotus calls a chain unhealthy. */
const HEALTHY_BLOCKS = 4.75

export async function status({ node, flags, out }: Context<{ chain: { kind: 'bool' } }>): Promise<void> {
  const answer = await node.call<NodeStatusJson>('NodeStatus', flags.chain)
  const { SyncStatus, PeerStatus, ChainStatus } = answer
  out.answer(answer, () => {
    out.line(`Sync Epoch: ${SyncStatus.Epoch}`)
    out.line(`Epochs Behind: ${SyncStatus.Behind}`)
    out.line(`Peers to Publish Messages: ${PeerStatus.PeersToPublishMsgs}`)
    out.line(`Peers to Publish Blocks: ${PeerStatus.PeersToPublishBlocks}`)
    if (!flags.chain || SyncStatus.Epoch <= FINALITY) return
    const verdict = (blocks: number) => `${blocks.toFixed(6)} ${blocks >= HEALTHY_BLOCKS ? '[OK]' : '[UNHEALTHY]'}`
    out.line(`Blocks per TipSet in last 100 epochs: ${verdict(ChainStatus.BlocksPerTipsetLast100)}`)
    out.line(`Blocks per TipSet in last finality: ${verdict(ChainStatus.BlocksPerTipsetLastFinality)}`)
  })
}
