import { record, type Shape } from '../../codec/combinators.ts'
import { text, uint64 } from '../../codec/primitives.ts'
import { epoch } from '../../types/scalars.ts'
import { oneOf } from './shape.ts'

/** What a miner goes by; times in seconds. */
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
})
export type MiningParams = Shape<typeof miningParams.fields>
