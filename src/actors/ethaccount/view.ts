import type { BlockReader } from '../../store/blockstore.ts'
import type { ActorRegistry } from '../manifest.ts'
import { type EmptyState, loadEmptyState } from '../placeholder/view.ts'
import type { Actor } from '../state-tree.ts'

/** An account under an Ethereum key: it keeps nothing but what the state tree holds (its f4 address, nonce and balance). */
export const EthAccountView = {
  load: (_store: BlockReader, registry: ActorRegistry, actor: Actor): EmptyState => loadEmptyState(registry, actor, 'ethaccount'),
}
