import type { TipsetState } from '../../state/execute-tipset.ts'
import type { BlockHeader } from '../../types/block.ts'
import { type CID, cidKey } from '../../types/cid.ts'
import { BlockError } from '../errors.ts'

function same(a: CID, b: CID): boolean {
  return cidKey(a) === cidKey(b)
}

/**
 * The header states the state after its parents (Lotus consensus/common.go).
 * @throws BlockError BLOCK_STATE_ROOT
 */
export function checkStateRoot(header: BlockHeader, { stateRoot }: TipsetState): void {
  if (same(header.parentStateRoot, stateRoot)) return
  throw new BlockError('BLOCK_STATE_ROOT', `the parents' state is ${stateRoot}, the header states ${header.parentStateRoot}`)
}

/**
 * The header states the receipts of its parents' messages (Lotus consensus/common.go).
 * @throws BlockError BLOCK_RECEIPTS
 */
export function checkReceipts(header: BlockHeader, { receiptsRoot }: TipsetState): void {
  const stated = header.parentMessageReceipts
  if (!same(stated, receiptsRoot))
    throw new BlockError('BLOCK_RECEIPTS', `the parents' receipts are ${receiptsRoot}, the header states ${stated}`)
}
