import type { Codec } from '../../codec/codec.ts'
import { as, jsonObject, list, optional, record, type Shape } from '../../codec/combinators.ts'
import { bool, safeUint, text, uint64 } from '../../codec/primitives.ts'
import { address } from '../../types/address.ts'
import { beaconEntry, electionProof, postProof, ticket } from '../../types/block.ts'
import { cid } from '../../types/cid.ts'
import { signedMessage } from '../../types/message.ts'
import { epoch, storagePower } from '../../types/scalars.ts'
import { tipsetKey } from '../../types/tipset.ts'
import { float, jsonOnly, oneOf, time } from './shape.ts'

/** What a miner goes by; times in seconds. */
/** A network's own proof parameters: their folder on the full node's host, and the seed in hex that a devnet's are made of. */
const ownParameters = record('OwnParameters', { folder: text, seed: text })

export const miningParams = record('MiningParams', {
  networkName: text,
  blockDelaySecs: uint64,
  propagationDelaySecs: uint64,
  equivocationDelaySecs: uint64,
  /** Unix seconds. */
  genesisTimestamp: uint64,
  /** The last epoch of the version before Smoke. */
  upgradeSmokeHeight: epoch,
  proofs: oneOf('proofs', ['real', 'fake']),
  addressPrefix: oneOf('address prefix', ['f', 't']),
  /** Seconds that the network stood still: by so much its time is behind that of the world (devnets). */
  pausedSecs: uint64,
  /** Null for the published ones. */
  parameters: optional(ownParameters),
})
export type MiningParams = Shape<typeof miningParams.fields>

export const blockTemplateFields = {
  miner: address,
  parents: tipsetKey,
  ticket: optional(ticket),
  electionProof: as('Eproof', optional(electionProof)),
  beaconEntries: as('BeaconValues', list(beaconEntry, { emptyJson: 'null', max: 100_000 })),
  messages: list(signedMessage, { emptyJson: 'null', max: 10_000 }),
  epoch,
  timestamp: uint64,
  winningPost: as('WinningPoStProof', list(postProof, { emptyJson: 'null', max: 64 })),
}
/** What a miner decided on for a block (Lotus api.BlockTemplate). `timestamp` in Unix seconds. */
export const blockTemplate = record('BlockTemplate', blockTemplateFields)
export type BlockTemplate = Shape<typeof blockTemplateFields>

export const miningOutcomes = [
  /** A block was made and submitted. */
  'won',
  /** The draw did not win. */
  'lost',
  /** Too little power, debt, or a recent consensus fault. */
  'not-eligible',
  /** No sector to prove, or no miner, at the lookback. */
  'nothing-to-prove',
  /** A block that would be punished was held back. */
  'refused',
  /** Something went wrong; `reason` says what. */
  'failed',
] as const
export type MiningOutcome = (typeof miningOutcomes)[number]

const milliseconds: Codec<ReadonlyMap<string, number>> = {
  ...jsonOnly('milliseconds by stage'),
  toJson: (v) => Object.fromEntries([...v].map(([k, x]) => [k, Math.round(x * 10) / 10])),
  fromJson: (json, path) =>
    new Map(Object.entries(jsonObject(json ?? {}, path, 'stages')).map(([k, x]) => [k, float.fromJson(x, `${path}.${k}`)])),
  schema: { type: 'object', additionalProperties: float.schema },
}

const attemptFields = {
  miner: address,
  epoch,
  outcome: oneOf('outcome', miningOutcomes),
  /** Why it ended as it did; empty where the outcome says it all. */
  reason: text,
  baseEpoch: epoch,
  base: tipsetKey,
  nullRounds: safeUint,
  winCount: uint64,
  minerPower: storagePower,
  networkPower: storagePower,
  /** Whether it began after its time. */
  late: bool,
  block: optional(cid),
  messages: safeUint,
  /** When it began. */
  time,
  stages: as('StagesMs', milliseconds),
}
/** What became of an epoch for an actor. */
export const miningAttempt = record('MiningAttempt', attemptFields)
export type MiningAttempt = Readonly<Shape<typeof attemptFields>>

const stateFields = {
  miner: address,
  isMining: bool,
  lastEpoch: epoch,
  lastOutcome: text,
  lastReason: text,
}
/** Whether blocks are made for an actor. `lastEpoch` is -1 before the first attempt. */
export const miningState = record('MiningState', stateFields)
export type MiningState = Shape<typeof stateFields>

/** The epochs of a range that an actor's draws win. */
export const winners = record('MinerWinners', {
  miner: address,
  totalWinCount: uint64,
  winEpochs: list(record('EpochWins', { epoch, winCount: uint64 })),
})
export type Winners = Shape<typeof winners.fields>
