import t from 'tap'
import { dealProviderCollateralBounds } from '../../../src/actors/policy/collateral.ts'
import { continuedFaultFee, dailyProofFee, terminationFee } from '../../../src/actors/policy/fees.ts'
import { ln } from '../../../src/actors/policy/fixed-point.ts'
import { initialPledgeForPower, preCommitDepositForPower, withSafetyMargin } from '../../../src/actors/policy/pledge.ts'
import { qaPowerForWeight, qaPowerMax } from '../../../src/actors/policy/quality.ts'
import vectors from './pledge-vectors.json' with { type: 'json' }

// Figures that go-state-types v0.16.0 gives for random inputs: rising and falling filters, a filter at rest, an empty network.
t.test('the same figures as go-state-types', async (t) => {
  for (const [i, v] of vectors.entries()) {
    const filter = ([position, velocity]: string[]) => ({
      positionEstimate: BigInt(position as string),
      velocityEstimate: BigInt(velocity as string),
    })
    const reward = filter(v.reward)
    const networkQaPower = filter(v.power)
    const qa = BigInt(v.qa)
    const circulatingSupply = BigInt(v.circ)
    const ramp = { epochsSinceStart: BigInt(v.since), durationEpochs: BigInt(v.duration) }
    const inputs = { baselinePower: BigInt(v.baseline), reward, networkQaPower, circulatingSupply }
    const fault = continuedFaultFee(reward, networkQaPower, qa)
    t.same(
      {
        ln: ln(BigInt(v.lnIn)),
        deposit: preCommitDepositForPower(reward, networkQaPower, qa),
        pledge: initialPledgeForPower(qa, { ...inputs, ramp }),
        pledge14: initialPledgeForPower(qa, { ...inputs, ramp: undefined }),
        fault,
        termination: terminationFee(BigInt(v.pledge), v.age, fault),
        fee: dailyProofFee(circulatingSupply, qa),
        qa: qaPowerForWeight(BigInt(v.size), v.term, BigInt(v.verified)),
        collateral: dealProviderCollateralBounds(BigInt(v.size), inputs.baselinePower, 1n, circulatingSupply).min,
      },
      {
        ln: BigInt(v.wantLn),
        deposit: BigInt(v.wantDeposit),
        pledge: BigInt(v.wantPledge),
        pledge14: BigInt(v.wantPledge14),
        fault: BigInt(v.wantFault),
        termination: BigInt(v.wantTermination),
        fee: BigInt(v.wantFee),
        qa: BigInt(v.wantQa),
        collateral: BigInt(v.wantCollateral),
      },
      `vector ${i}`,
    )
  }
})

t.test('bounds', async (t) => {
  t.equal(qaPowerMax(32n << 30n), 320n << 30n)
  t.equal(withSafetyMargin(1005n), 1105n)
  const rest = { positionEstimate: 1n << 128n, velocityEstimate: 0n }
  // Whatever the formulas say, a pledge is never more than 1 FIL for 32 GiB, and never nothing.
  const inputs = { baselinePower: 1n, reward: rest, networkQaPower: rest, circulatingSupply: 10n ** 27n, ramp: undefined }
  t.equal(initialPledgeForPower(2048n, inputs), 2048n * 29_103_830n)
  t.equal(preCommitDepositForPower({ positionEstimate: -1n << 140n, velocityEstimate: 0n }, rest, 5n), 1n)
  t.equal(initialPledgeForPower(1n, { ...inputs, circulatingSupply: 0n, reward: { ...rest, positionEstimate: 0n } }), 1n)
})
