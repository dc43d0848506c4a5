/** Multisig wallets, whatever their version. */
import { type Codec, encode } from '../../codec/codec.ts'
import { optional, tuple } from '../../codec/combinators.ts'
import type { Json, JsonContext } from '../../codec/json.ts'
import { blake2b256 } from '../../native/crypto.ts'
import type { BlockReader } from '../../store/blockstore.ts'
import { type Address, address } from '../../types/address.ts'
import type { ChainEpoch, TokenAmount } from '../../types/scalars.ts'
import { Hamt } from '../hamt.ts'
import { intKey } from '../keys.ts'
import type { ActorRegistry } from '../manifest.ts'
import type { Actor } from '../state-tree.ts'
import { loadActorState } from '../view.ts'
import { type MultisigState, type MultisigTransaction, multisigState, multisigTransaction } from './state.ts'

export class MultisigView {
  readonly state: MultisigState
  readonly #store: BlockReader

  constructor(store: BlockReader, state: MultisigState) {
    this.#store = store
    this.state = state
  }

  /** @throws MissingBlockError, ActorError STATE_MALFORMED, ACTOR_KIND */
  static load(store: BlockReader, registry: ActorRegistry, actor: Actor): MultisigView {
    return new MultisigView(store, loadActorState(store, registry, actor, 'multisig', () => multisigState).state)
  }

  toJson(ctx: JsonContext): Json {
    return multisigState.toJson(this.state, ctx)
  }

  get signers(): readonly Address[] {
    return this.state.signers
  }

  get threshold(): bigint {
    return this.state.numApprovalsThreshold
  }

  get nextTxnId(): bigint {
    return this.state.nextTxnId
  }

  get startEpoch(): ChainEpoch {
    return this.state.startEpoch
  }

  get unlockDuration(): ChainEpoch {
    return this.state.unlockDuration
  }

  get initialBalance(): TokenAmount {
    return this.state.initialBalance
  }

  /** attoFIL that are still locked at `epoch`. */
  lockedBalance(epoch: ChainEpoch): TokenAmount {
    return amountLocked(this.state, epoch - this.state.startEpoch)
  }

  #pending(): Hamt<MultisigTransaction, bigint> {
    return new Hamt(this.#store, this.state.pendingTxns, {
      value: multisigTransaction as Codec<MultisigTransaction>,
      key: intKey,
    })
  }

  pendingTransaction(id: bigint): MultisigTransaction | undefined {
    return this.#pending().get(id)
  }

  /** By the order of the HAMT; sort by id for people. */
  pendingTransactions(): Generator<[bigint, MultisigTransaction]> {
    return this.#pending().entries()
  }
}

/**
 * What of a linear unlocking is still locked after `elapsed` epochs: the remaining share, rounded up.
 * Source: go-state-types builtin/v18/multisig/multisig_state.go AmountLocked.
 */
export function amountLocked(
  vesting: { readonly initialBalance: TokenAmount; readonly unlockDuration: ChainEpoch },
  elapsed: ChainEpoch,
): TokenAmount {
  if (elapsed >= vesting.unlockDuration) return 0n
  if (elapsed <= 0) return vesting.initialBalance
  const duration = BigInt(vesting.unlockDuration)
  const numerator = vesting.initialBalance * (duration - BigInt(elapsed))
  return numerator / duration + (numerator % duration > 0n ? 1n : 0n)
}

const proposalHashData = tuple('ProposalHashData', {
  requester: optional(address),
  to: multisigTransaction.fields.to,
  value: multisigTransaction.fields.value,
  method: multisigTransaction.fields.method,
  params: multisigTransaction.fields.params,
})

/** blake2b-256 of a proposal as approvals and cancellations name it (go-state-types ComputeProposalHash). */
export function proposalHash(transaction: MultisigTransaction): Uint8Array {
  const { to, value, method, params } = transaction
  return blake2b256(encode(proposalHashData, { requester: transaction.approved[0] ?? null, to, value, method, params }))
}
