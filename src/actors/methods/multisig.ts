import { as, tuple } from '../../codec/combinators.ts'
import { goEmpty, goRawBytes } from '../../codec/go-forms.ts'
import { bool, bytes, uint64 } from '../../codec/primitives.ts'
import { address } from '../../types/address.ts'
import { epoch, tokenAmount } from '../../types/scalars.ts'
import { both, exported, type MethodRow, method } from './method-def.ts'
import { addresses, exitCode, txnId } from './types.ts'

export const multisigConstructorParams = tuple('ConstructorParams', {
  signers: addresses,
  numApprovalsThreshold: uint64,
  unlockDuration: epoch,
  startEpoch: epoch,
})
export const proposeParams = tuple('ProposeParams', { to: address, value: tokenAmount, method: uint64, params: bytes })
export const proposeReturn = tuple('ProposeReturn', {
  txnID: txnId,
  applied: bool,
  code: exitCode,
  ret: bytes,
})
export const txnIdParams = tuple('TxnIDParams', { id: as('ID', txnId), proposalHash: bytes })
export const approveReturn = tuple('ApproveReturn', { applied: bool, code: exitCode, ret: bytes })
export const addSignerParams = tuple('AddSignerParams', { signer: address, increase: bool })
export const removeSignerParams = tuple('RemoveSignerParams', { signer: address, decrease: bool })
export const swapSignerParams = tuple('SwapSignerParams', { from: address, to: address })
export const changeThresholdParams = tuple('ChangeNumApprovalsThresholdParams', { newThreshold: uint64 })
export const lockBalanceParams = tuple('LockBalanceParams', { startEpoch: epoch, unlockDuration: epoch, amount: tokenAmount })

export const multisigMethods: readonly MethodRow[] = [
  method(1, 'Constructor', multisigConstructorParams),
  ...both(2, 'Propose', proposeParams, proposeReturn),
  ...both(3, 'Approve', txnIdParams, approveReturn),
  ...both(4, 'Cancel', txnIdParams),
  ...both(5, 'AddSigner', addSignerParams),
  ...both(6, 'RemoveSigner', removeSignerParams),
  ...both(7, 'SwapSigner', swapSignerParams),
  ...both(8, 'ChangeNumApprovalsThreshold', changeThresholdParams),
  ...both(9, 'LockBalance', lockBalanceParams),
  exported('Receive', goRawBytes, goEmpty, { name: 'UniversalReceiverHook', span: [9] }),
]
