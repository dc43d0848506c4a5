// Validation with nothing known but the genesis state: the parents of every block are executed on the way.

import t from 'tap'
import { EntryVerifier } from '../../../src/beacon/verify-entry.ts'
import { validateWay } from '../../../src/consensus/validate-way.ts'
import { importedChain } from '../../kit/executed-chain.ts'
import { sharedData, sharedDataRoot } from '../../kit/shared-data.ts'

t.setTimeout(180_000)

t.test('the beginning of a Lotus chain with fake proofs and a mock beacon', async (t) => {
  if (sharedData(t, 'chains', 'lotus-devnet') === undefined) return
  const { state, tipsets } = await importedChain(sharedDataRoot, 'lotus-devnet')
  const env = { state, verifier: new EntryVerifier(), now: () => Math.floor(Date.now() / 1000) }
  const way = tipsets.slice(0, 200).map((ts) => ts.blocks.map((header) => ({ header, ...state.chain.messages(header) })))
  const results = await validateWay(env, way)
  t.equal(results.length, way.length)
  t.same(
    results.flat().flatMap(({ error }) => (error === undefined ? [] : [error])),
    [],
  )
  t.equal(results.flat()[0]?.times['winning post'], undefined, 'fake proofs are not looked at')
  t.ok((results.flat()[5]?.times.state ?? 0) > 0)
})
