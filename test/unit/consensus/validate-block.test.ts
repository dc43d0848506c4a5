import t from 'tap'
import { validateBlock, validateTipset } from '../../../src/consensus/validate-block.ts'
import { minerKeys, resign } from '../../kit/resign.ts'
import { sharedData } from '../../kit/shared-data.ts'
import { snapshotChain } from '../../kit/snapshot-chain.ts'

t.setTimeout(120_000)

t.test('every block of a Lotus chain with real proofs is valid', async (t) => {
  const folder = sharedData(t, 'chains', 'lotus-devnet-proofs')
  if (folder === undefined) return
  const c = await snapshotChain(folder)
  let blocks = 0
  const parts = new Set<string>()
  for (const tipset of c.tipsets) {
    const outcomes = await validateTipset(c.env, tipset.blocks.map(c.fullBlock))
    for (const { error, times } of outcomes) {
      if (error !== undefined) t.fail(`height ${tipset.height}`, { error })
      for (const part of Object.keys(times)) parts.add(part)
      blocks++
    }
  }
  t.equal(blocks, 363)
  t.same([...parts].sort(), [
    'aggregate',
    'base fee',
    'beacon',
    'election',
    'header',
    'message signatures',
    'messages',
    'power',
    'signature',
    'state',
    'ticket',
    'weight',
    'winning post',
  ])
  t.same(await validateBlock(c.env, { header: c.state.genesis.first, bls: [], secp: [] }), {}, 'the genesis block has no rules')

  t.test('an aborted validation ends', async (t) => {
    const block = c.fullBlock(c.head.first)
    await t.rejects(validateBlock(c.env, block, AbortSignal.abort(new Error('enough'))), { message: 'enough' })
  })

  t.test('a miner with two blocks in a tipset', async (t) => {
    const keys = minerKeys(folder)
    const block = c.fullBlock(c.head.first)
    const key = keys.get(block.header.miner.id as bigint)
    if (key === undefined) throw new Error('the miner has no key')
    const twin = { ...block, header: resign({ ...block.header, forkSignaling: 1n }, key) }
    const [first, second] = await validateTipset(c.env, [block, twin])
    t.equal(first?.error, undefined)
    t.match(second?.error, { code: 'BLOCK_DOUBLE', verdict: 'ignore', permanent: false }, 'each alone would be valid')
    await t.resolves(validateBlock(c.env, twin))
  })
})
