import * as m from '../api/methods/mining.ts'
import { paramsOf } from '../miner/mining-params.ts'
import type { Network } from '../networks/types.ts'
import { type BoundHandler, bind } from '../rpc/router.ts'
import type { ChainStore } from '../store/chain-store.ts'

export interface MiningHandlersComponents {
  readonly network: Network
  readonly chain: ChainStore
}

/** What miners ask of the node. */
export function miningHandlers({ network, chain }: MiningHandlersComponents): readonly BoundHandler[] {
  return [bind(m.miningParams, () => paramsOf(network, chain.genesis?.minTimestamp ?? 0n))]
}
