import { join } from 'node:path'

/** Where a devnet keeps what. All of it lies in one folder, so that it can be copied and removed. */
export interface DevnetLayout {
  readonly folder: string
  readonly description: string
  readonly network: string
  readonly genesis: string
  readonly template: string
  readonly parameters: string
  readonly faucetKey: string
  /** Repo of the full node, LOTUS_PATH. */
  readonly node: string
  /** Repo of the miner, LOTUS_MINER_PATH. */
  readonly miner: string
  /** Pre-sealed sectors of a miner and what describes them, as `lotus-seed pre-seal` leaves them. */
  sectors(miner: string): string
}

export function devnetLayout(folder: string): DevnetLayout {
  return {
    folder,
    description: join(folder, 'devnet.json'),
    network: join(folder, 'network.json'),
    genesis: join(folder, 'genesis.car'),
    template: join(folder, 'genesis-template.json'),
    parameters: join(folder, 'params'),
    faucetKey: join(folder, 'faucet.key'),
    node: join(folder, 'node'),
    miner: join(folder, 'miner'),
    sectors: (miner) => join(folder, 'miners', miner),
  }
}
