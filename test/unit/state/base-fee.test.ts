import { join } from 'node:path'
import t from 'tap'
import { loadNetworkFile } from '../../../src/networks/network-file.ts'
import {
  baseFeeFromPremium,
  baseFeeFromUtilisation,
  effectivePremium,
  nextBaseFee,
  premiumAtGasIndex,
} from '../../../src/state/base-fee.ts'
import { ChainReader } from '../../../src/store/chain-reader.ts'
import { TipsetKey } from '../../../src/types/tipset.ts'
import { readCar } from '../../kit/car.ts'
import { sharedData } from '../../kit/shared-data.ts'

for (const name of ['lotus-devnet', 'lotus-devnet-proofs']) {
  t.test(`${name}: every header states the base fee that follows from its parents`, async (t) => {
    const folder = sharedData(t, 'chains', name)
    if (folder === undefined) return
    const network = await loadNetworkFile(join(folder, 'network.json'))
    const { roots, store } = readCar(join(folder, 'chain.car.zst'))
    const chain = new ChainReader(store)
    const wrong: string[] = []
    let compared = 0
    let moved = 0
    for (let tipset = chain.tipset(new TipsetKey(roots)); tipset.height > 0; ) {
      const parent = chain.parent(tipset)
      const fee = nextBaseFee(network, chain, parent)
      for (const b of tipset.blocks) if (b.parentBaseFee !== fee) wrong.push(`${tipset.height}: ${fee}, not ${b.parentBaseFee}`)
      if (fee !== parent.first.parentBaseFee) moved++
      compared++
      tipset = parent
    }
    t.same(wrong.slice(0, 3), [])
    t.ok(compared > 300 && moved > 50, `${compared} compared, ${moved} moves`)
    // The other rule gives other figures for the same chain.
    const old = { ...network, upgrades: { ...network.upgrades, fireHorse: 1_000_000 } }
    const head = chain.tipset(new TipsetKey(roots))
    let differ = 0
    for (let tipset = head; tipset.height > 1; tipset = chain.parent(tipset)) {
      if (nextBaseFee(old, chain, chain.parent(tipset)) !== tipset.first.parentBaseFee) differ++
    }
    t.ok(differ > 0, 'the rule before FireHorse does not fit')
  })
}

t.test('by utilisation: an eighth up or down at most', async (t) => {
  const limit = 10_000_000_000n
  // One block: empty, at the target, full.
  t.equal(baseFeeFromUtilisation(1_000_000n, 0n, 1n, true), 875_000n)
  t.equal(baseFeeFromUtilisation(1_000_000n, limit / 2n, 1n, true), 1_000_000n)
  t.equal(baseFeeFromUtilisation(1_000_000n, limit, 1n, true), 1_125_000n)
  t.equal(baseFeeFromUtilisation(1_000_000n, 3n * limit, 1n, true), 1_125_000n, 'more than full is full')
  // A quarter over the target: a quarter of an eighth.
  t.equal(baseFeeFromUtilisation(1_000_000n, (limit / 8n) * 5n, 1n, true), 1_031_250n)
  t.equal(baseFeeFromUtilisation(1_000_000n, limit, 2n, true), 1_000_000n, 'per block')
  // Before Smoke blocks counted as full at four fifths.
  t.equal(baseFeeFromUtilisation(1_000_000n, 4_000_000_000n, 1n, false), 1_000_000n)
  t.equal(baseFeeFromUtilisation(1_000_000n, 8_000_000_000n, 1n, false), 1_125_000n)
  // Both divisions round down: -3 × 5 / 8 of 999.
  t.equal(baseFeeFromUtilisation(999n, 0n, 1n, true), 874n)
  t.equal(baseFeeFromUtilisation(100n, 0n, 1n, true), 100n, 'never below 100')
  t.equal(baseFeeFromUtilisation(100n, limit, 1n, true), 112n)
})

t.test('by premium (FIP-0115)', async (t) => {
  t.equal(baseFeeFromPremium(1_000n, 0n), 875n)
  t.equal(baseFeeFromPremium(1_000n, 125n), 1_000n, 'a premium of an eighth keeps it')
  t.equal(baseFeeFromPremium(1_000n, 200n), 1_075n)
  t.equal(baseFeeFromPremium(1_000n, 250n), 1_125n)
  t.equal(baseFeeFromPremium(1_000n, 10_000n), 1_125n, 'an eighth at most')
  // The eighth is rounded up: 126 of 1001.
  t.equal(baseFeeFromPremium(1_001n, 0n), 875n)
  t.equal(baseFeeFromPremium(1_001n, 10_000n), 1_127n)
  t.equal(baseFeeFromPremium(100n, 0n), 100n, 'never below 100')
})

t.test('the premium at a place in the order of premiums', async (t) => {
  const offers = [
    { premium: 5n, limit: 10n },
    { premium: 9n, limit: 10n },
    { premium: 1n, limit: 10n },
  ]
  t.equal(premiumAtGasIndex(offers, 0n), 9n)
  t.equal(premiumAtGasIndex(offers, 9n), 9n)
  t.equal(premiumAtGasIndex(offers, 10n), 5n)
  t.equal(premiumAtGasIndex(offers, 29n), 1n)
  t.equal(premiumAtGasIndex(offers, 30n), 0n, 'past the last there is none')
  t.equal(premiumAtGasIndex([], 0n), 0n)
})

t.test('a message pays its premium only as far as its cap leaves room', async (t) => {
  t.equal(effectivePremium({ gasFeeCap: 100n, gasPremium: 10n }, 50n), 10n)
  t.equal(effectivePremium({ gasFeeCap: 100n, gasPremium: 10n }, 95n), 5n)
  t.equal(effectivePremium({ gasFeeCap: 100n, gasPremium: 10n }, 200n), 0n)
})
