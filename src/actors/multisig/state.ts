import { as, type Shape, tuple } from '../../codec/combinators.ts'
import { goList } from '../../codec/go-forms.ts'
import { bytes, int64, uint64 } from '../../codec/primitives.ts'
import { address } from '../../types/address.ts'
import { cid } from '../../types/cid.ts'
import { epoch, tokenAmount } from '../../types/scalars.ts'

/** builtin-actors multisig SIGNERS_MAX. */
export const MAX_SIGNERS = 256

/** The same from v8 to v18. */
export const multisigState = tuple('multisig.State', {
  /** f0 addresses. */
  signers: goList(address),
  numApprovalsThreshold: uint64,
  nextTxnId: as('NextTxnID', int64),
  /** attoFIL that unlock linearly. */
  initialBalance: tokenAmount,
  startEpoch: epoch,
  /** Epochs. */
  unlockDuration: epoch,
  /** HAMT of transactions by id. */
  pendingTxns: cid,
})
export type MultisigState = Shape<typeof multisigState.fields>

export const multisigTransaction = tuple('Transaction', {
  to: address,
  value: tokenAmount,
  method: uint64,
  params: bytes,
  /** The proposer comes first. */
  approved: goList(address),
})
export type MultisigTransaction = Readonly<Shape<typeof multisigTransaction.fields>>
