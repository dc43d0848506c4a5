import { bitLength, divFloor } from '../../lib/integer.ts'
import type { ChainEpoch } from '../../types/scalars.ts'
import type { FilterEstimate } from '../smoothing.ts'

/** Bits after the point. */
const PRECISION = 128n
/** 2^-50 */
const VELOCITY_EPSILON = 302231454903657293676544n
const LN2 = 235865763225513294137944142764154484399n

/** Coefficients of the rational function that stands for ln between 1 and 2, highest power first (go-state-types util/math). */
const LN_NUMERATOR = [
  261417938209272870992496419296200268025n,
  7266615505142943436908456158054846846897n,
  32458783941900493142649393804518050491988n,
  17078670566130897220338060387082146864806n,
  -35150353308172866634071793531642638290419n,
  -20351202052858059355702509232125230498980n,
  -1563932590352680681114104005183375350999n,
]
const LN_DENOMINATOR = [
  49928077726659937662124949977867279384n,
  2508163877009111928787629628566491583994n,
  21757751789594546643737445330202599887121n,
  53400635271583923415775576342898617051826n,
  41248834748603606604000911015235164348839n,
  9015227820322455780436733526367238305537n,
  340282366920938463463374607431768211456n,
]

function polynomial(coefficients: readonly bigint[], x: bigint): bigint {
  let out = 0n
  for (const c of coefficients) out = ((out * x) >> PRECISION) + c
  return out
}

/** Natural logarithm of a positive Q.128 number, in Q.128. */
export function ln(z: bigint): bigint {
  const k = BigInt(bitLength(z)) - 1n - PRECISION
  // Shifting by a negative amount shifts the other way: x lies between 1 and 2.
  const x = z >> k
  return k * LN2 + divFloor(polynomial(LN_NUMERATOR, x) << PRECISION, polynomial(LN_DENOMINATOR, x))
}

/** The whole part of a filter's position. */
export function estimate(filter: FilterEstimate): bigint {
  return filter.positionEstimate >> PRECISION
}

/**
 * The sum over `delta` epochs from `start` on of the ratio of two filters, each going on at its velocity; in Q.128
 * (go-state-types util/smoothing ExtrapolatedCumSumOfRatio).
 */
export function extrapolatedCumSumOfRatio(
  delta: ChainEpoch,
  start: ChainEpoch,
  num: FilterEstimate,
  denom: FilterEstimate,
): bigint {
  const deltaT = BigInt(delta) << PRECISION
  const t0 = BigInt(start) << PRECISION
  const { positionEstimate: p1, velocityEstimate: v1 } = num
  const { positionEstimate: p2, velocityEstimate: v2 } = denom
  const squaredV2 = (v2 * v2) >> PRECISION
  if (squaredV2 > VELOCITY_EPSILON) {
    const from = p2 + ((t0 * v2) >> PRECISION)
    const to = from + ((deltaT * v2) >> PRECISION)
    const lnFrom = ln(from)
    const lnTo = ln(to)
    const m1 = (v2 * p1 * (lnTo - lnFrom)) >> PRECISION
    const m2 = (v1 * (p2 * (lnFrom - lnTo) + v2 * deltaT)) >> PRECISION
    return divFloor(m1 + m2, squaredV2)
  }
  const middle = p1 + ((v1 * (t0 + (deltaT >> 1n))) >> PRECISION)
  return divFloor(middle * deltaT, p2)
}

/** Q.128 to whole numbers, rounding down. */
export function toWhole(q128: bigint): bigint {
  return q128 >> PRECISION
}
