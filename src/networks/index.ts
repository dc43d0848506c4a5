import type { CID } from '../types/cid.ts'
import { butterflynet } from './butterflynet.ts'
import { calibnet } from './calibnet.ts'
import { devnet } from './devnet.ts'
import { NetworkError } from './errors.ts'
import { mainnet } from './mainnet.ts'
import type { Network } from './types.ts'

/** The networks that this program knows by name. */
export const networks: readonly Network[] = [mainnet, calibnet, butterflynet, devnet]

const aliases: Readonly<Record<string, string>> = {
  calibration: 'calibnet',
  calibrationnet: 'calibnet',
  butterfly: 'butterflynet',
  '2k': 'devnet',
}

/**
 * The network with what its genesis block says.
 * @throws NetworkError NETWORK_GENESIS when the description names another genesis
 */
export function withGenesis(network: Network, genesis: { readonly cid: CID; readonly timestamp: number | bigint }): Network {
  const timestamp = Number(genesis.timestamp)
  if (network.genesisCid !== undefined && !network.genesisCid.equals(genesis.cid)) {
    throw new NetworkError(
      'NETWORK_GENESIS',
      `The genesis block ${genesis.cid} is not that of ${network.name}, which is ${network.genesisCid}.`,
    )
  }
  if (network.genesisTimestamp !== undefined && network.genesisTimestamp !== timestamp) {
    throw new NetworkError(
      'NETWORK_GENESIS',
      `The genesis block of ${network.name} was made at ${timestamp}, not at ${network.genesisTimestamp} as its description says.`,
    )
  }
  return { ...network, genesisCid: genesis.cid, genesisTimestamp: timestamp }
}

/** @throws NetworkError NETWORK_UNKNOWN */
export function networkByName(name: string): Network {
  const network = networks.find((n) => n.name === (aliases[name] ?? name))
  if (network !== undefined) return network
  const known = networks.map((n) => n.name).join(', ')
  throw new NetworkError(
    'NETWORK_UNKNOWN',
    `There is no network called "${name}"; choose one of ${known}, or describe yours in a network file.`,
  )
}
