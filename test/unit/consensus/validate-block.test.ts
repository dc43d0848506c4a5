import t from 'tap'
import { validateBlock } from '../../../src/consensus/validate-block.ts'
import { validateWay } from '../../../src/consensus/validate-way.ts'
import type { BlockHeader } from '../../../src/types/block.ts'
import { minerKeys, resign, type TestKey } from '../../kit/resign.ts'
import { sharedData } from '../../kit/shared-data.ts'
import { snapshotChain } from '../../kit/snapshot-chain.ts'

t.setTimeout(120_000)

t.test('every block of a Lotus chain with real proofs is valid', async (t) => {
  const folder = sharedData(t, 'chains', 'lotus-devnet-proofs')
  if (folder === undefined) return
  const c = await snapshotChain(folder)
  let blocks = 0
  const parts = new Set<string>()
  const results = await validateWay(
    c.env,
    c.tipsets.map((ts) => ts.blocks.map(c.fullBlock)),
  )
  t.equal(results.length, c.tipsets.length)
  for (const [i, ofBlocks] of results.entries()) {
    for (const { error, times } of ofBlocks) {
      if (error !== undefined) t.fail(`height ${c.tipsets[i]?.height}`, { error })
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
    const [[first, second] = []] = await validateWay(c.env, [[block, twin]])
    t.equal(first?.error, undefined)
    t.match(second?.error, { code: 'BLOCK_DOUBLE', verdict: 'ignore', permanent: false }, 'each alone would be valid')
    await t.resolves(validateBlock(c.env, twin))
  })

  t.test('a way ends at its first bad block', async (t) => {
    const keys = minerKeys(folder)
    const way = c.tipsets.slice(100, 120).map((ts) => ts.blocks.map(c.fullBlock))
    const spoil = (at: number, changes: Partial<BlockHeader>) =>
      way.map((blocks, i) =>
        i === at
          ? blocks.map((b) => ({
              ...b,
              header: resign({ ...b.header, ...changes }, keys.get(b.header.miner.id as bigint) as TestKey),
            }))
          : blocks,
      )
    const early = await validateWay(c.env, spoil(5, { parentBaseFee: 99n }))
    t.equal(early.length, 6)
    t.match(early[5]?.[0]?.error, { code: 'BLOCK_BASE_FEE' }, 'found before its proofs')
    t.ok(early.slice(0, 5).every((blocks) => blocks.every((b) => b.error === undefined)))
    const late = await validateWay(c.env, spoil(5, { ticket: { vrfProof: new Uint8Array(96) } }))
    t.equal(late.length, 6)
    t.match(late[5]?.[0]?.error, { code: 'BLOCK_TICKET' }, 'found by its proofs')
    t.same(await validateWay(c.env, []), [])
  })
})
