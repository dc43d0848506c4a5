import { list, optional, record, type Shape, tuple } from '../../codec/combinators.ts'
import { bytesOrEmpty, int64, text, uint64 } from '../../codec/primitives.ts'
import { address } from '../../types/address.ts'
import { cid } from '../../types/cid.ts'
import { actorId, tokenAmount } from '../../types/scalars.ts'
import { anyJson } from './shape.ts'

/** An actor as the state tree holds it (Lotus types.ActorV5). */
export const actor = record('Actor', {
  code: cid,
  head: cid,
  nonce: uint64,
  balance: tokenAmount,
  delegatedAddress: optional(address),
})
export type Actor = Shape<typeof actor.fields>

/** An actor with its state in the JSON of its own type. */
export const actorState = record('ActorState', { balance: tokenAmount, code: cid, state: anyJson })

/** An event as ChainGetEvents shows it (Lotus types.Event). */
export const event = tuple('Event', {
  emitter: actorId,
  entries: list(tuple('EventEntry', { flags: uint64, key: text, codec: uint64, value: bytesOrEmpty })),
})
/** Nanoseconds. */
export const duration = int64
