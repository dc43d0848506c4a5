/** The miner process: its actor and what it runs. */
import { list, textMap } from '../../codec/combinators.ts'
import { safeUint, uint64 } from '../../codec/primitives.ts'
import { address } from '../../types/address.ts'
import { method } from '../method.ts'
import { miner, v0v1 } from '../methods/params.ts'
import { addressConfig, minerSubsystem } from '../types/miner-process.ts'

const common = { versions: v0v1, where: 'main', perm: 'read' } as const

export const actorAddress = method({
  ...common,
  name: 'Filecoin.ActorAddress',
  params: [],
  result: address,
  doc: 'The address of the miner actor; of the first one where the process serves several.',
})

export const actorSectorSize = method({
  ...common,
  name: 'Filecoin.ActorSectorSize',
  params: [miner],
  result: uint64,
  doc: "Bytes of a miner actor's sectors.",
})

export const actorAddressConfig = method({
  ...common,
  name: 'Filecoin.ActorAddressConfig',
  params: [],
  result: addressConfig,
  doc: 'The addresses that the configuration sets aside for kinds of messages.',
})

export const runtimeSubsystems = method({
  ...common,
  name: 'Filecoin.RuntimeSubsystems',
  params: [],
  result: list(minerSubsystem, { emptyJson: 'null' }),
  doc: 'The parts that run in this process.',
})

export const sectorsSummary = method({
  ...common,
  name: 'Filecoin.SectorsSummary',
  params: [],
  result: textMap(safeUint),
  doc: 'How many sectors of the actor that ActorAddress names are in which state. What the chain has counts as Proving.',
})
