import t from 'tap'
import { blake2b256 } from '../../../src/native/crypto.ts'
import type { HeadChange } from '../../../src/store/chain-reader.ts'
import type { BlockHeader } from '../../../src/types/block.ts'
import { Tipset } from '../../../src/types/tipset.ts'
import { testChain } from '../../kit/fork-chain.ts'
import { syncBed as bed, grow, random, weightOf } from '../../kit/sync-bed.ts'

/** The rule by itself: heavier first, then the smaller tickets in order; the earlier seen stays where nothing tells. */
function better(a: Tipset, b: Tipset): boolean {
  if (weightOf(a) !== weightOf(b)) return weightOf(a) > weightOf(b)
  for (let i = 0; i < Math.min(a.blocks.length, b.blocks.length); i++) {
    const [x, y] = [a, b].map((s) => Buffer.from(blake2b256(s.blocks[i]?.ticket?.vrfProof as Uint8Array)).toString('hex')) as [
      string,
      string,
    ]
    if (x !== y) return x < y
  }
  return false
}

t.test('from genesis to the head, each block once', async (t) => {
  const remote = testChain()
  const genesis = remote.genesis()
  const way = grow(remote, genesis, 100, random(1))
  const b = await bed(remote, genesis)
  const head = way.at(-1) as Tipset
  await b.syncer.sync(head.key, head.height)
  t.equal(b.chain.head?.key.toString(), head.key.toString())
  t.same(
    b.validated,
    way.flatMap((s) => s.cids.map(String)),
  )
  t.equal(b.syncer.reports.all().at(-1)?.stage, 'complete')
  await b.close()
})

t.test('500 random forks leave the head that the rule says, and the stream says how', async (t) => {
  const pick = random(7)
  // Each block by a miner of its own: nobody makes two at one height.
  const remote = testChain(0, 1 << 20)
  const genesis = remote.genesis()
  const b = await bed(remote, genesis)
  /** All blocks so far by height and parents: those that can stand in one tipset. */
  const siblings = new Map<string, BlockHeader[]>()
  let trunk = [genesis]
  let best = genesis
  /** Follows a stream of changes; says what does not fit. */
  const follower = () => {
    const followed: Tipset[] = []
    const take = (changes: readonly HeadChange[]): void => {
      for (const c of changes) {
        if (c.type === 'revert') {
          if (followed.at(-1)?.equals(c.tipset) !== true) t.fail('a tipset was reverted that was not on top')
          followed.pop()
        } else if (c.type === 'apply') {
          const below = followed.at(-1) ?? genesis
          if (!c.tipset.parents.equals(below.key)) t.fail('a tipset was applied that does not follow')
          followed.push(c.tipset)
        }
      }
    }
    return { followed, take }
  }
  const listener = follower()
  const gone = b.chain.onHeadChange((changes) => listener.take(changes))
  // What ChainNotify sends.
  const reader = follower()
  const stop = new AbortController()
  const first: string[] = []
  const reading = (async () => {
    for await (const changes of b.chain.subscribe(stop.signal)) {
      if (first.length === 0) first.push(...changes.map((c) => c.type))
      reader.take(changes)
    }
  })()
  let wrong = 0
  for (let i = 0; i < 500; i++) {
    const depth = 1 + pick(Math.min(20, trunk.length))
    const from = trunk[trunk.length - depth] as Tipset
    const fork = grow(remote, from, 1 + pick(depth + 1), pick)
    const last = fork.at(-1) as Tipset
    await b.syncer.sync(last.key, last.height)
    for (const tipset of fork) {
      const id = `${tipset.height}/${tipset.parents}`
      siblings.set(id, [...(siblings.get(id) ?? []), ...tipset.blocks])
    }
    // A fork of one tipset may stand beside blocks of the trunk: then all of them are one tipset.
    const tip = Tipset.create(siblings.get(`${last.height}/${last.parents}`) as BlockHeader[])
    if (better(tip, best)) {
      best = tip
      trunk = [...trunk.slice(0, trunk.length - depth + 1), ...fork.slice(0, -1), tip]
    }
    if (b.chain.head?.equals(best) !== true) wrong++
  }
  t.equal(wrong, 0, 'the head is the heaviest each time')
  await new Promise((resolve) => setImmediate(resolve))
  stop.abort()
  await reading
  t.same(first, ['current'])
  const way: string[] = []
  for (let at = best; at.height > 0; at = b.chain.reader.parent(at)) way.unshift(String(at.key))
  for (const { followed } of [listener, reader])
    t.same(
      followed.map((x) => String(x.key)),
      way,
      'reverts and applies lead along the chain to the head',
    )
  gone()
  await b.close()
})

t.test('a bad block is remembered with what stands on it; one that cannot be judged yet is not', async (t) => {
  const remote = testChain()
  const genesis = remote.genesis()
  const way = grow(remote, genesis, 10, random(3))
  const b = await bed(remote, genesis)
  const head = way.at(-1) as Tipset
  const culprit = way[4]?.cids[0] as NonNullable<Tipset['cids'][0]>
  b.failing.set(culprit.toString(), false)
  await t.rejects(b.syncer.sync(head.key, head.height), { code: 'TEST_BAD' })
  t.equal(b.syncer.bad.size, 0, 'nothing is bad for good')
  b.failing.set(culprit.toString(), true)
  await t.rejects(b.syncer.sync(head.key, head.height), { code: 'TEST_BAD' })
  t.equal(b.syncer.bad.get(culprit)?.reason, 'broken on purpose')
  t.match(b.syncer.bad.get(head.cids[0] as never)?.reason ?? '', /^linked to .*broken on purpose/)
  await t.rejects(b.syncer.sync(head.key, head.height), { code: 'SYNC_BAD_BLOCK' }, 'nobody asks again')
  t.ok((b.chain.head?.height ?? 0) < (way[4] as Tipset).height, 'the head stays below it')
  b.syncer.bad.clear()
  b.failing.clear()
  await b.syncer.sync(head.key, head.height)
  t.equal(b.chain.head?.key.toString(), head.key.toString(), 'forgiven, it is taken')
  await b.close()
})

t.test('a sync that was stopped goes on where it was', async (t) => {
  const remote = testChain()
  const genesis = remote.genesis()
  const way = grow(remote, genesis, 300, random(5))
  let b = await bed(remote, genesis)
  const head = way.at(-1) as Tipset
  const culprit = way[200]?.cids[0] as NonNullable<Tipset['cids'][0]>
  b.failing.set(culprit.toString(), false)
  await t.rejects(b.syncer.sync(head.key, head.height))
  const before = b.validated.length
  t.ok(before >= 200)
  b = await b.restart()
  await b.syncer.sync(head.key, head.height)
  t.equal(b.chain.head?.key.toString(), head.key.toString())
  t.equal(b.validated.length + before, way.flatMap((s) => s.cids).length, 'no block is validated twice')
  await b.close()
})

t.test('a fork past finality or beside the checkpoint moves nothing', async (t) => {
  const remote = testChain()
  const genesis = remote.genesis()
  const trunk = grow(remote, genesis, 1000, () => 1)
  const b = await bed(remote, genesis)
  const head = trunk.at(-1) as Tipset
  await b.syncer.sync(head.key, head.height)
  const old = grow(remote, trunk[20] as Tipset, 1200, () => 1)
  const rival = old.at(-1) as Tipset
  await t.rejects(b.syncer.sync(rival.key, rival.height), { code: 'SYNC_FORK_TOO_LONG' })
  t.ok(b.chain.head?.equals(head))
  await b.chain.setCheckpoint(trunk[990] as Tipset)
  const beside = grow(remote, trunk[980] as Tipset, 40, () => 1)
  const tip = beside.at(-1) as Tipset
  await t.rejects(b.syncer.sync(tip.key, tip.height), { code: 'SYNC_CHECKPOINT' })
  t.ok(b.chain.head?.equals(head))
  const above = grow(remote, trunk[995] as Tipset, 40, () => 1)
  await b.syncer.sync((above.at(-1) as Tipset).key, (above.at(-1) as Tipset).height)
  t.ok(b.chain.head?.equals(above.at(-1) as Tipset), 'one above the checkpoint is taken')
  await b.close()
})

t.test('another genesis, and headers that are not what was asked for', async (t) => {
  const remote = testChain()
  const genesis = remote.genesis()
  const foreign = testChain(1000)
  const other = grow(foreign, foreign.genesis(), 5, random(9))
  for (const block of foreign.store.blocks()) remote.store.put(block.cid, block.data)
  const b = await bed(remote, genesis)
  const tip = other.at(-1) as Tipset
  await t.rejects(b.syncer.sync(tip.key, tip.height), { code: 'SYNC_GENESIS' })
  t.ok(b.chain.head?.equals(genesis))
  await b.close()
})

t.test('a checkpoint is fetched, validated and followed, however light, and takes the place of the last', async (t) => {
  const remote = testChain()
  const genesis = remote.genesis()
  const trunk = grow(remote, genesis, 30, () => 1)
  let b = await bed(remote, genesis)
  const head = trunk.at(-1) as Tipset
  await b.syncer.sync(head.key, head.height)
  const below = trunk[20] as Tipset
  await b.syncer.checkpoint(below.key)
  t.ok(b.chain.head?.equals(head), 'one on the chain leaves the head where it is')
  t.ok(b.chain.checkpoint?.equals(below))

  const light = grow(remote, trunk[10] as Tipset, 5, () => 1)
  const tip = light.at(-1) as Tipset
  await t.rejects(b.syncer.sync(tip.key, tip.height), { code: 'SYNC_CHECKPOINT' }, 'syncing alone never leaves the checkpoint')
  b.failing.set(String(light[2]?.cids[0]), true)
  await t.rejects(b.syncer.checkpoint(tip.key), { code: 'TEST_BAD' }, 'a bad chain cannot be pinned')
  t.ok(b.chain.checkpoint?.equals(below), 'nothing has changed')
  t.equal(b.syncer.reports.all().at(-1)?.stage, 'error')
  b.failing.clear()
  b.syncer.bad.clear()
  await b.syncer.checkpoint(tip.key)
  t.ok(b.chain.head?.equals(tip), 'the pinned fork is the chain now')
  t.ok(b.chain.checkpoint?.equals(tip))
  await t.rejects(b.syncer.sync(head.key, head.height), { code: 'STORE_CHECKPOINT' }, 'the heavier chain is not taken any more')

  b = await b.restart()
  t.ok(b.chain.checkpoint?.equals(tip), 'kept over a restart')
  const on = grow(remote, tip, 3, () => 1).at(-1) as Tipset
  await b.syncer.sync(on.key, on.height)
  t.ok(b.chain.head?.equals(on), 'the chain grows on top of it')
  await b.close()
})

t.test('a pinned tipset stays the head though its miner made two blocks', async (t) => {
  // All blocks by one miner: any two at one height are an equivocation.
  const remote = testChain(0, 1)
  const genesis = remote.genesis()
  const [one, twin] = [remote.extend(genesis), remote.extend(genesis)]
  const b = await bed(remote, genesis)
  await b.syncer.sync(one.key, one.height)
  await b.syncer.sync(twin.key, twin.height)
  t.ok(b.chain.head?.equals(genesis), 'without a checkpoint neither of them is the head')
  await b.syncer.checkpoint(one.key)
  await b.syncer.sync(twin.key, twin.height)
  t.ok(b.chain.head?.equals(one))
  const next = remote.extend(one)
  await b.syncer.sync(next.key, next.height)
  t.ok(b.chain.head?.equals(next), 'the chain goes on from it')
  await b.close()
})
