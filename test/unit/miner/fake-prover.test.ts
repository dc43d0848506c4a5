import t from 'tap'
import { FakeProver } from '../../../src/miner/fake-prover.ts'

t.test('a made-up winning PoSt is the one that every block of chains/lotus-devnet has', async (t) => {
  const [proof, ...more] = await new FakeProver().winningPost()
  t.equal(Buffer.from(proof?.proof ?? []).toString('latin1'), 'valid proof')
  t.equal(proof?.proofType, 0)
  t.equal(more.length, 0)
})
