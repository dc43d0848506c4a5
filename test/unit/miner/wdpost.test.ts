import t, { type Test } from 'tap'
import { declareFaultsRecoveredParams, submitWindowedPoStParams } from '../../../src/actors/methods/miner-sectors.ts'
import { decode } from '../../../src/codec/codec.ts'
import { configureLogging } from '../../../src/lib/log.ts'
import type { WindowPostScheduler } from '../../../src/miner/wdpost/scheduler.ts'
import { BitField } from '../../../src/types/bitfield.ts'
import { type SignedMessage, signedMessageCid } from '../../../src/types/message.ts'
import { PostChain } from '../../kit/post-chain.ts'

/** Moves the head, and lets everything that it begins come to rest. */
async function moveTo(chain: PostChain, scheduler: WindowPostScheduler, height: number): Promise<void> {
  chain.height = height
  await scheduler.onHead(chain.key())
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve))
}

/** Starts a scheduler that runs until the test ends; gives what moves its head. */
function watch(t: Test, chain: PostChain, changes: object = {}): (height: number) => Promise<void> {
  const scheduler = chain.scheduler(changes)
  t.teardown(() => scheduler.close())
  return (height) => moveTo(chain, scheduler, height)
}

/** A deadline with one sector whose message has just been sent, and is waiting. */
async function afterSending(t: Test): Promise<{ readonly chain: PostChain; readonly goTo: (height: number) => Promise<void> }> {
  const chain = new PostChain()
  chain.sectors(1, 0, [1])
  const goTo = watch(t, chain)
  await goTo(1041)
  await goTo(1064)
  return { chain, goTo }
}

const paramsOf = (m: SignedMessage | undefined) => decode(submitWindowedPoStParams, (m as SignedMessage).message.params)
const posts = (chain: PostChain) => chain.pushes.filter((m) => m.message.method === 5n)

t.test('a deadline is proven after its challenge and sent after its opening', async (t) => {
  const chain = new PostChain()
  chain.sectors(1, 0, [1, 2])
  const goTo = watch(t, chain)
  // Deadline 1 opens at 1060, its challenge is at 1040.
  await goTo(1040)
  t.same(chain.proofsMade, [], 'the challenge has not settled')
  await goTo(1041)
  t.same(chain.proofsMade, ['1,2'])
  await goTo(1063)
  t.equal(posts(chain).length, 0, 'the opening has not settled')
  await goTo(1064)
  t.equal(posts(chain).length, 1)
  const sent = paramsOf(posts(chain)[0])
  t.equal(sent.deadline, 1n)
  t.equal(sent.chainCommitEpoch, 1040)
  t.same(
    sent.partitions.map((p) => [p.index, p.skipped.isEmpty]),
    [[0n, true]],
  )
  t.equal(sent.proofs.length, 1)
  t.equal(sent.proofs[0]?.poStProof, 10)
  await goTo(1065)
  t.equal(posts(chain).length, 1, 'what waits is not sent again')
  chain.mine()
  await goTo(1066)
  t.ok(chain.events.some((e) => e.state === 'succeeded' && e.type === 'scheduler'))
  await goTo(1120)
  t.equal(chain.records.size, 0, 'a closed deadline leaves no record')
  t.same(chain.proofsMade, ['1,2'])
})

t.test('the log says when the message was executed, however much later it is seen', async (t) => {
  const lines: string[] = []
  configureLogging({ level: 'info', format: 'plain', write: (text) => lines.push(text) })
  t.teardown(() => configureLogging({ level: 'error', format: 'plain', write: () => {} }))
  const told = () => lines.splice(0).filter((line) => line.includes('is on chain'))
  const chain = new PostChain()
  chain.sectors(1, 0, [1])
  const first = chain.scheduler()
  for (const height of [1041, 1064, 1065]) await moveTo(chain, first, height)
  t.same(told(), [])
  chain.mine()
  await moveTo(chain, first, 1070)
  await moveTo(chain, first, 1071)
  await first.close()
  const cid = String(signedMessageCid(posts(chain)[0] as SignedMessage))
  const [line, ...more] = told()
  t.match(line, `a deadline's window PoSt is on chain deadline=1 executed=1065 messages=["${cid}"]\n`)
  t.same(more, [], 'once')
  const second = chain.scheduler()
  t.teardown(() => second.close())
  await moveTo(chain, second, 1080)
  t.match(told(), [/is on chain deadline=1\n$/], 'nothing is made up after a restart')
})

t.test('partitions go three to a message', async (t) => {
  const chain = new PostChain()
  for (let p = 0; p < 4; p++) chain.sectors(1, p, [p * 2, p * 2 + 1])
  const goTo = watch(t, chain)
  await goTo(1041)
  t.same(chain.proofsMade, ['0,1,2,3,4,5', '6,7'])
  await goTo(1064)
  t.same(
    posts(chain).map((m) => paramsOf(m).partitions.map((p) => p.index)),
    [[0n, 1n, 2n], [3n]],
  )
})

t.test('sectors that cannot be proven are skipped, the rest is proven', async (t) => {
  const chain = new PostChain()
  chain.sectors(1, 0, [1, 2])
  chain.sectors(1, 1, [3, 4])
  chain.sectors(1, 2, [5])
  chain.lost.add(2n)
  chain.broken.add(3n)
  chain.lost.add(5n)
  const goTo = watch(t, chain)
  await goTo(1041)
  t.same(chain.proofsMade, ['1,4'])
  await goTo(1064)
  t.same(
    paramsOf(posts(chain)[0]).partitions.map((p) => [p.index, [...p.skipped]]),
    [
      [0n, [2n]],
      [1n, [3n]],
    ],
    'a partition without a good sector is left out',
  )
})

t.test('faulty sectors are left out until they are recovering', async (t) => {
  const chain = new PostChain()
  chain.sectors(1, 0, [1, 2])
  const partition = chain.partitions.get(1)?.[0] as { faulty: BitField; recovering: BitField }
  partition.faulty = BitField.of([1, 2])
  partition.recovering = BitField.of([2])
  const goTo = watch(t, chain)
  await goTo(1041)
  t.same(chain.proofsMade, ['2'])
})

t.test('recoveries are declared two deadlines ahead', async (t) => {
  const chain = new PostChain()
  chain.sectors(1, 0, [1])
  chain.sectors(3, 0, [7, 8, 9])
  const partition = chain.partitions.get(3)?.[0] as { faulty: BitField; recovering: BitField }
  partition.faulty = BitField.of([7, 8, 9])
  partition.recovering = BitField.of([9])
  chain.lost.add(8n)
  const goTo = watch(t, chain)
  await goTo(1041)
  t.equal(chain.declared.length, 1)
  const { recoveries } = decode(declareFaultsRecoveredParams, chain.declared[0]?.params as Uint8Array)
  t.same(
    recoveries.map((r) => [r.deadline, r.partition, [...r.sectors]]),
    [[3n, 0n, [7n]]],
    'only what can be proven, and is not declared yet',
  )
  await goTo(1050)
  t.equal(chain.declared.length, 1, 'once for each deadline')
})

t.test('no more sectors recover than the limit allows', async (t) => {
  const chain = new PostChain()
  chain.sectors(3, 0, [7, 8])
  chain.sectors(3, 1, [9, 10])
  for (const p of chain.partitions.get(3) ?? []) p.faulty = p.live
  chain.sectors(1, 0, [1])
  const goTo = watch(t, chain, { recoveringSectorLimit: 3n, maxPartitionsPerRecoveryMessage: 1 })
  await goTo(1041)
  t.same(
    chain.declared.map((m) => decode(declareFaultsRecoveredParams, m.params).recoveries.map((r) => [...r.sectors])),
    [[[7n, 8n]], [[9n]]],
  )
})

t.test('a message that waits too long offers more, up to the limit', async (t) => {
  const chain = new PostChain()
  chain.sectors(1, 0, [1])
  chain.maxFee = 2_600n * 1_000_000n
  const goTo = watch(t, chain)
  await goTo(1041)
  await goTo(1064)
  await goTo(1068)
  t.equal(posts(chain).length, 1)
  await goTo(1069)
  t.equal(posts(chain).length, 2)
  const [first, second] = posts(chain) as [SignedMessage, SignedMessage]
  t.equal(second.message.nonce, first.message.nonce, 'it takes the place of the first')
  t.equal(second.message.gasPremium, 1251n)
  t.equal(second.message.gasFeeCap, 2501n)
  t.same(second.message.params, first.message.params)
  await goTo(1074)
  t.equal(posts(chain)[2]?.message.gasPremium, 1564n)
  t.equal(posts(chain)[2]?.message.gasFeeCap, 2600n, 'the fee limit caps it')
  for (let h = 1075; h < 1100; h++) await goTo(h)
  const last = posts(chain).at(-1) as SignedMessage
  t.ok(last.message.gasFeeCap * last.message.gasLimit <= chain.maxFee)
  t.equal(last.message.gasPremium, 2446n, 'a quarter more each time; the next would be above the cap of 2600')
  t.equal(chain.pool.length, 1)
})

t.test('a message that the pool has lost is sent again with its nonce', async (t) => {
  const { chain, goTo } = await afterSending(t)
  chain.pool.splice(0)
  await goTo(1065)
  t.equal(posts(chain).length, 2)
  t.equal(posts(chain)[1]?.message.nonce, posts(chain)[0]?.message.nonce)
})

t.test('a message in a block of the head itself is neither in the pool nor in the state, and not sent again', async (t) => {
  const { chain, goTo } = await afterSending(t)
  chain.inHead = chain.pool.splice(0)
  await goTo(1065)
  t.equal(posts(chain).length, 1)
  chain.pool.push(...chain.inHead.splice(0))
  chain.mine()
  await goTo(1066)
  t.equal(posts(chain).length, 1)
})

t.test('after a restart a message in a block of the head is known too', async (t) => {
  const chain = new PostChain()
  chain.sectors(1, 0, [1])
  const first = chain.scheduler()
  await moveTo(chain, first, 1041)
  await moveTo(chain, first, 1064)
  await first.close()
  chain.inHead = chain.pool.splice(0)
  const second = chain.scheduler()
  t.teardown(() => second.close())
  await moveTo(chain, second, 1065)
  await moveTo(chain, second, 1065)
  t.equal(posts(chain).length, 1)
  t.equal(chain.proofsMade.length, 1)
})

t.test('a message is not sent again while the chain is past the head that is looked at', async (t) => {
  const { chain, goTo } = await afterSending(t)
  const [message] = chain.pool.splice(0) as [SignedMessage]
  // The block of the next height took it out of the pool; this height shows nothing of it.
  chain.height = 1066
  chain.later = chain.key()
  await goTo(1065)
  t.equal(posts(chain).length, 1)
  chain.later = undefined
  chain.inHead = [message]
  await goTo(1066)
  t.equal(posts(chain).length, 1)
  chain.inHead = []
  await goTo(1067)
  t.equal(posts(chain).length, 2, 'where the head itself shows nothing of it, it is lost')
  t.equal(posts(chain)[1]?.message.nonce, message.message.nonce)
})

t.test('a message that a left block has given back to the pool meanwhile is not made twice', async (t) => {
  const { chain, goTo } = await afterSending(t)
  const [message] = chain.pool.splice(0) as [SignedMessage]
  chain.onPushAgain = () => {
    chain.pool.push(message)
    return 'message already in mpool: message with nonce already exists'
  }
  await goTo(1065)
  t.equal(posts(chain).length, 1)
  t.equal(chain.pool.length, 1)
})

t.test('a message whose nonce another one has used is made anew', async (t) => {
  const { chain, goTo } = await afterSending(t)
  const [message] = chain.pool.splice(0) as [SignedMessage]
  chain.displaced.add(message.message.nonce)
  chain.onPushAgain = () => 'minimum expected nonce is 1, got 0: message nonce too low'
  await goTo(1065)
  t.equal(posts(chain).length, 2)
  t.equal(posts(chain)[1]?.message.nonce, message.message.nonce + 1n)
  t.same(posts(chain)[1]?.message.params, message.message.params)
})

t.test('proofs that the chain refuses are made again, not for ever', async (t) => {
  const chain = new PostChain()
  chain.sectors(1, 0, [1])
  const goTo = watch(t, chain)
  await goTo(1041)
  chain.nextExit = 16
  for (let h = 1064; h < 1110; h++) {
    await goTo(h)
    chain.mine()
  }
  t.equal(chain.proofsMade.length, 4)
  t.ok(chain.events.some((e) => e.error === 'the chain refused the proofs'))
})

t.test('a reverted submission is sent again', async (t) => {
  const { chain, goTo } = await afterSending(t)
  chain.mine()
  await goTo(1065)
  chain.posted.clear()
  chain.executed.splice(0)
  await goTo(1066)
  t.equal(chain.pool.length, 1, 'the message is on its way again')
  t.equal(chain.proofsMade.length, 1)
})

t.test('another challenge asks for another proof', async (t) => {
  const chain = new PostChain()
  chain.sectors(1, 0, [1])
  const goTo = watch(t, chain)
  await goTo(1041)
  t.equal(chain.proofsMade.length, 1)
  chain.fork = 1
  await goTo(1064)
  await goTo(1065)
  await goTo(1066)
  t.equal(chain.proofsMade.length, 2)
  t.equal(posts(chain).length, 1)
})

t.test('a proof that does not verify is made again, five times at most', async (t) => {
  const chain = new PostChain()
  chain.sectors(1, 0, [1])
  let tries = 0
  chain.verifies = () => ++tries >= 3
  await watch(t, chain)(1041)
  t.equal(chain.proofsMade.length, 3)
  const hopeless = new PostChain()
  hopeless.sectors(1, 0, [1])
  hopeless.verifies = () => false
  await watch(t, hopeless)(1041)
  t.equal(hopeless.proofsMade.length, 5)
  t.match(hopeless.events.at(-1)?.error, /did not verify 5 times/)
})

t.test('partitions that cannot be proven keep none of the others back', async (t) => {
  const chain = new PostChain()
  for (let p = 0; p < 4; p++) chain.sectors(1, p, [p * 2, p * 2 + 1])
  // The second message's proof never verifies.
  let fixed = false
  chain.verifies = () => fixed || chain.proofsMade.at(-1) !== '6,7'
  const scheduler = chain.scheduler()
  t.teardown(() => scheduler.close())
  await moveTo(chain, scheduler, 1041)
  t.same(chain.proofsMade, ['0,1,2,3,4,5', ...Array(5).fill('6,7')])
  await moveTo(chain, scheduler, 1064)
  t.equal(posts(chain).length, 1)
  t.same(
    paramsOf(posts(chain)[0]).partitions.map((p) => p.index),
    [0n, 1n, 2n],
  )
  // A process that was killed here still knows that something is missing.
  const again = chain.scheduler()
  t.teardown(() => again.close())
  chain.mine()
  fixed = true
  await moveTo(chain, again, 1066)
  await moveTo(chain, again, 1067)
  t.equal(chain.proofsMade.at(-1), '6,7', 'the rest is tried once more')
  await moveTo(chain, again, 1068)
  t.equal(posts(chain).length, 2)
  t.same(
    paramsOf(posts(chain)[1]).partitions.map((p) => p.index),
    [3n],
  )
})

t.test('a rest that stays hopeless does not hold up the next deadline', async (t) => {
  const chain = new PostChain()
  for (let p = 0; p < 4; p++) chain.sectors(1, p, [p * 2, p * 2 + 1])
  chain.sectors(2, 0, [20])
  chain.verifies = () => chain.proofsMade.at(-1) !== '6,7'
  const goTo = watch(t, chain)
  await goTo(1041)
  await goTo(1064)
  chain.mine()
  for (const height of [1066, 1067, 1068]) await goTo(height)
  const made = chain.proofsMade.length
  t.equal(made, 1 + 5 + 5)
  await goTo(1101)
  t.same(chain.proofsMade.slice(made), ['20'])
})

t.test('a closing deadline ends a proof that is still being made, and the next begins', async (t) => {
  const chain = new PostChain()
  chain.sectors(1, 0, [1])
  chain.sectors(2, 0, [2])
  let release = (): void => undefined
  chain.gate = new Promise((resolve) => {
    release = resolve
  })
  const goTo = watch(t, chain)
  await goTo(1041)
  chain.gate.then(() => undefined)
  const held = chain.gate
  chain.gate = Promise.resolve()
  await goTo(1119)
  t.same(chain.proofsMade, [], 'one at a time')
  await goTo(1120)
  t.same(chain.proofsMade, ['2'])
  release()
  await held
  await goTo(1124)
  t.same(
    posts(chain).map((m) => paramsOf(m).deadline),
    [2n],
  )
})

t.test('a process that dies in any stage meets the deadline after its restart', async (t) => {
  for (const dieAt of [1041, 1050, 1064, 1065]) {
    const chain = new PostChain()
    chain.sectors(1, 0, [1, 2])
    const first = chain.scheduler()
    for (let h = 1040; h <= dieAt; h++) await moveTo(chain, first, h)
    await first.close()
    const second = chain.scheduler()
    for (let h = dieAt + 1; h < 1069; h++) await moveTo(chain, second, h)
    t.equal(posts(chain).length, 1, `one message when it dies at ${dieAt}`)
    t.equal(chain.proofsMade.length, 1, 'its proof is kept')
    chain.mine()
    await moveTo(chain, second, 1071)
    await second.close()
    const third = chain.scheduler()
    for (let h = 1072; h < 1100; h++) await moveTo(chain, third, h)
    await third.close()
    t.equal(posts(chain).length, 1, 'what is on chain is not sent again')
  }
})

t.test('a process that dies while it proves proves again', async (t) => {
  const chain = new PostChain()
  chain.sectors(1, 0, [1])
  chain.gate = new Promise(() => undefined)
  const first = chain.scheduler()
  await moveTo(chain, first, 1041)
  chain.gate = Promise.resolve()
  // Not closed: killed.
  const second = chain.scheduler()
  t.teardown(() => second.close())
  await moveTo(chain, second, 1060)
  await moveTo(chain, second, 1064)
  t.equal(posts(chain).length, 1)
})

t.test('a check by hand proves faulty sectors too and sends nothing', async (t) => {
  const chain = new PostChain()
  chain.sectors(5, 0, [1, 2])
  const partition = chain.partitions.get(5)?.[0] as { faulty: BitField }
  partition.faulty = BitField.of([2])
  const scheduler = chain.scheduler()
  t.teardown(() => scheduler.close())
  chain.height = 1030
  const made = await scheduler.compute(5n)
  t.equal(made.length, 1)
  t.same(chain.proofsMade, ['1,2'])
  t.equal(chain.pushes.length, 0)
  await t.rejects(scheduler.compute(48n), { code: 'WINDOW_POST_DEADLINE' })
})
