import { type Shape, tuple } from '../../codec/combinators.ts'
import type { BlockReader } from '../../store/blockstore.ts'
import type { CID } from '../../types/cid.ts'
import { cid } from '../../types/cid.ts'
import { malformed } from '../errors.ts'
import { type ActorRegistry, type Manifest, readManifestData } from '../manifest.ts'
import type { Actor } from '../state-tree.ts'
import { loadActorState } from '../view.ts'

/** The same in all versions from v8 on. */
export const systemState = tuple('SystemState', { builtinActors: cid })
export type SystemState = Shape<typeof systemState.fields>

/** f00: which code the built-in actors have. */
export class SystemView {
  readonly state: SystemState
  readonly #store: BlockReader

  constructor(store: BlockReader, state: SystemState) {
    this.#store = store
    this.state = state
  }

  static load(store: BlockReader, registry: ActorRegistry, actor: Actor): SystemView {
    return new SystemView(store, loadActorState(store, registry, actor, 'system', () => systemState).state)
  }

  /** CID of the list of built-in actors. */
  get builtinActors(): CID {
    return this.state.builtinActors
  }

  /** @throws ActorError STATE_MALFORMED when the list is not in the store */
  manifest(): Manifest {
    return (
      readManifestData(this.#store, this.builtinActors) ??
      malformed(`the list of built-in actors ${this.builtinActors} is not in the store`)
    )
  }

  builtinActorCodes(): readonly { readonly name: string; readonly code: CID }[] {
    return this.manifest().entries
  }
}
