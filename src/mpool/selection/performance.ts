import type { Message } from '../../types/message.ts'

/** A message that costs its miner a penalty counts three times what it lacks. */
const PENALTY = 3n
/** Bits of the quotient: more than a double holds, so that the last one can stand for all that follow. */
const QUOTIENT_BITS = 64

/** What a message brings the miner at a base fee, attoFIL; negative when its fee cap does not cover the base fee. */
export function gasReward(m: Pick<Message, 'gasFeeCap' | 'gasPremium' | 'gasLimit'>, baseFee: bigint): bigint {
  const most = m.gasFeeCap - baseFee
  const reward = (most < m.gasPremium ? most : m.gasPremium) * m.gasLimit
  return reward < 0n ? reward * PENALTY : reward
}

/**
 * Reward per unit of gas, rounded to the nearest double as Lotus's rational arithmetic does: equal ratios are equal numbers,
 * whatever they were made of. Lotus multiplies by a block's gas limit, which changes no comparison.
 * @param limit gas, above 0
 */
export function gasPerformance(reward: bigint, limit: number): number {
  const quick = Number(reward)
  // Both exact: one division, one rounding.
  if (Number.isSafeInteger(quick)) return quick / limit
  return reward < 0n ? -nearestQuotient(-reward, BigInt(limit)) : nearestQuotient(reward, BigInt(limit))
}

function nearestQuotient(a: bigint, b: bigint): number {
  const bits = a.toString(16).length * 4 - b.toString(16).length * 4
  const shift = QUOTIENT_BITS - bits
  const [n, d] = shift >= 0 ? [a << BigInt(shift), b] : [a, b << BigInt(-shift)]
  const q = n / d
  // A rest below the last bit decides ties only; it is enough that it is not forgotten.
  const sticky = q * d === n ? 0n : 1n
  return Number(q | sticky) * 2 ** -shift
}
