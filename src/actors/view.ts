import { type Codec, decode } from '../codec/codec.ts'
import { type BlockReader, mustGet } from '../store/blockstore.ts'
import type { CID } from '../types/cid.ts'
import { ActorError, malformed } from './errors.ts'
import type { ActorKind, ActorRegistry } from './manifest.ts'
import type { Actor } from './state-tree.ts'

/** Reads one object of the state by its link. @throws MissingBlockError, ActorError STATE_MALFORMED */
export function readObject<T>(store: BlockReader, at: CID, codec: Codec<T>): T {
  const data = mustGet(store, at)
  try {
    return decode(codec, data)
  } catch (e) {
    return malformed(`block ${at} is no ${codec.name}`, e)
  }
}

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
export function loadState<T>(
  store: BlockReader,
  registry: ActorRegistry,
  actor: Actor,
  kind: ActorKind,
  codecOf: (version: number) => Codec<T>,
): { readonly state: T; readonly version: number } {
  const version = versionOfKind(registry, actor, kind)
  return { state: readObject(store, actor.head, codecOf(version)), version }
}
