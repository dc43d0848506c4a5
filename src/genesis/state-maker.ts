import { accountState } from '../actors/account/view.ts'
import { Amt } from '../actors/amt.ts'
import { Hamt } from '../actors/hamt.ts'
import type { ActorKind } from '../actors/manifest.ts'
import type { Actor } from '../actors/state-tree.ts'
import { type Codec, encode } from '../codec/codec.ts'
import { uint64 } from '../codec/primitives.ts'
import type { MemoryBlockstore } from '../store/blockstore.ts'
import type { BuiltinManifest } from '../store/bundle-manifest.ts'
import { type Address, Protocol } from '../types/address.ts'
import { type CID, cidOf } from '../types/cid.ts'
import type { TokenAmount } from '../types/scalars.ts'
import { GenesisError } from './errors.ts'

/** The empty state that some actors have. */
const EMPTY_STATE = Uint8Array.of(0x80)

/** Puts values into the store by their CIDs. */
export class StateMaker {
  readonly store: MemoryBlockstore
  readonly version: number
  readonly #manifest: BuiltinManifest

  constructor(store: MemoryBlockstore, manifest: BuiltinManifest) {
    this.store = store
    this.version = manifest.version
    this.#manifest = manifest
  }

  put<T>(codec: Codec<T>, value: T): CID {
    return this.putRaw(encode(codec, value))
  }

  putRaw(data: Uint8Array): CID {
    const at = cidOf(data)
    this.store.put(at, data)
    return at
  }

  /** The root of an empty map. */
  emptyMap(bitWidth = 5): CID {
    return new Hamt(this.store, undefined, { value: uint64, bitWidth }).flush(this.store)
  }

  emptyArray(bitWidth: number): CID {
    return new Amt(this.store, undefined, { value: uint64, bitWidth }).flush(this.store)
  }

  emptyState(): CID {
    return this.putRaw(EMPTY_STATE)
  }

  code(kind: ActorKind): CID {
    const code = this.#manifest.codeByName.get(kind)
    if (code === undefined)
      throw new GenesisError('GENESIS_FAILED', `the actor bundle of version ${this.version} has no actor "${kind}"`)
    return code
  }

  actor(kind: ActorKind, head: CID, balance: TokenAmount = 0n, delegatedAddress: Address | null = null): Actor {
    return { code: this.code(kind), head, nonce: 0n, balance, delegatedAddress }
  }

  account(key: Address, balance: TokenAmount): Actor {
    const head = this.put(accountState, { address: key })
    return this.actor('account', head, balance, key.protocol === Protocol.delegated ? key : null)
  }
}
