/** Sync*: what the syncer does, and orders to it. */
import type { Codec } from '../../codec/codec.ts'
import { bool, text } from '../../codec/primitives.ts'
import { type BlockHeader, blockHeader, blockMsg } from '../../types/block.ts'
import { method, param } from '../method.ts'
import { nothing } from '../types/shape.ts'
import { syncState as state } from '../types/sync.ts'
import { cidParam, tsk, v0v1 } from './params.ts'

const blockCid = param('block', cidParam.codec)
const common = { versions: v0v1, where: 'main' } as const

export const syncState = method({
  ...common,
  name: 'Filecoin.SyncState',
  perm: 'read',
  params: [],
  result: state,
  doc: 'The syncs that run and those that ended last.',
})

export const syncSubmitBlock = method({
  ...common,
  name: 'Filecoin.SyncSubmitBlock',
  perm: 'write',
  params: [param('block', blockMsg)],
  result: nothing,
  doc: 'Takes a new block whose messages the node has, validates it, and publishes it.',
})

export const syncIncomingBlocks = method({
  ...common,
  name: 'Filecoin.SyncIncomingBlocks',
  perm: 'read',
  params: [],
  result: blockHeader as Codec<BlockHeader>,
  doc: 'Streams the headers of blocks as they come in, before they are validated in full. A reader that does not keep up is dropped.',
  stream: true,
})

export const syncCheckpoint = method({
  ...common,
  name: 'Filecoin.SyncCheckpoint',
  perm: 'admin',
  params: [tsk],
  result: nothing,
  doc: 'Pins a tipset: the chain never leaves it again. Its chain becomes the one that is followed.',
})

export const syncMarkBad = method({
  ...common,
  name: 'Filecoin.SyncMarkBad',
  perm: 'admin',
  params: [blockCid],
  result: nothing,
  doc: 'Marks a block as bad: no chain through it is followed from now on.',
})

export const syncUnmarkBad = method({
  ...common,
  name: 'Filecoin.SyncUnmarkBad',
  perm: 'admin',
  params: [blockCid],
  result: nothing,
  doc: 'Takes the mark off a block, so that it can be validated again.',
})

export const syncUnmarkAllBad = method({
  ...common,
  name: 'Filecoin.SyncUnmarkAllBad',
  perm: 'admin',
  params: [],
  result: nothing,
  doc: 'Takes the marks off all blocks.',
})

export const syncCheckBad = method({
  ...common,
  name: 'Filecoin.SyncCheckBad',
  perm: 'read',
  params: [blockCid],
  result: text,
  doc: 'Why a block was marked as bad; empty for one that was not.',
})

export const syncValidateTipset = method({
  ...common,
  name: 'Filecoin.SyncValidateTipset',
  perm: 'read',
  params: [tsk],
  result: bool,
  doc: 'Validates a tipset again, whatever is known of it. An error says what is wrong with it.',
})
