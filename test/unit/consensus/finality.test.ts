import t from 'tap'
import { BlockCounts, EcFinalityCalculator } from '../../../src/consensus/finality.ts'
import {
  DEFAULT_ASSUMPTIONS,
  FINALITY_TARGET,
  finalDepth,
  poisson,
  reorgProbability,
  skellam,
} from '../../../src/consensus/finality-math.ts'
import { ChainReader } from '../../../src/store/chain-reader.ts'
import type { Tipset } from '../../../src/types/tipset.ts'
import { testChain } from '../../kit/fork-chain.ts'

/** Blocks per epoch of the reference's example, one hexadecimal digit each (Lotus chain/ecfinality/calculator_test.go). */
const example = [
  '23434756554233a738632353765346686326524446578630a8374646525576213535a405b686483432566539529365462347',
  '582603566436523461535724b348536675121445642655125504474a6495510371643576a354162225474256384665333255',
  '66474136a33463654376242319515643836322123624245544788886233443314563474122a2233545351842649472244334',
  '7642814347406744635748226453331424352306473634463327445345344341544542453656344454454425242166554932',
  '6424775578254514525654485566024553548246735571253a5a1a3552625421592442255641655261947385456854332334',
  '4773444633454138545758279537566568463546226546334523366454384835364613348574551365363556565764765332',
  '484514812224b1332177345256363930425432742a7435855233865666933265444252843223375073533363313575452437',
  '92427653263635633333753449579492431461355644277453145245272b5486433654347222435453655261b33556253455',
  '7779346332661315757845266575564276559433114556724635554243352445636454528656762491354725479232274126',
  '5a243',
]
  .join('')
  .split('')
  .map((digit) => Number.parseInt(digit, 16))

/** Depth and probability as the Python reference of FRC-0089 computes them for the example. */
const reference: readonly (readonly [number, number])[] = [
  [5, 0.001581827302602659],
  [10, 0.00016751574313872872],
  [15, 2.8069648119611655e-6],
  [20, 6.843597964109811e-8],
  [25, 1.4621866202885776e-9],
  [30, 4.6272325417974716e-12],
  [40, 3.5391269203879405e-17],
  [50, 1.3779073543227905e-20],
  [75, 2.4078299004867213e-24],
  [100, 3.2161691295677955e-24],
]

const constant = (blocks: number, epochs = 905): number[] => new Array<number>(epochs).fill(blocks)
const depthOf = (chain: readonly number[]) => finalDepth(chain, DEFAULT_ASSUMPTIONS, FINALITY_TARGET)

t.test('probabilities of the reference', async (t) => {
  t.equal(example.length, 905)
  for (const [depth, expected] of reference) {
    const found = reorgProbability(example, 904, 904 - depth)
    const error = Math.abs(found - expected) / expected
    t.ok(error <= 1e-12, `depth ${depth}: ${found}, off by ${error}`)
  }
})

t.test('figures of the distributions', async (t) => {
  let sum = 0
  for (let k = 0; k < 60; k++) sum += poisson(5, k)
  t.ok(Math.abs(sum - 1) < 1e-14, 'Poisson adds up')
  t.equal(poisson(0, 0), 1)
  t.equal(poisson(0, 1), 0)
  t.ok(Math.abs(poisson(5, 5) - 0.17546736976785068) < 1e-15)
  // P(0) = e^-(a+b) I0(2 sqrt(ab)); with a = b = 1: e^-2 I0(2).
  t.ok(Math.abs(skellam(0, 1, 1) - 0.30850832255367105) < 1e-15)
  let all = skellam(0, 3, 7)
  for (let k = 1; k < 80; k++) all += skellam(k, 3, 7) + skellam(k, 7, 3)
  t.ok(Math.abs(all - 1) < 1e-13, 'and so does Skellam')
})

t.test('healthy and thin chains', async (t) => {
  const healthy = constant(5)
  t.ok(reorgProbability(healthy, 904, 874) < FINALITY_TARGET)
  t.ok(reorgProbability(healthy, 904, 899) > reorgProbability(healthy, 904, 874))
  t.ok(reorgProbability(constant(2), 904, 874) >= FINALITY_TARGET)
  const depth = depthOf(healthy)
  t.ok(depth !== undefined && depth > 0 && depth < 35, `5 blocks per epoch: ${depth}`)
  const mild = depthOf(constant(3))
  t.ok(mild !== undefined && mild > 35 && mild < 450, `3 blocks per epoch: ${mild}`)
  t.equal(depthOf(constant(1)), undefined)
})

t.test('limits', async (t) => {
  t.equal(depthOf([]), undefined)
  t.equal(depthOf(constant(5, 4)), undefined)
  t.equal(depthOf(constant(0)), undefined)
  t.equal(reorgProbability(constant(5), 3, 3), 1, 'an epoch is not below itself')
  t.equal(reorgProbability(constant(5), 3, -1), 1)
  t.equal(reorgProbability(constant(5), 905, 3), 1, 'past the end')
})

t.test('counts of a chain, null rounds among them', async (t) => {
  const c = testChain()
  const genesis = c.genesis()
  const first = c.extend(genesis, { blocks: 2 })
  const second = c.extend(first, { nullRounds: 3 })
  const head = c.extend(second, { blocks: 4 })
  const chain = new ChainReader(c.store)
  const counts = (tipset: Tipset, epochs?: number) => new BlockCounts({ chain }, epochs).upTo(tipset)
  t.same(counts(head), [1, 2, 0, 0, 0, 1, 4])
  t.same(counts(head, 3), [0, 1, 4])
  t.same(counts(head, 4), [0, 0, 1, 4])
  t.same(counts(genesis), [1])
})

t.test('what was counted for one head serves the next, on whatever fork it is', async (t) => {
  const c = testChain()
  const chain = new ChainReader(c.store)
  let read = 0
  const counted = new (class extends ChainReader {
    override parent(tipset: Tipset): Tipset {
      read++
      return super.parent(tipset)
    }
  })(c.store)
  const window = 30
  const counts = new BlockCounts({ chain: counted }, window)
  const tips = [c.genesis()]
  // A fixed walk over forks of all depths, with null rounds; below what was counted before too.
  for (let i = 0; i < 300; i++) {
    const back = i % 7 === 0 ? Math.min(tips.length - 1, (i * 13) % 45) : 0
    tips.push(
      c.extend(tips[tips.length - 1 - back] as Tipset, { blocks: 1 + ((i * 5) % 4), nullRounds: i % 3 === 0 ? i % 5 : 0 }),
    )
    const tip = tips[i % 11 === 0 ? tips.length - 1 - back : tips.length - 1] as Tipset
    const expected: number[] = []
    for (let at = tip; ; at = chain.parent(at)) {
      const epoch = tip.height - at.height
      if (epoch < window) expected[epoch] = at.blocks.length
      if (epoch >= window || at.height === 0) break
    }
    const whole = Array.from({ length: Math.min(window, tip.height + 1) }, (_, e) => expected[e] ?? 0)
    if (JSON.stringify(counts.upTo(tip)) !== JSON.stringify(whole.reverse())) t.fail(`wrong at ${i}`)
  }
  const tip = tips.at(-1) as Tipset
  counts.upTo(tip)
  read = 0
  counts.upTo(c.extend(tip))
  t.equal(read, 1)
})

t.test('the final tipset of a head', async (t) => {
  const c = testChain()
  let head = c.genesis()
  for (let i = 0; i < 100; i++) head = c.extend(head, { blocks: 5, nullRounds: i === 70 ? 2 : 0 })
  const calculator = new EcFinalityCalculator({ chain: new ChainReader(c.store) })
  const found = calculator.at(head)
  t.ok(found.depth !== undefined && found.depth > 3, `depth ${found.depth}`)
  t.ok((found.finalized?.height ?? 1000) <= head.height - (found.depth ?? 0))
  t.equal(calculator.at(head), found, 'the answer for a head is kept')
  const thin = c.extend(c.genesis())
  t.match(calculator.at(thin), { depth: undefined, finalized: undefined })
})
