// What MpoolCheckMessages and its relatives say, the settings, and what is sent out again.

import t from 'tap'
import { CheckCode, type MessageCheckStatus, type MpoolConfig, mpoolConfig } from '../../../src/api/types/mpool.ts'
import { fromJson, toJson } from '../../../src/codec/codec.ts'
import { MessageChecker } from '../../../src/mpool/check-messages.ts'
import { defaultMpoolConfig } from '../../../src/mpool/config.ts'
import { pooled } from '../../../src/mpool/pooled-message.ts'
import { Republisher } from '../../../src/mpool/republisher.ts'
import { byPerformance, messageChains } from '../../../src/mpool/selection/chains.ts'
import { gasPerformance, gasReward } from '../../../src/mpool/selection/performance.ts'
import { blockProbabilities } from '../../../src/mpool/selection/probabilities.ts'
import type { Message } from '../../../src/types/message.ts'
import { FIL } from '../../../src/types/scalars.ts'
import { blsKey, secpKey, testPool, transfer } from '../../kit/mpool.ts'

const key = secpKey(1)
const json = { addressPrefix: 'f' } as const
const failed = (checks: readonly MessageCheckStatus[] | undefined): [number, string][] =>
  (checks ?? []).filter((c) => !c.ok).map((c) => [c.code, c.err])
const bare = (nonce: number, changes: Partial<Message> = {}): Message => transfer(key, nonce, changes).message

t.test('checks of messages that are to be sent', async (t) => {
  const p = await testPool(t, { baseFee: 1000n })
  p.chain.set(key, { nonce: 3, balance: 10n * FIL })
  const checker = new MessageChecker({ pool: p.pool })
  const of = async (m: Message, validNonce = true) => (await checker.prototypes([{ message: m, validNonce }]))[0]
  const good = await of(bare(3))
  t.same(
    good?.map((c) => c.code),
    [9, 11, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12],
    'in the order of Lotus',
  )
  t.same(failed(good), [])
  t.same(good?.find((c) => c.code === CheckCode.nonce)?.hint, { nextNonce: 3n })
  t.same(good?.find((c) => c.code === CheckCode.getStateBalance)?.hint, { balance: (10n * FIL).toString() })
  t.same(failed(await of(bare(5))), [[10, "message nonce doesn't match next nonce (3)"]])
  t.same(failed(await of(bare(5), false)), [], 'its nonce is still to be chosen')
  t.same(failed(await of(bare(3, { value: 11n * FIL }))), [[12, 'insufficient balance']], 'the value counts here')
  t.same(failed(await of(bare(3, { version: 1n }))), [[3, 'syntactically invalid message: version 1 is unknown']])
  t.same(failed(await of(bare(3, { gasLimit: 1000n }))), [[4, 'GasLimit less than epoch minimum gas']])
  t.same(failed(await of(bare(3, { gasFeeCap: 99n, gasPremium: 1n }))), [[5, 'GasFeeCap less than minimum base fee']])
  const low = await of(bare(3, { gasFeeCap: 100n, gasPremium: 1n }))
  t.same(failed(low), [[6, 'GasFeeCap less than current base fee']])
  t.match(
    low?.find((c) => c.code === CheckCode.baseFeeUpperBound),
    { ok: true, err: /upper bound/ },
    'a warning',
  )
  const big = await of(bare(3, { params: new Uint8Array(65_536), gasLimit: 200_000_000n, gasFeeCap: 10_000n, gasPremium: 1n }))
  t.same(failed(big), [[2, 'message too big']])
  const stranger = secpKey(9)
  t.same(failed(await of(transfer(stranger, 0).message)), [[9, 'error retrieving state nonce: actor not found']])

  await p.pool.push(transfer(key, 3), { trusted: true, local: true })
  t.same(failed(await of(bare(4))), [], 'after what waits')
  t.same(failed((await checker.pending(key.address))[0]), [])
  t.same(await checker.pending(secpKey(2).address), [])
  const two = await checker.prototypes([
    { message: bare(4), validNonce: true },
    { message: bare(5, { value: 10n * FIL }), validNonce: true },
  ])
  t.same([failed(two[0]), failed(two[1])], [[], [[12, 'insufficient balance']]], 'they add up')
  const replaced = await checker.replacing([bare(3, { gasPremium: 500_000n }), bare(4)])
  t.same(replaced.map(failed), [[], []])
})

t.test('settings', async (t) => {
  const p = await testPool(t)
  const set = (changes: Partial<MpoolConfig>) => p.pool.setConfig({ ...p.pool.config, ...changes })
  t.same(p.pool.config, defaultMpoolConfig)
  await t.rejects(set({ replaceByFeeRatio: 109n }), { code: 'MPOOL_CONFIG', message: /less than required 1.09 < 1.1/ })
  await t.rejects(set({ gasLimitOverestimation: 0.9 }), { code: 'MPOOL_CONFIG' })
  await t.rejects(set({ sizeLimitLow: 40_000 }), { code: 'MPOOL_CONFIG' })
  await t.rejects(set({ pruneCooldown: -1n }), { code: 'MPOOL_CONFIG' })
  await set({ replaceByFeeRatio: 150n, priorityAddrs: [key.address] })
  t.equal(
    p.metadata.getText('/mpool/config'),
    `{"PriorityAddrs":["${key.address}"],"SizeLimitHigh":30000,"SizeLimitLow":20000,"ReplaceByFeeRatio":1.5,"PruneCooldown":60000000000,"GasLimitOverestimation":1.25}`,
    'as Lotus writes them',
  )
  t.equal(p.again().config.replaceByFeeRatio, 150n, 'they outlive a restart')
  await p.metadata.put('/mpool/config', '{"ReplaceByFeeRatio":1}')
  t.same(p.again().config, defaultMpoolConfig, 'settings that cannot be used are not')
  const written = { ReplaceByFeeRatio: 1.255 }
  t.throws(() => fromJson(mpoolConfig, written), /two decimals/)
  t.same(fromJson(mpoolConfig, toJson(mpoolConfig, defaultMpoolConfig, json)), defaultMpoolConfig)
})

t.test('local messages are sent out again until a block holds them', async (t) => {
  const p = await testPool(t, { baseFee: 100_000n })
  for (const k of [key, blsKey(1), blsKey(2)]) p.chain.set(k)
  for (let n = 0; n < 40; n++) await p.pool.push(transfer(key, n), { trusted: true, local: true })
  await p.pool.push(transfer(blsKey(1), 0, { gasFeeCap: 9_000n, gasPremium: 100n }), { trusted: true, local: true })
  await p.pool.add(transfer(blsKey(2), 0))
  p.published.length = 0
  const republisher = new Republisher({ pool: p.pool }, { intervalMs: 3_600_000, pauseMs: 0 })
  t.teardown(() => republisher.close())
  await republisher.run()
  t.same(
    p.published.map((m) => Number(m.message.nonce)),
    [...Array(30).keys()],
    '30 at most, in order; no strangers, and none whose fee cap is below a tenth of the base fee',
  )
  p.published.length = 0
  p.chain.fee = 1000n
  await republisher.run()
  t.equal(p.published.length, 30)
  const next = p.next(p.head)
  p.chain.set(key, { nonce: 40 })
  const { from } = bare(0)
  const sent = p.pool.follower.republished
  t.equal(sent.size, 30)
  p.chain.ways.set(next.key.id, {
    reverted: [],
    applied: Array.from({ length: 40 }, (_, n) => ({
      from,
      nonce: BigInt(n),
      id: n === 3 ? ([...sent][3] as string) : String(n),
    })),
  })
  p.published.length = 0
  p.pool.onHeadChange([{ type: 'apply' }], next)
  await p.pool.atHead()
  await republisher.settled()
  t.equal(p.published.length, 1, 'a block that holds one of them makes room for the next')
  t.ok(p.published[0]?.message.from.equals(blsKey(1).address), 'which the base fee lets through by now')
})

t.test('performance of messages and chains', async (t) => {
  const m = (changes: Partial<Message>) => bare(0, { gasLimit: 10n, ...changes })
  t.equal(gasReward(m({ gasFeeCap: 1000n, gasPremium: 5n }), 100n), 50n)
  t.equal(gasReward(m({ gasFeeCap: 103n, gasPremium: 5n }), 100n), 30n, 'no more than the fee cap leaves')
  t.equal(gasReward(m({ gasFeeCap: 99n, gasPremium: 5n }), 100n), -30n, 'what is missing counts three times')
  t.equal(gasPerformance(30n, 10), 3)
  t.equal(gasPerformance(10n ** 30n, 10 ** 9), 1e21)
  t.equal(gasPerformance(-(10n ** 30n), 10 ** 9), -1e21)
  const third = gasPerformance(10n ** 25n, 3)
  for (const k of [7n, 11n, 12_345_678_901n])
    t.equal(gasPerformance(k * 10n ** 25n, Number(3n * k)), third, 'equal ratios are equal numbers')

  const chainsOf = (...premiums: number[]) =>
    messageChains(
      premiums.map((gasPremium, n) => pooled(transfer(key, n, { gasPremium: BigInt(gasPremium) }))),
      { nonce: 0n, balance: 1000n * FIL },
      100n,
      () => 0n,
    ).map((c) => c.messages.length)
  t.same(chainsOf(10, 10, 10), [3], 'equal ones stay together')
  t.same(chainsOf(10, 9, 8), [1, 1, 1], 'worse ones follow by themselves')
  t.same(chainsOf(1, 10, 10), [3], 'better ones pull those before them')
  t.same(chainsOf(10, 1, 30, 5), [3, 1])
  t.same(
    messageChains([pooled(transfer(key, 1))], { nonce: 0n, balance: FIL }, 100n, () => 0n),
    [],
    'a gap',
  )
  t.same(
    messageChains([pooled(transfer(key, 0))], { nonce: 0n, balance: 1n }, 100n, () => 0n),
    [],
    'no funds',
  )
  t.same(
    messageChains([pooled(transfer(key, 0))], { nonce: 0n, balance: FIL }, 100n, () => 10n ** 9n),
    [],
    'too little gas',
  )
  const [a, b] = [1, 2].map(
    (premium) =>
      messageChains([pooled(transfer(key, 0, { gasPremium: BigInt(premium) }))], { nonce: 0n, balance: FIL }, 100n, () => 0n)[0],
  )
  t.ok(a !== undefined && b !== undefined && byPerformance(b, a) < 0)
})

t.test('the place of a block (Lotus block_proba_test.go)', async (t) => {
  const chances = blockProbabilities(1 - 0.15)
  for (let i = 1; i < chances.length; i++) t.ok((chances[i - 1] as number) >= (chances[i] as number), 'falling for this quality')
  const sum = (quality: number): number => blockProbabilities(quality).reduce((s, c) => s + c, 0)
  for (const quality of [0, 0.3, 0.9, 1]) t.ok(Math.abs(sum(quality) - 1) < 0.001, 'some place it has')
  t.equal(blockProbabilities(1)[1], 0, 'the best ticket is always the first')
})
