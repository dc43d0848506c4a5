import type { Result } from '../api/method.ts'
import { nodeStatus } from '../api/methods/node.ts'
import type { Clock } from '../lib/clock.ts'
import { scoreThresholds } from '../net/pubsub/score-params.ts'
import type { NetService } from '../net/service.ts'
import { finality } from '../networks/constants.ts'
import type { Network } from '../networks/types.ts'
import { type BoundHandler, bind } from '../rpc/router.ts'
import type { ChainStore } from '../store/chain-store.ts'
import { epochsBehind } from './health.ts'

/** Epochs of the shorter stretch of chain that is looked at; the longer one is a finality. */
const RECENT = 100

export interface StatusHandlersComponents {
  readonly chain: ChainStore
  readonly network: Network
  readonly clock: Clock
  /** Undefined for a node that talks to no peer. */
  readonly net: NetService | undefined
}

/** NodeStatus (Lotus node/impl/full.go). */
export function statusHandlers({ chain, network, clock, net }: StatusHandlersComponents): readonly BoundHandler[] {
  return [
    bind(nodeStatus, ([withChain]): Result<typeof nodeStatus> => {
      const head = chain.requireHead()
      return {
        syncStatus: { epoch: BigInt(head.height), behind: BigInt(epochsBehind(chain, network, clock.now()) ?? 0) },
        peerStatus: {
          peersToPublishMsgs: publishTo(net, net?.pubsub.messagesTopic),
          peersToPublishBlocks: publishTo(net, net?.pubsub.blocksTopic),
        },
        chainStatus:
          withChain && head.height > finality
            ? blocksPerTipset(chain)
            : { blocksPerTipsetLast100: 0, blocksPerTipsetLastFinality: 0 },
      }
    }),
  ]
}

function publishTo(net: NetService | undefined, topic: string | undefined): bigint {
  if (net === undefined || topic === undefined) return 0n
  const good = net.pubsub.subscribers(topic).filter((peer) => net.pubsub.scoreOf(peer) > scoreThresholds.publishThreshold)
  return BigInt(good.length)
}

/** Tipsets are counted, null rounds are not: as Lotus does. A chain with many null rounds may have fewer of them than asked for. */
function blocksPerTipset(chain: ChainStore): Result<typeof nodeStatus>['chainStatus'] {
  let blocks = 0
  let recent = 0
  let tipset = chain.requireHead()
  for (let i = 0; i < finality; i++) {
    blocks += tipset.blocks.length
    if (i + 1 === RECENT) recent = blocks
    if (tipset.height === 0) break
    tipset = chain.reader.parent(tipset)
  }
  return { blocksPerTipsetLast100: recent / RECENT, blocksPerTipsetLastFinality: blocks / finality }
}
