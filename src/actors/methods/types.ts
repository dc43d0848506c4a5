/** Shapes that the parameters of several actors share. */
import { as, tuple } from '../../codec/combinators.ts'
import { goList } from '../../codec/go-forms.ts'
import { bytes, int64, safeInt, uint64 } from '../../codec/primitives.ts'
import { address } from '../../types/address.ts'

/** go-state-types exitcode.ExitCode. */
export const exitCode = safeInt
/** Enumerations of proof kinds (abi.RegisteredSealProof and the like). */
export const proofKind = safeInt
export const dealIds = goList(uint64)
export const multiaddrs = goList(bytes)
export const addresses = goList(address)

/** go-state-types batch.BatchReturn: which items of a batch failed, and how. */
export const batchReturn = tuple('BatchReturn', {
  successCount: uint64,
  failCodes: goList(tuple('FailCode', { idx: uint64, code: exitCode })),
})

/** What Exec and CreateMiner give back. */
export const newActor = (name: string) => tuple(name, { idAddress: as('IDAddress', address), robustAddress: address })

export const txnId = int64
