import { optional, type Shape, tuple } from '../../codec/combinators.ts'
import { goByteArray } from '../../codec/go-forms.ts'
import { uint64 } from '../../codec/primitives.ts'
import { cid } from '../../types/cid.ts'
import { actorId } from '../../types/scalars.ts'

/** Left by SELFDESTRUCT: the contract is dead once the message (origin and nonce) is over in which it was written. */
export const tombstone = tuple('Tombstone', { origin: actorId, nonce: uint64 })

/** Transient storage (EIP-1153) and the message for which it holds (FIP-0097). */
export const transientData = tuple('TransientData', {
  /** KAMT of 256-bit words. */
  transientDataState: cid,
  transientDataLifespan: tuple('TransientDataLifespan', { origin: actorId, nonce: uint64 }),
})

const fields = {
  /** A raw block. */
  bytecode: cid,
  /** keccak-256 of the bytecode. */
  bytecodeHash: goByteArray(32),
  /** KAMT of 256-bit words. */
  contractState: cid,
}
const lastFields = {
  /** The nonce of the next contract that this one creates. */
  nonce: uint64,
  tombstone: optional(tombstone),
}

/** Actors v10 to v15. */
export const evmStateV10 = tuple('evm.State', { ...fields, ...lastFields })
/** v16 on. */
export const evmStateV16 = tuple('evm.State', { ...fields, transientData: optional(transientData), ...lastFields })

export type EvmStateV10 = Shape<typeof evmStateV10.fields>
export type EvmStateV16 = Shape<typeof evmStateV16.fields>

export function evmState(actorsVersion: number): typeof evmStateV10 | typeof evmStateV16 {
  return actorsVersion >= 16 ? evmStateV16 : evmStateV10
}
