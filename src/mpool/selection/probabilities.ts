import { MAX_BLOCKS } from '../limits.ts'

/** Blocks that an epoch has on average. */
const EXPECTED_BLOCKS = 5

/** Chance that an epoch in which we won has 0, 1, … other winners: Poisson, given that there is one at least. */
function otherWinners(): number[] {
  const condition = Math.log(Math.exp(EXPECTED_BLOCKS) - 1)
  const out: number[] = []
  let logFactorial = 0
  for (let winners = 1; winners <= MAX_BLOCKS; winners++) {
    logFactorial += Math.log(winners)
    out.push(Math.exp(Math.log(EXPECTED_BLOCKS) * winners - logFactorial - condition))
  }
  return out
}

function binomial(n: number, k: number): number {
  let out = 1
  for (let i = 1; i <= k; i++) out = (out * (n - i + 1)) / i
  return out
}

/**
 * Chance that a block stands at place 0, 1, … of its tipset, by its ticket's quality (Lotus chain/messagepool/block_proba.go).
 * @param quality share of other tickets that are worse, 0 to 1
 */
export function blockProbabilities(quality: number): number[] {
  const before = 1 - quality
  const winners = otherWinners()
  return Array.from({ length: MAX_BLOCKS }, (_, place) => {
    let sum = 0
    for (const [others, chance] of winners.entries())
      if (place <= others) sum += chance * binomial(others, place) * before ** place * quality ** (others - place)
    return sum
  })
}
