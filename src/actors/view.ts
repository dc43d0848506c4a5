import type { Codec } from '../codec/codec.ts'
import type { BlockReader } from '../store/blockstore.ts'
import { ActorError } from './errors.ts'
import { loadState } from './load-state.ts'
import type { ActorKind, ActorRegistry } from './manifest.ts'
import type { Actor } from './state-tree.ts'

/**
 * The actors version of an actor that must be of one kind.
 * @throws ActorError ACTOR_KIND
 */
export function versionOfKind(registry: ActorRegistry, actor: Actor, kind: ActorKind): number {
  const found = registry.lookup(actor.code)
  if (found === undefined)
    throw new ActorError('ACTOR_KIND', `actor code ${actor.code} belongs to no known bundle`, {
      hint: 'The network has run an upgrade that this version of the program does not know; install a newer one.',
    })
  if (found.kind !== kind) throw new ActorError('ACTOR_KIND', `the actor is of kind ${found.kind}, not ${kind}`)
  return found.version
}

/** The state of an actor of one kind. @throws MissingBlockError, ActorError */
export function loadActorState<T>(
  store: BlockReader,
  registry: ActorRegistry,
  actor: Actor,
  kind: ActorKind,
  codecOf: (version: number) => Codec<T>,
): { readonly state: T; readonly version: number } {
  const version = versionOfKind(registry, actor, kind)
  return { state: loadState(store, codecOf(version), actor.head), version }
}
