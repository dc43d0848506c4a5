import { type Shape, tuple } from '../../codec/combinators.ts'
import { uint64 } from '../../codec/primitives.ts'
import { cid } from '../../types/cid.ts'
import { actorId, epoch, sectorNumber } from '../../types/scalars.ts'

/** 0 stands for "no allocation" (builtin-actors verifreg NO_ALLOCATION_ID). */
export const NO_ALLOCATION = 0n

/** DataCap that a client has set aside for one piece at one provider (FIP-0045). */
export const allocation = tuple('Allocation', {
  client: actorId,
  provider: actorId,
  data: cid,
  /** Padded bytes. */
  size: uint64,
  /** Shortest and longest time that the provider must keep and may count the piece, in epochs. */
  termMin: epoch,
  termMax: epoch,
  /** Last epoch in which it can be claimed. */
  expiration: epoch,
})
export type Allocation = Readonly<Shape<typeof allocation.fields>>

/** An allocation that a provider has claimed by proving the piece in a sector. */
export const claim = tuple('Claim', {
  provider: actorId,
  client: actorId,
  data: cid,
  size: uint64,
  termMin: epoch,
  termMax: epoch,
  termStart: epoch,
  sector: sectorNumber,
})
export type Claim = Readonly<Shape<typeof claim.fields>>
