// The calculator of FRC-0089 (https://github.com/filecoin-project/FIPs, FRCs/frc-0089.md; Lotus chain/ecfinality/calculator.go):
// an upper bound of the probability that a tipset is reorganised away, from the blocks that each epoch really had.

export interface FinalityAssumptions {
  /** Epochs over which an adversary may have been preparing a fork. */
  readonly finality: number
  /** Expected blocks per epoch. */
  readonly blocksPerEpoch: number
  /** Share of the power that an adversary may have. */
  readonly byzantineFraction: number
}

export const DEFAULT_ASSUMPTIONS: FinalityAssumptions = { finality: 900, blocksPerEpoch: 5, byzantineFraction: 0.3 }
/** A reorganisation is out of question below this probability. */
export const FINALITY_TARGET = 2 ** -30

/** Depths that are looked at. */
const SHALLOWEST = 3
const DEEPEST = 450
/** Smaller probabilities add nothing that could be seen. */
const NEGLIGIBLE = 1e-25
const MAX_LEAD = 400
const MAX_ADVANTAGE = 400
/** Epochs into the future for which an adversary's advantage is looked at. */
const MAX_FUTURE_EPOCHS = 100

/** Logarithms of factorials: exact sums for small numbers, Stirling's series above them. */
const SMALL = 256
const logFactorials: readonly number[] = (() => {
  const out = [0]
  let sum = 0
  // Kahan summation keeps the last digit right.
  let lost = 0
  for (let n = 1; n < SMALL; n++) {
    const term = Math.log(n) - lost
    const next = sum + term
    lost = next - sum - term
    sum = next
    out.push(sum)
  }
  return out
})()

function logFactorial(n: number): number {
  if (n < SMALL) return logFactorials[n] as number
  const inverse = 1 / n
  const square = inverse * inverse
  const tail = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680)))
  return (n + 0.5) * Math.log(n) - n + 0.5 * Math.log(2 * Math.PI) + tail
}

/** Probability of exactly `k` events where `rate` are expected. */
export function poisson(rate: number, k: number): number {
  if (rate === 0) return k === 0 ? 1 : 0
  return Math.exp(k * Math.log(rate) - rate - logFactorial(k))
}

/** Probability that one Poisson count is `k` ahead of another (the Skellam distribution), k ≥ 0. */
export function skellam(k: number, rate: number, otherRate: number): number {
  // All terms are positive, so nothing cancels; they rise to one peak and fall.
  const peak = Math.floor((Math.sqrt(k * k + 4 * rate * otherRate) - k) / 2)
  const term = (j: number): number => {
    const log = (k + j) * Math.log(rate) - rate - logFactorial(k + j) + j * Math.log(otherRate) - otherRate - logFactorial(j)
    return Math.exp(log)
  }
  const top = term(peak)
  if (top === 0) return 0
  let sum = top
  let value = top
  for (let j = peak; value > top * 1e-18; ) {
    j++
    value *= (rate / (k + j)) * (otherRate / j)
    sum += value
  }
  value = top
  for (let j = peak; j > 0 && value > top * 1e-18; j--) {
    value *= ((k + j) / rate) * (j / otherRate)
    sum += value
  }
  return sum
}

function sumOf(list: readonly number[]): number {
  return list.reduce((a, b) => a + b, 0)
}

/** What a distribution is cut off: past its peak and too small to matter. */
function isTail(list: readonly number[], k: number): boolean {
  return k > 1 && (list[k] as number) < NEGLIGIBLE && (list[k] as number) < (list[k - 1] as number)
}

/** P(at least n) from the sums up to each index, with the sum up to a last index cut to the list. */
class Tails {
  readonly #sums: number[] = []
  readonly probabilities: readonly number[]

  constructor(probabilities: readonly number[]) {
    this.probabilities = probabilities
    let sum = 0
    for (const p of probabilities) {
      sum += p
      this.#sums.push(sum)
    }
  }

  /** Of index `k` or of the last one. */
  at(k: number): number {
    return this.probabilities[Math.min(k, this.probabilities.length - 1)] as number
  }

  from(n: number): number {
    const all = this.#sums.at(-1) as number
    return n > 0 ? all - (this.#sums[Math.min(n - 1, this.#sums.length - 1)] as number) : all
  }
}

/** The lead that an adversary may have had at the target already. */
function leadBefore(chain: readonly number[], current: number, target: number, a: FinalityAssumptions): Tails {
  const malicious = a.blocksPerEpoch * a.byzantineFraction
  const out: number[] = []
  for (let k = 0; k <= MAX_LEAD; k++) {
    let expected = 0
    let made = 0
    let most = 0
    for (let i = target; i > Math.max(0, current - a.finality); i--) {
      expected += malicious
      made += chain[i - 1] as number
      most = Math.max(most, poisson(expected, k + made))
    }
    out.push(most)
    if (isTail(out, k)) break
  }
  out[0] = (out[0] as number) + 1 - sumOf(out)
  return new Tails(out)
}

/** Blocks that an adversary may have made since. */
function blocksSince(epochs: number, a: FinalityAssumptions): Tails {
  const out: number[] = []
  for (let k = 0; k <= epochs * Math.trunc(a.blocksPerEpoch); k++) {
    out.push(poisson(epochs * a.blocksPerEpoch * a.byzantineFraction, k))
    if (isTail(out, k)) break
  }
  return new Tails(out)
}

const futures = new Map<string, Tails>()

/** The advantage that an adversary may yet gain; the same for every chain, so it is computed once. */
function advantageAfter(a: FinalityAssumptions): Tails {
  const key = `${a.blocksPerEpoch}/${a.byzantineFraction}`
  const known = futures.get(key)
  if (known !== undefined) return known
  const malicious = a.blocksPerEpoch * a.byzantineFraction
  const honest = a.blocksPerEpoch - malicious
  let growth = 0
  for (let k = 0; k < Math.trunc(4 * a.blocksPerEpoch); k++) growth += ((honest + k) / 2 ** k) * poisson(malicious, k)
  const publicRate = (1 - poisson(honest, 0)) * growth
  const out: number[] = []
  for (let k = 0; k <= MAX_ADVANTAGE; k++) {
    let most = 0
    for (let i = MAX_FUTURE_EPOCHS; i > 0; i--) {
      const p = skellam(k, i * malicious, i * publicRate)
      if (p < NEGLIGIBLE && p < most) break
      most = Math.max(most, p)
    }
    out.push(most)
    if (isTail(out, k)) break
  }
  out[0] = (out[0] as number) + 1 - sumOf(out)
  const tails = new Tails(out)
  futures.set(key, tails)
  return tails
}

/**
 * Upper bound of the probability that the tipset at `target` is replaced, as of `current`.
 * @param chain blocks per epoch, oldest first; the other two are indexes into it
 */
export function reorgProbability(
  chain: readonly number[],
  current: number,
  target: number,
  assumptions: FinalityAssumptions = DEFAULT_ASSUMPTIONS,
): number {
  if (current <= target || target < 0 || current >= chain.length) return 1
  const lead = leadBefore(chain, current, target, assumptions)
  const since = blocksSince(current - target, assumptions)
  const after = advantageAfter(assumptions)
  // The adversary needs as many blocks as the chain has made since the target.
  const needed = sumOf(chain.slice(target, current))
  let probability = lead.from(needed)
  for (let l = 0; l < needed; l++) {
    const p = lead.at(l)
    let rest = since.from(needed - l - 1 > 0 ? needed - l : 0)
    for (let b = 0; b < needed - l; b++) rest += since.at(b) * after.from(needed - l - b - 1 > 0 ? needed - l - b : 0)
    probability += p * rest
  }
  return Math.min(probability, 1)
}

/**
 * The least depth below the last epoch at which a reorganisation is less likely than `target`, by bisection between 3 and 450;
 * undefined where none is.
 */
export function finalDepth(chain: readonly number[], assumptions: FinalityAssumptions, target: number): number | undefined {
  const current = chain.length - 1
  const at = (depth: number): number => reorgProbability(chain, current, current - depth, assumptions)
  let low = SHALLOWEST
  let high = Math.min(DEEPEST, current)
  if (low >= high) return undefined
  if (at(low) < target) return low
  if (at(high) > target) return undefined
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (at(middle) < target) high = middle
    else low = middle + 1
  }
  return low
}
