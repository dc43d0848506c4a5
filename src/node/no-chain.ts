import { NodeError } from '../lib/errors.ts'
import type { Network } from '../networks/types.ts'
import type { ChainQueries } from './chain-pool.ts'

/** What an operator types to give a node its chain. */
const howTo =
  'start the daemon again with --genesis FILE or --import-snapshot FILE-OR-URL, or with --network-file FILE for a private network'

/** One sentence about a node that runs without a chain. */
export function noChainText(network: Network): string {
  return `there is no chain of ${network.name} yet, so that only the node itself can be asked; ${howTo}`
}

/** Stands in for the threads of a node that has no chain: every question about it is refused with what to do. */
export function noChain(network: Network): ChainQueries {
  const refuse = (): Promise<never> =>
    Promise.reject(new NodeError('NODE_NO_CHAIN', `there is no chain of ${network.name} yet: ${howTo}`))
  return { call: refuse, beaconEntry: refuse, findMessage: refuse }
}
