import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Api } from '../api/api.ts'
import { RpcCode } from '../api/errors.ts'
import type { MiningParams } from '../api/types/mining.ts'
import { networks } from '../networks/index.ts'
import type { Network } from '../networks/types.ts'
import { devnetParameterSeed, insecureNoteFile } from './parameters/insecure.ts'

/** Epochs are at least this long where Lotus waits ten seconds for the blocks of others. */
const LONG_EPOCH_SECS = 30n

/**
 * The times and rules by which the miner works: of the network it was started with, else of its full node. A node that cannot
 * say them (Lotus) says its network's name, by which a public network is known; a private one's delays follow from its block delay.
 */
export async function loadMiningParams(
  api: Pick<Api, 'miningParams' | 'stateGetNetworkParams' | 'chainGetGenesis'>,
  network: Network | undefined,
  signal: AbortSignal,
): Promise<MiningParams> {
  try {
    const params = await api.miningParams([], { signal })
    return network === undefined ? params : paramsOf(network, params.genesisTimestamp)
  } catch (error) {
    if ((error as { rpcCode?: unknown }).rpcCode !== RpcCode.methodNotFound) throw error
  }
  const params = await api.stateGetNetworkParams([], { signal })
  const genesisTimestamp = (await api.chainGetGenesis([], { signal }))?.blocks[0]?.timestamp ?? 0n
  const known = network ?? networks.find((n) => n.stateName === params.networkName)
  if (known !== undefined) return paramsOf(known, genesisTimestamp)
  const blockDelaySecs = params.blockDelaySecs
  const long = blockDelaySecs >= LONG_EPOCH_SECS
  return {
    networkName: params.networkName,
    blockDelaySecs,
    propagationDelaySecs: long ? 10n : blockDelaySecs > 2n ? blockDelaySecs / 3n : 1n,
    equivocationDelaySecs: long ? 2n : 0n,
    genesisTimestamp,
    upgradeSmokeHeight: params.forkUpgradeParams.upgradeSmokeHeight,
    proofs: 'real',
    addressPrefix: 't',
    pausedSecs: 0n,
    parameters: null,
  }
}

/** What a network's description says to its miners. */
export function paramsOf(network: Network, genesisTimestamp: bigint): MiningParams {
  return {
    networkName: network.stateName,
    blockDelaySecs: BigInt(network.blockDelaySecs),
    propagationDelaySecs: BigInt(network.propagationDelaySecs),
    equivocationDelaySecs: BigInt(network.equivocationDelaySecs),
    genesisTimestamp,
    upgradeSmokeHeight: network.upgrades.smoke,
    proofs: network.proofs,
    addressPrefix: network.addressPrefix,
    pausedSecs: BigInt(network.pausedSecs ?? 0),
    parameters:
      network.proofs === 'fake' || network.proofParameters === undefined ? null : ownParameters(network.proofParameters),
  }
}

function ownParameters(folder: string): NonNullable<MiningParams['parameters']> {
  const made = existsSync(join(folder, insecureNoteFile))
  return { folder, seed: made ? Buffer.from(devnetParameterSeed).toString('hex') : '' }
}
