/** Ethereum contracts (FEVM), from actors v10 on. */
import type { Codec } from '../../codec/codec.ts'
import type { Json, JsonContext } from '../../codec/json.ts'
import { type BlockReader, mustGet } from '../../store/blockstore.ts'
import type { CID } from '../../types/cid.ts'
import type { ActorRegistry } from '../manifest.ts'
import type { Actor } from '../state-tree.ts'
import { loadActorState } from '../view.ts'
import { EvmStorage } from './kamt.ts'
import { type EvmStateV10, type EvmStateV16, evmState } from './state.ts'

type AnyState = EvmStateV10 | EvmStateV16

export class EvmView {
  readonly actorsVersion: number
  readonly state: AnyState
  readonly #store: BlockReader

  constructor(store: BlockReader, actorsVersion: number, state: AnyState) {
    this.#store = store
    this.actorsVersion = actorsVersion
    this.state = state
  }

  /** @throws MissingBlockError, ActorError STATE_MALFORMED, ACTOR_KIND */
  static load(store: BlockReader, registry: ActorRegistry, actor: Actor): EvmView {
    const { state, version } = loadActorState(store, registry, actor, 'evm', (v) => evmState(v) as Codec<AnyState>)
    return new EvmView(store, version, state)
  }

  toJson(ctx: JsonContext): Json {
    return (evmState(this.actorsVersion) as Codec<AnyState>).toJson(this.state, ctx)
  }

  /** Of the block that holds the bytecode. */
  get bytecodeCid(): CID {
    return this.state.bytecode
  }

  /** keccak-256, 32 bytes. */
  get bytecodeHash(): Uint8Array {
    return this.state.bytecodeHash
  }

  /** @throws MissingBlockError */
  bytecode(): Uint8Array {
    return mustGet(this.#store, this.state.bytecode)
  }

  get nonce(): bigint {
    return this.state.nonce
  }

  get contractState(): CID {
    return this.state.contractState
  }

  /** Whether the contract has destroyed itself (Lotus evm.State.IsAlive, negated). */
  get isDead(): boolean {
    return this.state.tombstone !== null
  }

  get storage(): EvmStorage {
    return new EvmStorage(this.#store, this.state.contractState)
  }

  /** The 32 bytes of a slot; zeros where nothing is stored. */
  storageAt(key: Uint8Array): Uint8Array {
    return this.storage.get(key)
  }
}
