import type { DrandPoint } from '../networks/drand.ts'
import { drandAt, maxBeaconRoundForEpoch } from '../networks/schedule.ts'
import type { Network } from '../networks/types.ts'
import type { BeaconEntry, BlockHeader } from '../types/block.ts'
import type { ChainEpoch } from '../types/scalars.ts'
import { BeaconError } from './errors.ts'
import type { EntryVerifier } from './verify-entry.ts'

/** What the rules about a block's beacon entries need of a network. */
export interface BeaconRules {
  readonly network: Pick<Network, 'drand' | 'blockDelaySecs'>
  /** Unix seconds of the genesis block. */
  readonly genesisTimestamp: bigint
}

/** An epoch with the parent's epoch and the version in force at it. */
export interface BlockEpoch {
  readonly epoch: ChainEpoch
  readonly parentEpoch: ChainEpoch
  readonly networkVersion: number
}

/** The rounds that a block carries. */
export interface ExpectedRounds {
  /**
   * `none`: the chain has the newest round already. `fork`: two entries that start a chained network. `chain`: rounds that sign
   * each other. `each`: the newest round of every epoch.
   */
  readonly kind: 'none' | 'fork' | 'chain' | 'each'
  readonly drand: DrandPoint
  /** In order, one for each epoch since the parent where it is not `none` or `fork`. */
  readonly rounds: readonly bigint[]
}

/** The mock beacon counts as chained, as in Lotus. */
function isChained(point: DrandPoint): boolean {
  return point.kind !== 'unchained'
}

function newestRound({ network, genesisTimestamp }: BeaconRules, networkVersion: number, epoch: ChainEpoch): bigint {
  return maxBeaconRoundForEpoch(network, genesisTimestamp, networkVersion, epoch)
}

/**
 * Which rounds a block of an epoch carries: the newest of each epoch since the parent, and two where a chained network
 * begins (FIP-0063; Lotus chain/beacon/beacon.go, BeaconEntriesForBlock).
 */
export function expectedRounds(rules: BeaconRules, at: BlockEpoch, previousRound: bigint): ExpectedRounds {
  const drand = drandAt(rules.network, at.epoch)
  const last = newestRound(rules, at.networkVersion, at.epoch)
  if (drandAt(rules.network, at.parentEpoch) !== drand && isChained(drand))
    return { kind: 'fork', drand, rounds: [last - 1n, last] }
  if (last === previousRound) return { kind: 'none', drand, rounds: [] }
  const rounds: bigint[] = []
  for (let e = at.parentEpoch + 1; e <= at.epoch; e++) rounds.push(newestRound(rules, at.networkVersion, e))
  return { kind: isChained(drand) ? 'chain' : 'each', drand, rounds }
}

/**
 * Checks number, rounds and signatures of a block's beacon entries. Mock networks are not verified.
 * Source: Lotus chain/beacon/beacon.go, ValidateBlockValues.
 * @param previous the newest entry of the chain below the block
 * @throws BeaconError BEACON_COUNT, BEACON_ROUND, BEACON_SIGNATURE
 */
export async function verifyBlockBeacon(
  rules: BeaconRules,
  verifier: EntryVerifier,
  header: Pick<BlockHeader, 'height' | 'beaconEntries'>,
  at: Omit<BlockEpoch, 'epoch'>,
  previous: BeaconEntry,
): Promise<void> {
  const epoch = header.height
  if (drandAt(rules.network, epoch).kind === 'mock') return
  const { kind, drand, rounds } = expectedRounds(rules, { ...at, epoch }, previous.round)
  const entries = header.beaconEntries
  const fail = (code: 'BEACON_COUNT' | 'BEACON_ROUND' | 'BEACON_SIGNATURE', what: string): never => {
    throw new BeaconError(code, `the beacon entries of a block at height ${epoch} are wrong: ${what}`, {
      fields: { height: epoch },
    })
  }
  const verify = async (entry: BeaconEntry, before: BeaconEntry): Promise<void> => {
    if (await verifier.verify(drand, entry, before.data)) return
    fail('BEACON_SIGNATURE', `round ${entry.round} is not signed by the drand network ${drand.info?.hash}`)
  }

  if (kind === 'fork') {
    // The rounds are left open, as in Lotus: the first entry has no predecessor that it could be checked with.
    if (entries.length !== 2) fail('BEACON_COUNT', `${entries.length} instead of the 2 that start a chained network`)
    return await verify(entries[1] as BeaconEntry, entries[0] as BeaconEntry)
  }
  if (kind === 'none') {
    if (entries.length > 0) fail('BEACON_COUNT', `${entries.length} where the chain has the newest round already`)
    return
  }
  if (entries.length === 0) fail('BEACON_COUNT', 'there are none')
  // The chain's first entry has round 0 and no signature to link to.
  if (kind === 'chain' && previous.round === 0n) return
  const last = entries.at(-1) as BeaconEntry
  if (last.round !== rounds.at(-1)) fail('BEACON_ROUND', `the last is of round ${last.round}, not ${rounds.at(-1)}`)
  if (kind === 'each') {
    // Counted by rounds alone, as in Lotus: epochs shorter than the beacon's period may share one.
    for (const [i, e] of entries.entries()) {
      const expected = newestRound(rules, at.networkVersion, at.parentEpoch + 1 + i)
      if (e.round !== expected) fail('BEACON_ROUND', `round ${e.round} stands where ${expected} should`)
    }
  }
  if (kind === 'each') {
    await Promise.all(entries.map((e) => verify(e, previous)))
    return
  }
  // One after the other: their number is not bounded by the rules, and after a wrong one nothing is worth checking.
  for (const [i, e] of entries.entries()) await verify(e, entries[i - 1] ?? previous)
}
