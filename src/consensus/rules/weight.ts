import type { StateManager } from '../../state/state-manager.ts'
import type { BlockHeader } from '../../types/block.ts'
import type { Tipset } from '../../types/tipset.ts'
import { BlockError } from '../errors.ts'
import { tipsetWeight } from '../weight.ts'

/** The header states its parents' weight (Lotus filcns/filecoin.go). @throws BlockError BLOCK_WEIGHT */
export function checkParentWeight(state: StateManager, header: BlockHeader, base: Tipset): void {
  const weight = tipsetWeight(state.store, state.registry, base)
  if (header.parentWeight === weight) return
  throw new BlockError('BLOCK_WEIGHT', `the parents weigh ${weight}, the header states ${header.parentWeight}`)
}
