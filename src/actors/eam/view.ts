import type { BlockReader } from '../../store/blockstore.ts'
import type { ActorRegistry } from '../manifest.ts'
import { type EmptyState, loadEmptyState } from '../placeholder/view.ts'
import type { Actor } from '../state-tree.ts'

/** The Ethereum address manager (f010): it keeps nothing. */
export const EamView = {
  load: (_store: BlockReader, registry: ActorRegistry, actor: Actor): EmptyState => loadEmptyState(registry, actor, 'eam'),
}
