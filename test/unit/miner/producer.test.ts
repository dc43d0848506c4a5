import t from 'tap'
import { configureLogging } from '../../../src/lib/log.ts'
import { disjoint } from '../../../src/miner/mining/chain.ts'
import { countWinners } from '../../../src/miner/mining/count-winners.ts'
import { PastGuard } from '../../../src/miner/mining/past.ts'
import { MiningRecord } from '../../../src/miner/mining/record.ts'
import { intersection, Round, type RoundComponents } from '../../../src/miner/mining/round.ts'
import type { MinerRecords } from '../../../src/miner/records.ts'
import { Address } from '../../../src/types/address.ts'
import { type BlockHeader, blockCid } from '../../../src/types/block.ts'
import type { SignedMessage } from '../../../src/types/message.ts'
import { Tipset } from '../../../src/types/tipset.ts'
import { DELAY_SECS, MemoryRecords, MiningWorld, view } from '../../kit/mining-world.ts'

configureLogging({ level: 'error', format: 'plain', write: () => {} })
const id = (n: bigint): Address => Address.fromId(n)
const { signal } = new AbortController()

t.test('1,000 epochs of two actors: wins, times and records are those of the arithmetic', async (t) => {
  const world = new MiningWorld(
    new Map([
      [1000n, 30n << 40n],
      [1001n, 10n << 40n],
      [1002n, 160n << 40n],
    ]),
  )
  const epochs = 1000
  await world.mine([1000n, 1001n], (a) => (a.at(-1)?.epoch ?? 0) >= epochs && a.length % 2 === 0)
  let both = 0
  for (const miner of [1000n, 1001n]) {
    const attempts = world.attempts.filter((a) => a.miner.id === miner && a.epoch <= epochs)
    t.same(
      attempts.map((a) => a.epoch),
      Array.from({ length: epochs }, (_, i) => i + 1),
      'one attempt an epoch',
    )
    const wrong: number[] = []
    for (const a of attempts) {
      const wins = await world.winsOf(id(miner), a.epoch)
      if (Number(a.winCount) !== wins || (a.outcome === 'won') !== wins > 0 || (a.block !== null) !== wins > 0)
        wrong.push(a.epoch)
    }
    t.same(wrong, [], 'epochs whose wins differ')
    const won = attempts.filter((a) => a.outcome === 'won')
    const total = won.reduce((sum, a) => sum + Number(a.winCount), 0)
    // Five wins an epoch for the whole network; four standard deviations of a Poisson distribution.
    const expected = (5 * epochs * Number(world.power.get(miner))) / Number([...world.power.values()].reduce((a, b) => a + b))
    t.ok(Math.abs(total - expected) < 4 * Math.sqrt(expected), `${total} wins where ${expected} are expected`)
    const counted = await countWinners(world, [id(miner)], 1, epochs, signal)
    t.equal(Number(counted[0]?.totalWinCount), total, 'a recomputation from the chain agrees')
    t.same(
      counted[0]?.winEpochs.map((w) => w.epoch),
      won.map((a) => a.epoch),
    )
    both = won.length
  }
  const heights = new Map<number, number>()
  for (const { block, at } of world.submitted) {
    heights.set(block.header.height, (heights.get(block.header.height) ?? 0) + 1)
    if (at !== Number(block.header.timestamp) * 1000) t.fail(`the block of ${block.header.height} was sent at ${at}`)
  }
  t.ok([...heights.values()].every((n) => n <= 2))
  t.ok([...heights.values()].filter((n) => n === 2).length > both / 4, 'both win at the same height now and then')
  t.ok(
    world.selections.some((n) => n === 2),
    'messages of two blocks are chosen together',
  )
  t.notOk(
    world.attempts.some((a) => a.late),
    'nothing began late',
  )
})

t.test('a chain that stood still goes on with null rounds, without waiting', async (t) => {
  const world = new MiningWorld(
    new Map([
      [1000n, 1n],
      [1001n, 60n],
    ]),
  )
  await world.clock.sleep(50 * DELAY_SECS * 1000)
  await world.mine([1000n], (a) => (a.at(-1)?.epoch ?? 0) >= 60)
  const first = world.submitted[0]?.block.header as BlockHeader
  const base = world.attempts.find((a) => a.epoch === first.height)
  t.equal(base?.baseEpoch, 0)
  t.equal(base?.nullRounds, first.height - 1)
  t.equal(Number(first.timestamp), 1_700_000_000 + first.height * DELAY_SECS)
  t.ok(world.attempts.filter((a) => a.epoch < 49).every((a) => a.late))
  t.notOk(world.attempts.find((a) => a.epoch === 58)?.late)
})

t.test('a block that would be punished is held back, and the epoch says so', async (t) => {
  const world = new MiningWorld(new Map([[1000n, 1n]]))
  const epoch = 1
  const other = { ...world.foreign(1000n, epoch, 'of another life') }
  await world.filter.pass(other, 0)
  await world.mine([1000n], (a) => a.length >= 3)
  const attempt = world.attempts.find((a) => a.epoch === epoch)
  t.equal(attempt?.outcome, 'refused')
  t.match(attempt?.reason, new RegExp(`${blockCid(other)}`))
  t.equal(attempt?.block, null)
  t.notOk(world.submitted.some(({ block }) => block.header.height === epoch))
  t.equal(world.attempts.find((a) => a.epoch === 2)?.outcome, 'refused', 'on the same parents either')
})

t.test('what fails is tried again while there is time', async (t) => {
  const world = new MiningWorld(new Map([[1000n, 1n]]))
  let failures = 2
  const createBlock = world.createBlock.bind(world)
  world.createBlock = (template) => (failures-- > 0 ? Promise.reject(new Error('no such luck')) : createBlock(template))
  await world.mine([1000n], (a) => a.some((x) => x.outcome === 'won'))
  t.same(
    world.attempts.slice(0, 3).map((a) => [a.epoch, a.outcome, a.reason]),
    [
      [1, 'failed', 'no such luck'],
      [1, 'failed', 'no such luck'],
      [1, 'won', ''],
    ],
  )
  const prover = { winningPost: () => Promise.reject(new Error('sector 1 cannot be read')) }
  const alone = new Round(
    { ...world.components, prover },
    world.rules,
    { tipset: await world.head(), seenAt: 0, nullRounds: 0 },
    signal,
  )
  const [attempt] = await alone.run([id(1000n)])
  t.match(attempt, { outcome: 'failed', reason: 'sector 1 cannot be read' })
})

t.test('actors are stopped and started one by one', async (t) => {
  const world = new MiningWorld(
    new Map([
      [1000n, 1n],
      [1001n, 1n],
    ]),
  )
  await world.mine([1000n, 1001n], (a) => {
    const epoch = a.at(-1)?.epoch ?? 0
    if (epoch === 3) world.producer?.setMining([id(1000n)], false)
    if (epoch === 6) world.producer?.setMining([], true)
    return epoch >= 9 && a.at(-1)?.miner.id === 1001n
  })
  const epochsOf = (miner: bigint): number[] => world.attempts.filter((a) => a.miner.id === miner).map((a) => a.epoch)
  t.same(epochsOf(1000n), [1, 2, 3, 7, 8, 9])
  t.same(epochsOf(1001n), [1, 2, 3, 4, 5, 6, 7, 8, 9])
  t.throws(() => world.producer?.setMining([id(7n)], true), { code: 'MINER_UNKNOWN_ACTOR' })
  t.same(
    world.producer?.states().map((s) => [String(s.miner), s.isMining, s.lastEpoch]),
    [
      ['f01000', true, 9],
      ['f01001', true, 9],
    ],
  )
})

t.test('of parents that changed those are kept that are in both', async (t) => {
  const world = new MiningWorld(new Map([[1000n, 1n]]))
  const [a, b, c] = ['a', 'b', 'c'].map((salt, i) => world.foreign(2000n + BigInt(i), 1, salt)) as [
    BlockHeader,
    BlockHeader,
    BlockHeader,
  ]
  const wide = Tipset.create([a, b])
  t.equal(intersection(view(wide), view(wide)), undefined)
  t.equal(intersection(view(wide), view(Tipset.create([a, b, c]))), undefined, 'none comes in')
  t.equal(intersection(view(wide), view(Tipset.create([c]))), undefined, 'none is left: the base stays')
  t.same(intersection(view(wide), view(Tipset.create([b, c])))?.cids.map(String), [String(blockCid(b))])
  t.equal(intersection(view(wide), view(world.top)), undefined, 'another height')

  const kept = Tipset.create([wide.blocks[1] as BlockHeader])
  world.setHead(kept)
  const round = new Round(world.components, world.rules, { tipset: view(wide), seenAt: world.clock.now(), nullRounds: 0 }, signal)
  const [attempt] = await round.run([id(1000n)])
  t.equal(attempt?.outcome, 'won')
  t.same(attempt?.base.cids.map(String), kept.cids.map(String))
  const header = world.submitted.at(-1)?.block.header as BlockHeader
  const fresh = new MiningWorld(new Map([[1000n, 1n]]))
  fresh.setHead(kept)
  const direct = new Round(fresh.components, fresh.rules, { tipset: view(kept), seenAt: 0, nullRounds: 0 }, signal)
  await direct.run([id(1000n)])
  t.same(header.ticket, fresh.submitted.at(-1)?.block.header.ticket, 'the ticket is drawn anew')
  t.same(world.selections, [1, 1], 'and the messages are chosen anew')
})

t.test('what comes while a proof is made counts for the block', async (t) => {
  const world = new MiningWorld(new Map([[1000n, 1n]]))
  const wide = Tipset.create(['a', 'b'].map((salt, i) => world.foreign(2000n + BigInt(i), 1, salt)))
  world.setHead(wide)
  const kept = Tipset.create([wide.blocks[1] as BlockHeader])
  const chosenBefore: number[] = []
  const prover: RoundComponents['prover'] = {
    winningPost: async (...args) => {
      await world.clock.sleep(5000)
      chosenBefore.push(world.selections.length)
      // The second block of one parent's miner is heard: neither of them is in the head any more.
      world.setHead(kept)
      return world.components.prover.winningPost(...args)
    },
  }
  const base = { tipset: view(wide), seenAt: world.clock.now(), nullRounds: 0 }
  const [attempt] = await new Round({ ...world.components, prover }, world.rules, base, signal).run([id(1000n)])
  t.equal(attempt?.outcome, 'won')
  t.same(chosenBefore, [0], 'messages are chosen after the proof')
  t.same(attempt?.base.cids.map(String), kept.cids.map(String), 'and the parents are looked at after it')
})

t.test('no messages are chosen for proofs that fail', async (t) => {
  const world = new MiningWorld(new Map([[1000n, 1n]]))
  const prover: RoundComponents['prover'] = { winningPost: () => Promise.reject(new Error('no sector can be read')) }
  const base = { tipset: view(world.top), seenAt: world.clock.now(), nullRounds: 0 }
  const [attempt] = await new Round({ ...world.components, prover }, world.rules, base, signal).run([id(1000n)])
  t.equal(attempt?.outcome, 'failed')
  t.equal(attempt?.reason, 'no sector can be read')
  t.same(world.selections, [])
})

t.test('messages of several blocks: each sender belongs to one of them', async (t) => {
  const of = (sender: bigint, nonce: bigint) => ({ message: { from: id(sender), nonce } }) as unknown as SignedMessage
  const lists = disjoint([
    [of(1n, 0n), of(1n, 1n), of(2n, 5n)],
    [of(1n, 0n), of(1n, 1n), of(1n, 2n), of(3n, 0n)],
    [of(3n, 0n), of(4n, 0n)],
  ])
  t.same(
    lists.map((l) => l.map(({ message }) => `${message.from.id}/${message.nonce}`)),
    [['1/0', '1/1', '2/5'], ['3/0'], ['4/0']],
  )
})

t.test('an unknown past is waited out, or taken on at the operator’s word', async (t) => {
  const world = new MiningWorld(new Map([[1000n, 1n]]))
  await world.mine([1000n], (a) => a.filter((x) => x.outcome === 'won').length >= 5)
  // The repository is lost, and set up again.
  const lost = new MiningWorld(world.power)
  lost.setHead(world.top)
  const chain = { tipset: (key: Parameters<MiningWorld['tipset']>[0]) => world.tipset(key) }
  const guard = (records: MinerRecords) => new PastGuard({ chain, records, filter: lost.filter })
  const miner = id(1000n)
  const head = view(world.top)
  const now = head.height + 2
  const unknown = guard(lost.records)
  await t.rejects(unknown.check(miner, head, now, signal), { code: 'SLASH_UNKNOWN_PAST' })
  await t.rejects(
    guard(lost.records).check(miner, head, now + 100, signal),
    { code: 'SLASH_UNKNOWN_PAST' },
    'a restart does not put it off',
  )
  lost.setHead(Tipset.create([lost.foreign(2000n, now, 'others')]))
  await t.rejects(unknown.check(miner, view(lost.top), now, signal), { code: 'SLASH_UNKNOWN_PAST' })
  lost.setHead(Tipset.create([lost.foreign(2000n, now + 1, 'others')]))
  await unknown.check(miner, view(lost.top), now + 1, signal)
  t.equal(unknown.since(miner), now)

  const taken = guard(new MemoryRecords())
  await taken.accept(miner, now)
  await taken.check(miner, head, now, signal)

  const stranger = id(3000n)
  await guard(new MemoryRecords()).check(stranger, head, now, signal)
  const other = Tipset.create([lost.foreign(1000n, now + 2, 'made elsewhere')])
  await t.rejects(unknown.check(miner, view(other), now + 2, signal), { code: 'SLASH_OTHER_PRODUCER' })
})

t.test('records are kept for a time, and read from the newest', async (t) => {
  const world = new MiningWorld(new Map([[1000n, 1n]]))
  const record = new MiningRecord({ records: world.records }, { keepEpochs: 100 })
  await world.mine([1000n], (a) => a.length >= 3)
  const [sample] = world.attempts
  if (sample === undefined) throw new Error('there is no attempt')
  for (let epoch = 1; epoch <= 1000; epoch++) await record.put({ ...sample, epoch, reason: String(epoch) })
  const newest = await record.query(id(1000n), -1, 3)
  t.same(
    newest.map((a) => [a.epoch, a.reason]),
    [
      [1000, '1000'],
      [999, '999'],
      [998, '998'],
    ],
  )
  t.same(newest[0]?.stages, sample.stages)
  t.same(
    (await record.query(id(1000n), 950, 2)).map((a) => a.epoch),
    [950, 949],
  )
  const all = await record.query(id(1000n), -1, 5000)
  t.equal(all.at(-1)?.epoch, 900, 'what is older was removed')
  t.same(await record.query(id(7n), -1, 10), [])
})
