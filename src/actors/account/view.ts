import { type Shape, tuple } from '../../codec/combinators.ts'
import type { BlockReader } from '../../store/blockstore.ts'
import { type Address, address } from '../../types/address.ts'
import type { ActorRegistry } from '../manifest.ts'
import type { Actor } from '../state-tree.ts'
import { loadActorState } from '../view.ts'

/** The same in all versions. */
export const accountState = tuple('AccountState', { address })
export type AccountState = Shape<typeof accountState.fields>

/** An account of a secp256k1 or BLS key. */
export class AccountView {
  readonly state: AccountState

  constructor(state: AccountState) {
    this.state = state
  }

  static load(store: BlockReader, registry: ActorRegistry, actor: Actor): AccountView {
    return new AccountView(loadActorState(store, registry, actor, 'account', () => accountState).state)
  }

  /** The address of the account's key. */
  get pubkeyAddress(): Address {
    return this.state.address
  }
}
