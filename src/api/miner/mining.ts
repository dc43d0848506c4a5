/** The miner process: block production. Lotus has MiningBase of these; it runs one actor in a process. */
import { list } from '../../codec/combinators.ts'
import { safeUint } from '../../codec/primitives.ts'
import { address } from '../../types/address.ts'
import { epoch } from '../../types/scalars.ts'
import { method, param } from '../method.ts'
import { miner, v0v1 } from '../methods/params.ts'
import { tipset } from '../types/chain.ts'
import { miningAttempt, miningState, winners } from '../types/mining.ts'
import { nothing } from '../types/shape.ts'

const common = { versions: v0v1, where: 'main' } as const
const miners = param('miners', list(address, { emptyJson: 'null', max: 1024 }))

export const miningBase = method({
  ...common,
  name: 'Filecoin.MiningBase',
  perm: 'read',
  params: [],
  result: tipset,
  doc: 'The tipset that the next block would stand on.',
})

export const miningStates = method({
  ...common,
  name: 'Filecoin.MiningStates',
  perm: 'read',
  params: [],
  result: list(miningState),
  doc: 'Whether blocks are made for each actor, and what became of its last epoch.',
})

export const miningStart = method({
  ...common,
  name: 'Filecoin.MiningStart',
  perm: 'admin',
  params: [miners],
  result: nothing,
  doc: 'Makes blocks for the actors again, or for all where none is named.',
})

export const miningStop = method({
  ...common,
  name: 'Filecoin.MiningStop',
  perm: 'admin',
  params: [miners],
  result: nothing,
  doc: 'Makes no more blocks for the actors, or for none at all where none is named; until a start of the process.',
})

export const miningWarmup = method({
  ...common,
  name: 'Filecoin.MiningWarmup',
  perm: 'admin',
  params: [miner],
  result: nothing,
  doc: "Proves one of an actor's sectors as for a block. An error says what would have kept the actor from making one.",
})

export const miningRecord = method({
  ...common,
  name: 'Filecoin.MiningRecord',
  perm: 'read',
  params: [miner, param('to', epoch), param('count', safeUint)],
  result: list(miningAttempt),
  doc: 'What became of epochs for an actor, up to one (-1: the newest), the newest first.',
})

export const miningCountWinners = method({
  ...common,
  name: 'Filecoin.MiningCountWinners',
  perm: 'write',
  params: [miners, param('from', epoch), param('to', epoch)],
  result: list(winners),
  doc: "The epochs of a range that the actors' draws win, computed anew from the chain whether a block was made or not.",
})
