/** What two nodes say when they meet: protocol `/fil/hello/1.0.0` (Lotus node/hello). */
import { list, type Shape, tuple } from '../../codec/combinators.ts'
import { int64 } from '../../codec/primitives.ts'
import { cid } from '../cid.ts'
import { epoch, tokenAmount } from '../scalars.ts'

export const HELLO_PROTOCOL = '/fil/hello/1.0.0'

/** More blocks than a tipset can ever hold; a longer key is no tipset's. */
export const MAX_TIPSET_BLOCKS = 64
/** Bytes that a hello may take; the largest honest one (15 blocks) is under 1 KiB. Source: Forest's caps of 2026. */
export const MAX_HELLO_BYTES = 4096
/** Bytes of an answer: two integers in a list take 19. */
export const MAX_LATENCY_BYTES = 32

/** The sender's head and the genesis that its chain grows from. */
export const helloMessage = tuple('HelloMessage', {
  heaviestTipSet: list(cid, { max: MAX_TIPSET_BLOCKS }),
  heaviestTipSetHeight: epoch,
  heaviestTipSetWeight: tokenAmount,
  genesisHash: cid,
})
export type HelloMessage = Readonly<Shape<typeof helloMessage.fields>>

/** When the hello arrived and when this was sent, both Unix nanoseconds by the answerer's clock. */
export const latencyMessage = tuple('LatencyMessage', { tArrival: int64, tSent: int64 })
export type LatencyMessage = Readonly<Shape<typeof latencyMessage.fields>>
