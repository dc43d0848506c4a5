import { createHash } from 'node:crypto'
import t from 'tap'
import { bestTipset, compareTickets, compareTipsets, equivocators, formTipsets } from '../../../src/consensus/fork-choice.ts'
import { Address } from '../../../src/types/address.ts'
import type { BlockHeader } from '../../../src/types/block.ts'
import { blockCid } from '../../../src/types/block.ts'
import { Tipset } from '../../../src/types/tipset.ts'
import { testChain } from '../../kit/fork-chain.ts'

const c = testChain()
const parent = c.genesis()
const base = c.extend(parent).first
const made = (changes: Partial<BlockHeader>, vrf: number): BlockHeader => ({
  ...base,
  ...changes,
  ticket: { vrfProof: Uint8Array.of(vrf) },
})
const by = (miner: number, vrf: number, changes: Partial<BlockHeader> = {}) =>
  made({ miner: Address.fromId(BigInt(miner)), ...changes }, vrf)

t.test('ties go to the smallest ticket, in the order of blocks', async (t) => {
  // blake2b-256 of these bytes begins with 3, 187, 232 and 238 (Lotus chain/store/weight_test.go).
  const [a, b, small, large] = [0, 2, 3, 1] as const
  const losing = Tipset.create([by(1, b), by(2, small)])
  const winning = Tipset.create([by(3, a), by(4, large)])
  t.ok(compareTickets(winning, losing) > 0, 'the first block decides, not the second')
  t.ok(compareTickets(losing, winning) < 0)
  const short = Tipset.create([by(1, a)])
  t.equal(compareTickets(short, winning), 0, 'a beginning of the other is no better')
  t.equal(compareTickets(winning, short), 0)
  const other = Tipset.create([by(5, a), by(6, small)])
  t.ok(compareTickets(other, winning) > 0, 'equal first tickets leave it to the second')
})

t.test('weight comes first', async (t) => {
  const small = { tipset: Tipset.create([by(1, 0)]), weight: 5n }
  const large = { tipset: Tipset.create([by(1, 1)]), weight: 5n }
  t.ok(compareTipsets(small, large) > 0)
  t.ok(compareTipsets(small, { ...large, weight: 6n }) < 0)
  t.ok(compareTipsets({ ...large, weight: 6n }, small) > 0)
  t.equal(compareTipsets(small, small), 0)
  const again = { ...small, tipset: Tipset.create([by(1, 0, { forkSignaling: 1n })]) }
  t.equal(bestTipset([large, small, again]), small, 'the first of equals stays')
  t.equal(bestTipset([]), undefined)
})

t.test('tipsets of the blocks of a height', async (t) => {
  const otherParents = { parents: [...c.extend(parent).cids] }
  const one = by(1, 1)
  const two = by(2, 2)
  const three = by(3, 3, otherParents)
  const keys = (blocks: readonly BlockHeader[]) => formTipsets(blocks).map((ts) => ts.blocks.map((b) => String(b.miner)).sort())
  t.same(keys([one, three, two]), [['f01', 'f02'], ['f03']])
  t.same(keys([]), [])

  t.test('all blocks of a miner with two are left out', async (t) => {
    const sameParents = by(1, 9)
    t.same([...equivocators([one, two, sameParents])], [one.miner.key])
    t.same(keys([one, two, sameParents]), [['f02']])
    t.same(keys([one, two, three, by(1, 9, otherParents)]), [['f02'], ['f03']], 'on whatever parents')
    t.same(keys([one, sameParents, by(1, 10)]), [])
  })
})

t.test('random blocks against a plain model', async (t) => {
  const random = (i: number, n: number): number => createHash('sha256').update(`${i}`).digest().readUInt32BE(0) % n
  const parents = [0, 1, 2].map(() => [...c.extend(parent).cids])
  let seed = 0
  for (let round = 0; round < 200; round++) {
    const blocks = Array.from({ length: 1 + random(seed++, 8) }, () =>
      by(1 + random(seed++, 6), random(seed++, 250), {
        parents: parents[random(seed++, 3)] as BlockHeader['parents'],
        forkSignaling: BigInt(seed),
      }),
    )
    const expected = parents
      .map((p) => blocks.filter((b) => b.parents === p && blocks.filter((o) => o.miner.equals(b.miner)).length === 1))
      .filter((group) => group.length > 0)
      .map((group) => group.map((b) => blockCid(b).toString()).sort())
    const found = formTipsets(blocks).map((ts) => ts.cids.map(String).sort())
    t.same(found.sort(), expected.sort())
  }
})
