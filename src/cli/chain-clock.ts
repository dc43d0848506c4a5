/** How far a chain is behind the clock that its node goes by. */
import { CliError } from './errors.ts'
import { METHOD_NOT_FOUND, type NodeApi } from './node-api.ts'
import { timeOf } from './tipset-ref.ts'
import type { TipsetJson } from './wire.ts'

/**
 * Seconds since a head's time. A devnet that stood still goes on with its clock set back by as long: these seconds do not count, or
 * a chain that grows epoch by epoch would seem to be behind for ever.
 */
export async function secondsBehind(node: NodeApi, head: TipsetJson, blockDelaySecs: number): Promise<number> {
  const behind = Date.now() / 1000 - timeOf(head)
  // One of the present epoch: nothing to ask for.
  if (behind < blockDelaySecs) return behind
  return Math.max(0, behind - (await pausedSecs(node)))
}

/** Seconds by which the network's clock is set back. */
async function pausedSecs(node: NodeApi): Promise<number> {
  try {
    return (await node.call<{ readonly PausedSecs: number }>('MiningParams')).PausedSecs
  } catch (error) {
    // Lotus has neither the method nor such networks.
    if (error instanceof CliError && error.rpcCode === METHOD_NOT_FOUND) return 0
    throw error
  }
}
