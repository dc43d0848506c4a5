import { nextBaseFee } from '../../state/base-fee.ts'
import type { StateManager } from '../../state/state-manager.ts'
import type { BlockHeader } from '../../types/block.ts'
import type { Tipset } from '../../types/tipset.ts'
import { BlockError } from '../errors.ts'

/** The header states the base fee that its parents' messages give (FIP-0115; Lotus consensus/common.go). @throws BlockError BLOCK_BASE_FEE */
export function checkBaseFee(state: StateManager, header: BlockHeader, base: Tipset): void {
  const fee = nextBaseFee(state.network, state.chain, base)
  if (header.parentBaseFee === fee) return
  throw new BlockError('BLOCK_BASE_FEE', `the base fee is ${fee} attoFIL, the header states ${header.parentBaseFee}`)
}
