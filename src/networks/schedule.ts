import type { ChainEpoch } from '../types/scalars.ts'
import type { DrandPoint } from './drand.ts'
import type { Network } from './types.ts'
import { newestNetworkVersion, type UpgradeInfo, type UpgradeName, upgrades } from './upgrades.ts'

/** What the rules about heights need of a network. */
export type Scheduled = Pick<Network, 'upgrades' | 'genesisNetworkVersion'>

export type ScheduledUpgrade = UpgradeInfo & { readonly name: UpgradeName; readonly height: ChainEpoch }

/**
 * Network version that is in force at an epoch. A version begins the epoch after its upgrade's height; upgrades with negative
 * heights are left out, as genesis already has them (UpgradeSchedule.GetNtwkVersion, chain/stmgr/forks.go).
 */
export function networkVersion(network: Scheduled, epoch: ChainEpoch): number {
  for (let i = upgrades.length - 1; i >= 0; i--) {
    const { name, version } = upgrades[i] as (typeof upgrades)[number]
    const height = network.upgrades[name]
    if (version !== undefined && height >= 0 && height < epoch) return version
  }
  return network.genesisNetworkVersion
}

/** The epoch at which a version ends the old one: the height of the first upgrade to it, or undefined where it was never run. */
export function upgradeHeight(network: Scheduled, version: number): ChainEpoch | undefined {
  const upgrade = upgrades.find((u) => u.version === version && network.upgrades[u.name] >= 0)
  return upgrade === undefined ? undefined : network.upgrades[upgrade.name]
}

/**
 * Upgrades with a height in the half-open range [from, to): what is run when a tipset at `to` is executed on a parent at
 * `from`, as a migration at height H follows the execution of epoch H. In ascending order of height.
 */
export function upgradesBetween(network: Scheduled, from: ChainEpoch, to: ChainEpoch): ScheduledUpgrade[] {
  return upgrades
    .map((u) => ({ ...u, height: network.upgrades[u.name] }))
    .filter((u) => u.height >= 0 && u.height >= from && u.height < to)
    .sort((a, b) => a.height - b.height)
}

/** Lowest epoch in [parent, height) whose migration is too long for an explicit call, or undefined (HasExpensiveForkBetween). */
export function expensiveUpgradeBetween(network: Scheduled, parent: ChainEpoch, height: ChainEpoch): ChainEpoch | undefined {
  return upgradesBetween(network, parent, height).find((u) => u.expensive)?.height
}

/** The drand network whose rounds the blocks of an epoch carry. */
export function drandAt(network: Pick<Network, 'drand'>, epoch: ChainEpoch): DrandPoint {
  const points = network.drand
  for (let i = points.length - 1; i > 0; i--) {
    const point = points[i] as DrandPoint
    if (epoch >= point.start) return point
  }
  return points[0] as DrandPoint
}

/** The mock beacon is ahead of the chain, so that rounds and epochs are not taken for each other (chain/beacon/mock.go). */
const mockOffset = 100

/**
 * The newest drand round that a block of an epoch may use: the one that was out a block delay before its timestamp
 * (chain/beacon/drand/drand.go).
 * @param networkVersion version in force at `epoch`; from nv16 on the count starts at round 1
 * @param genesisTimestamp Unix seconds of the genesis block
 */
export function maxBeaconRoundForEpoch(
  network: Pick<Network, 'drand' | 'blockDelaySecs'>,
  genesisTimestamp: number | bigint,
  networkVersion: number,
  epoch: ChainEpoch,
): bigint {
  const { info } = drandAt(network, epoch)
  if (info === undefined) return BigInt(epoch + mockOffset)
  const latest = BigInt(genesisTimestamp) + BigInt(network.blockDelaySecs) * BigInt(epoch - 1)
  const since = latest - BigInt(info.genesisTime)
  const period = BigInt(info.period)
  // Lotus computes with unsigned 64-bit numbers and does not look for an underflow before nv16.
  if (networkVersion <= 15) return BigInt.asUintN(64, since) / period
  return since < 0n ? 1n : since / period + 1n
}

/** Index: network version; value: version of the built-in actors (chain/actors/version.go). */
const actorsOf = [0, 0, 0, 0, 2, 2, 2, 2, 2, 2, 3, 3, 4, 5, 6, 7, 8, 9, 10, 11, 11, 12, 13, 14, 15, 16, 16, 17, 18, 19] as const

/**
 * Version of the built-in actors under a network version, 0 to 19.
 * @throws RangeError for a version that no upgrade leads to; such a number is a mistake in the program or caught before.
 */
export function actorsVersion(networkVersion: number): number {
  const version = actorsOf[networkVersion]
  if (version === undefined)
    throw new RangeError(`network version ${networkVersion} is unknown; the newest is ${newestNetworkVersion}`)
  return version
}
