import type { BlockReader } from '../../store/blockstore.ts'
import { malformed } from '../errors.ts'
import type { ActorKind, ActorRegistry } from '../manifest.ts'
import type { Actor } from '../state-tree.ts'
import { versionOfKind } from '../view.ts'
import { EMPTY_ARRAY_CID } from './state.ts'

/** An actor that has no state of its own: its head is the empty array. Lotus's StateReadState prints null. */
export interface EmptyState {
  readonly actorsVersion: number
  readonly state: null
}

/**
 * Checks that an actor without a state has none.
 * @throws ActorError ACTOR_KIND, STATE_MALFORMED
 */
export function loadEmptyState(registry: ActorRegistry, actor: Actor, kind: ActorKind): EmptyState {
  const actorsVersion = versionOfKind(registry, actor, kind)
  if (!actor.head.equals(EMPTY_ARRAY_CID))
    malformed(`an actor without a state has ${actor.head} as its head, not ${EMPTY_ARRAY_CID}`)
  return { actorsVersion, state: null }
}

/** An f4 address to which something was sent before an actor was made there (FIP-0048). */
export const PlaceholderView = {
  load: (_store: BlockReader, registry: ActorRegistry, actor: Actor): EmptyState =>
    loadEmptyState(registry, actor, 'placeholder'),
}
