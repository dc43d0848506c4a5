import { join } from 'node:path'
import type { Clock } from '../../lib/clock.ts'
import type { Network } from '../../networks/types.ts'
import { RpcClient } from '../../rpc/client.ts'
import { Address } from '../../types/address.ts'
import { initMiner } from '../miner-init.ts'
import { type MinerNode, startMinerNode } from '../miner-node.ts'
import type { DevnetDescription } from './description.ts'
import type { DevnetLayout } from './layout.ts'
import { nodeApiInfo } from './node-client.ts'

export interface DevnetMinerInit {
  /** Where the miner's API is served. */
  readonly host: string
  /** 0 for any port that is free. */
  readonly apiPort: number
  readonly signal: AbortSignal
}

/** Runs all miners of a devnet, which its genesis knows, against the node that runs beside them. */
export async function startDevnetMiner(
  components: {
    readonly layout: DevnetLayout
    readonly description: DevnetDescription
    readonly network: Network
    readonly clock: Clock
  },
  { host, apiPort, signal }: DevnetMinerInit,
): Promise<MinerNode> {
  const { layout, description, network, clock } = components
  const client = new RpcClient(await nodeApiInfo(layout), { json: { addressPrefix: network.addressPrefix }, timeoutMs: 0 })
  try {
    for (const name of description.miners) {
      const folder = layout.sectors(name)
      await initMiner(client.api, {
        repoPath: layout.miner,
        actor: Address.parse(name),
        preSealedSectors: [folder],
        preSealedMetadata: join(folder, `pre-seal-${name}.json`),
        localStorage: true,
        noSync: true,
        signal,
      })
    }
    const miner = await startMinerNode(
      { repoPath: layout.miner, network, noSync: true, apiHost: host, apiPort, signal },
      { api: client.api, clock },
    )
    void miner.closed.finally(() => client.close()).catch(() => {})
    return miner
  } catch (error) {
    await client.close()
    throw error
  }
}
