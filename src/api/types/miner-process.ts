import { list, record, type Shape } from '../../codec/combinators.ts'
import { bool } from '../../codec/primitives.ts'
import { address } from '../../types/address.ts'
import { oneOf } from './shape.ts'

/** Lotus api/miner_subsystems.go. */
export const minerSubsystems = ['Mining', 'Sealing', 'SectorStorage'] as const
export type MinerSubsystem = (typeof minerSubsystems)[number]
export const minerSubsystem = oneOf('subsystem', minerSubsystems)

/** Addresses that the operator set aside for kinds of messages (Lotus api.AddressConfig). */
export const addressConfig = record('AddressConfig', {
  preCommitControl: list(address, { emptyJson: 'null' }),
  commitControl: list(address, { emptyJson: 'null' }),
  terminateControl: list(address, { emptyJson: 'null' }),
  dealPublishControl: list(address, { emptyJson: 'null' }),
  disableOwnerFallback: bool,
  disableWorkerFallback: bool,
})
export type AddressConfig = Shape<typeof addressConfig.fields>
