import { type Shape, tuple } from '../codec/combinators.ts'
import { bigInt } from '../codec/primitives.ts'

/** Alpha-beta filter: position and velocity in Q.128 fixed point (go-state-types util/smoothing). */
export const filterEstimate = tuple('FilterEstimate', { positionEstimate: bigInt, velocityEstimate: bigInt })
export type FilterEstimate = Readonly<Shape<typeof filterEstimate.fields>>
