// Heads that peers claim: who cannot show what it claims answers for it, and nobody holds up the others. Blocks ahead of their
// time are never bad, and are taken when it has come.

import t from 'tap'
import { checkNotFuture } from '../../../src/consensus/rules/time.ts'
import { configureLogging } from '../../../src/lib/log.ts'
import { Conduct } from '../../../src/net/conduct.ts'
import { codeOf } from '../../../src/sync/errors.ts'
import { type Claim, Targets } from '../../../src/sync/targets.ts'
import type { Tipset, TipsetKey } from '../../../src/types/tipset.ts'
import { testChain } from '../../kit/fork-chain.ts'
import { until } from '../../kit/net-pair.ts'
import { grow, random, syncBed } from '../../kit/sync-bed.ts'

configureLogging({ level: 'fatal' })

const claimOf = (tipset: Tipset, weight = BigInt(tipset.height)): Claim => ({ key: tipset.key, height: tipset.height, weight })

t.test('a target that peers hold up does not hold up the others', async (t) => {
  const remote = testChain(0, 1 << 20)
  const genesis = remote.genesis()
  const way = grow(remote, genesis, 60, random(1))
  const rivals = [1, 2, 3].map((seed) => grow(remote, genesis, 5, random(seed)).at(-1) as Tipset)
  const stalled = new Set(rivals.map((r) => r.key.id))
  const asked: string[] = []
  const b = await syncBed(remote, genesis, {
    beforeHeaders: async (key, signal, prefer) => {
      if (!stalled.has(key.id)) return
      asked.push(...prefer)
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))
    },
  })
  b.syncer.start()
  for (const [i, rival] of rivals.entries()) b.syncer.heard(claimOf(rival, 1n << 200n), `mallory${i}`)
  await until(() => asked.length === 3)
  const head = way.at(-1) as Tipset
  b.syncer.heard(claimOf(head), 'alice')
  await until(() => b.chain.head?.equals(head) === true, 10_000, 'the honest head')
  const next = remote.extend(head)
  const { bls, secp } = { bls: [], secp: [] }
  await b.syncer.submit({ header: next.first, bls, secp })
  t.ok(b.chain.head?.equals(next), 'blocks are taken meanwhile')
  t.same(asked.sort(), ['mallory0', 'mallory1', 'mallory2'], 'who claims is asked first')
  await b.close()
})

t.test('two targets with a common way: each block is validated once', async (t) => {
  const remote = testChain(0, 1 << 20)
  const genesis = remote.genesis()
  const way = grow(remote, genesis, 150, random(4))
  const b = await syncBed(remote, genesis)
  b.syncer.start()
  const heads = [way[100], way[149], way[120], way[60]] as Tipset[]
  for (const [i, h] of heads.entries()) b.syncer.heard(claimOf(h), `peer${i}`)
  await until(() => b.chain.head?.equals(way[149] as Tipset) === true, 10_000)
  await b.syncer.sync(heads[0]!.key, 0)
  t.same(
    b.validated,
    way.flatMap((s) => s.cids.map(String)),
  )
  await b.close()
})

t.test(
  'past finality, beside the checkpoint, another genesis, bad blocks: nothing moves, and who claimed it is told',
  async (t) => {
    const remote = testChain(0, 1 << 20)
    const genesis = remote.genesis()
    const trunk = grow(remote, genesis, 1000, () => 1)
    const foreign = testChain(1 << 24, 1 << 20)
    const other = grow(foreign, foreign.genesis(), 5, random(9))
    for (const block of foreign.store.blocks()) remote.store.put(block.cid, block.data)
    const blamed: [string, unknown][] = []
    const expelled: string[] = []
    const conduct = new Conduct({ expel: (peer) => expelled.push(peer) })
    const b = await syncBed(remote, genesis, {
      onBadClaim: (peer, error) => {
        blamed.push([peer, codeOf(error)])
        conduct.report(peer, 'wrong', error.message)
      },
    })
    const head = trunk.at(-1) as Tipset
    await b.syncer.sync(head.key, head.height)
    await b.chain.setCheckpoint(trunk[990] as Tipset)
    b.syncer.start()
    const claim = async (what: string, tipset: Tipset, peer: string, code: string): Promise<void> => {
      const before = blamed.length
      b.syncer.heard(claimOf(tipset, 1n << 100n), peer)
      await until(() => blamed.length > before, 10_000, what)
      t.same(blamed.at(-1), [peer, code], what)
      t.ok(b.chain.head?.equals(head), 'the head has not moved')
    }
    const long = grow(remote, trunk[20] as Tipset, 1200, () => 1)
    await claim('past finality and the checkpoint', long.at(-1) as Tipset, 'a', 'SYNC_CHECKPOINT')
    await b.chain.removeCheckpoint()
    await claim('past finality', long.at(-1) as Tipset, 'a', 'SYNC_FORK_TOO_LONG')
    await b.chain.setCheckpoint(trunk[990] as Tipset)
    await claim('beside the checkpoint', grow(remote, trunk[980] as Tipset, 40, () => 1).at(-1) as Tipset, 'b', 'SYNC_CHECKPOINT')
    await claim('another genesis', other.at(-1) as Tipset, 'c', 'SYNC_CHECKPOINT')
    await b.chain.removeCheckpoint()
    const bad = grow(remote, trunk[995] as Tipset, 20, () => 1)
    b.failing.set(String(bad[0]?.cids[0]), true)
    await claim('a bad block', bad.at(-1) as Tipset, 'd', 'TEST_BAD')
    await claim('known to be bad', bad.at(-1) as Tipset, 'd', 'SYNC_BAD_BLOCK')
    await claim('on top of it', remote.extend(bad.at(-1) as Tipset), 'd', 'SYNC_BAD_BLOCK')
    t.same(expelled, ['d'], 'the third time it is turned away')
    await b.close()
  },
)

t.test('of one peer only the last claim counts, and only the heaviest are kept', async (t) => {
  const remote = testChain(0, 1 << 20)
  const genesis = remote.genesis()
  const all = Array.from({ length: 200 }, () => remote.extend(genesis))
  const targets = new Targets()
  for (const [i, x] of all.entries()) targets.add(claimOf(x, BigInt(i)), 'mallory')
  t.equal(targets.take()?.key.id, all[199]?.key.id)
  t.equal(targets.take(), undefined)
  for (const [i, x] of all.slice(0, 150).entries()) targets.add(claimOf(x, BigInt(i)), `peer${i}`)
  const taken: bigint[] = []
  for (let x = targets.take(); x !== undefined; x = targets.take()) taken.push(x.weight)
  t.same(
    taken,
    Array.from({ length: 64 }, (_, i) => BigInt(149 - i)),
  )
  const active = claimOf(all[149] as Tipset, 1n)
  targets.add(active, 'eve')
  t.equal(targets.take(), undefined, 'what is worked on is not begun again')
})

t.test('blocks +2 s, +60 s and +1 h ahead, and a clock that jumps by an hour: none is bad, all are taken when due', async (t) => {
  const remote = testChain(0, 1 << 20)
  const genesis = remote.genesis()
  // A block every 30 seconds of a clock of our own, in ms.
  let now = 0
  const b = await syncBed(remote, genesis, {
    now: () => now,
    judge: (header) => {
      try {
        checkNotFuture(header, Math.floor(now / 1000))
        return undefined
      } catch (error) {
        return error as Error
      }
    },
  })
  b.syncer.start()
  const make = (parent: Tipset, epochs: number): Tipset => remote.extend(parent, { nullRounds: epochs - 1 })
  const submit = (tipset: Tipset): Promise<void> => b.syncer.submit({ header: tipset.first, bls: [], secp: [] })
  const isHead = (tipset: Tipset, what: string): Promise<void> =>
    until(() => b.chain.head?.equals(tipset) === true, 10_000, what).then(() => void t.pass(what))
  const refusedNow = async (tipset: Tipset): Promise<void> => {
    await t.rejects(submit(tipset), { code: 'BLOCK_FUTURE', permanent: false, verdict: 'ignore' })
    t.equal(b.syncer.bad.size, 0)
    t.not(String(b.chain.head?.key), String(tipset.key))
  }

  const one = make(genesis, 1)
  now = 28_000
  await refusedNow(one)
  now = 29_000
  await isHead(one, 'two seconds ahead, and due one second later')

  const two = make(one, 3)
  now = 60_000
  await refusedNow(two)
  now = 120_000
  await isHead(two, 'sixty seconds ahead')

  const hour = make(two, 120)
  await refusedNow(hour)
  now += 3_600_000
  await isHead(hour, 'an hour ahead, and the clock jumps by an hour')

  // The clock goes back by an hour: new blocks are ahead of it, what was taken stays.
  now -= 3_600_000
  const next = make(hour, 1)
  await refusedNow(next)
  t.ok(b.chain.head?.equals(hour), 'what was valid stays valid')
  now += 3_600_000 + 30_000
  await isHead(next, 'when the clock is right again')

  // A block too far ahead to be kept is not bad either: it is taken when it comes again.
  const far = make(next, 24 * 120)
  await refusedNow(far)
  now += 24 * 3_600_000
  await new Promise((resolve) => setTimeout(resolve, 1200))
  t.ok(b.chain.head?.equals(next))
  await submit(far)
  t.ok(b.chain.head?.equals(far))
  t.equal(b.syncer.bad.size, 0)
  await b.close()
})

t.test('a flood of blocks ahead of their time is bounded', async (t) => {
  const remote = testChain(0, 1 << 20)
  const genesis = remote.genesis()
  let now = 0
  const due: TipsetKey[] = []
  const { Deferred } = await import('../../../src/sync/deferred.ts')
  const deferred = new Deferred({ now: () => now, onDue: (key) => due.push(key) })
  const all = Array.from({ length: 500 }, (_, i) => remote.extend(genesis, { nullRounds: i % 100 }))
  for (const x of all) deferred.add(x.key, x.first)
  t.equal(deferred.size, 64)
  now = 3_600_000
  await until(() => deferred.size === 0)
  t.equal(due.length, 64)
  deferred.close()
})
