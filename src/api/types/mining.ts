import { as, list, record, type Shape } from '../../codec/combinators.ts'
import { text, uint64 } from '../../codec/primitives.ts'
import { address } from '../../types/address.ts'
import { beaconEntry, electionProof, postProof, ticket } from '../../types/block.ts'
import { signedMessage } from '../../types/message.ts'
import { epoch } from '../../types/scalars.ts'
import { tipsetKey } from '../../types/tipset.ts'
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

export const blockTemplateFields = {
  miner: address,
  parents: tipsetKey,
  ticket,
  electionProof: as('Eproof', electionProof),
  beaconEntries: as('BeaconValues', list(beaconEntry, { emptyJson: 'null', max: 100_000 })),
  messages: list(signedMessage, { emptyJson: 'null', max: 10_000 }),
  epoch,
  timestamp: uint64,
  winningPost: as('WinningPoStProof', list(postProof, { emptyJson: 'null', max: 64 })),
}
/** What a miner decided on for a block (Lotus api.BlockTemplate). `timestamp` in Unix seconds. */
export const blockTemplate = record('BlockTemplate', blockTemplateFields)
export type BlockTemplate = Shape<typeof blockTemplateFields>
