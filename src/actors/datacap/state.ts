import { type Shape, tuple } from '../../codec/combinators.ts'
import { uint64 } from '../../codec/primitives.ts'
import { address } from '../../types/address.ts'
import { cid } from '../../types/cid.ts'
import { tokenAmount } from '../../types/scalars.ts'

export const tokenState = tuple('TokenState', {
  /** Token amounts have 18 decimals: one byte of DataCap is 10^18. */
  supply: tokenAmount,
  /** HAMT by actor id. */
  balances: cid,
  /** HAMT by owner of a HAMT by operator. */
  allowances: cid,
  hamtBitWidth: uint64,
})

/** The same from v9, its first version, to v18. */
export const datacapState = tuple('datacap.State', { governor: address, token: tokenState })
export type DatacapState = Shape<typeof datacapState.fields>
