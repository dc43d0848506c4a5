import { divFloor } from '../lib/integer.ts'
import { blake2b256 } from '../native/crypto.ts'
import type { StoragePower } from './scalars.ts'

/** Binary digits behind the point: all numbers here are fixed-point integers, value × 2^256. */
const PRECISION = 256n
/** Expected blocks per epoch. */
const EXPECTED_LEADERS = 5n
/** No block counts more wins (Lotus chain/types/electionproof.go). */
const MAX_WIN_COUNT = 15

/** Rational approximation of e^-x: coefficients × 2^128, highest power first. Consensus parameters. */
const numerator = scaled([
  -648770010757830093818553637600n,
  67469480939593786226847644286976n,
  -3197587544499098424029388939001856n,
  89244641121992890118377641805348864n,
  -1579656163641440567800982336819953664n,
  17685496037279256458459817590917169152n,
  -115682590513835356866803355398940131328n,
  340282366920938463463374607431768211456n,
])
const denominator = scaled([
  1225524182432722209606361n,
  114095592300906098243859450n,
  5665570424063336070530214243n,
  194450132448609991765137938448n,
  5068267641632683791026134915072n,
  104716890604972796896895427629056n,
  1748338658439454459487681798864896n,
  23704654329841312470660182937960448n,
  259380097567996910282699886670381056n,
  2250336698853390384720606936038375424n,
  14978272436876548034486263159246028800n,
  72144088983913131323343765784380833792n,
  224599776407103106596571252037123047424n,
  340282366920938463463374607431768211456n,
])

function scaled(coefficients: readonly bigint[]): readonly bigint[] {
  return coefficients.map((c) => c << (PRECISION - 128n))
}

/** Horner's method; the shift rounds towards negative infinity, as the reference does. */
function polynomial(coefficients: readonly bigint[], x: bigint): bigint {
  let sum = 0n
  for (const c of coefficients) sum = ((sum * x) >> PRECISION) + c
  return sum
}

/** e^-x for x ≥ 0, both × 2^256; exact to the last digit in the sense of consensus. */
export function expNeg(x: bigint): bigint {
  return divFloor(polynomial(numerator, x) << PRECISION, polynomial(denominator, x))
}

/**
 * How often an election proof wins: the upper tail of a Poisson distribution with the miner's share of power times 5
 * expected wins, cut by the hash of the proof (FIP-0001 era sortition; Lotus ComputeWinCount).
 * @param power quality-adjusted power of the miner, bytes
 * @param totalPower that of the network, above 0
 * @returns 0 to 15
 */
export function winCount(vrfProof: Uint8Array, power: StoragePower, totalPower: StoragePower): number {
  const draw = BigInt(`0x${Buffer.from(blake2b256(vrfProof)).toString('hex')}`)
  const rate = ((power * EXPECTED_LEADERS) << PRECISION) / totalPower
  let probability = expNeg(rate)
  let tail = (1n << PRECISION) - probability
  let wins = 0
  while (draw < tail && wins < MAX_WIN_COUNT) {
    wins++
    probability = ((probability / BigInt(wins)) * rate) >> PRECISION
    tail -= probability
  }
  return wins
}
