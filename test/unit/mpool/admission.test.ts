// Every rule by which the pool refuses a message, broken alone, with what gossip does then (Lotus chain/sub/incoming.go).

import t, { type Test } from 'tap'
import { encode } from '../../../src/codec/codec.ts'
import { MpoolError, type MpoolErrorCode } from '../../../src/mpool/errors.ts'
import { MAX_MESSAGE_SIZE } from '../../../src/mpool/limits.ts'
import { totalFil } from '../../../src/networks/constants.ts'
import { Address } from '../../../src/types/address.ts'
import { type Message, message, type SignedMessage, signedMessage, signedMessageCid } from '../../../src/types/message.ts'
import { FIL } from '../../../src/types/scalars.ts'
import { SignatureType } from '../../../src/types/signature.ts'
import { blsKey, secpKey, type TestPool, testPool, transfer } from '../../kit/mpool.ts'

const secp = secpKey(1)
const bls = blsKey(1)

async function fresh(t: Test, baseFee?: bigint): Promise<TestPool> {
  const p = await testPool(t, baseFee === undefined ? {} : { baseFee })
  p.chain.set(secp)
  p.chain.set(bls)
  return p
}

async function refused(
  t: Test,
  p: TestPool,
  m: SignedMessage,
  code: MpoolErrorCode,
  verdict: string,
  text?: RegExp,
): Promise<void> {
  const size = p.pool.size
  t.equal(await p.pool.add(m), verdict, `gossip: ${code}`)
  const error = await p.pool.push(m, { trusted: true, local: false }).then(
    () => undefined,
    (e: unknown) => e,
  )
  t.ok(error instanceof MpoolError, `${code}: refused`)
  t.equal((error as MpoolError | undefined)?.code, code)
  if (text !== undefined) t.match((error as Error).message, text)
  t.equal(p.pool.size, size, 'nothing has changed')
}

t.test('good messages are accepted, stored in both forms, and published when they are ours', async (t) => {
  const p = await fresh(t)
  const one = transfer(secp, 0)
  const two = transfer(bls, 0)
  t.equal(await p.pool.add(one), 'accept')
  t.equal(String(await p.pool.push(two, { trusted: true, local: true })), String(signedMessageCid(two)))
  t.same(p.published, [two], 'what came by gossip is passed on by gossip')
  t.equal(p.pool.size, 2)
  const stored = [...p.stored.values()].map((b) => Buffer.from(b).toString('hex'))
  for (const m of [one, two])
    for (const data of [encode(signedMessage, m), encode(message, m.message)])
      t.ok(stored.includes(Buffer.from(data).toString('hex')))
})

t.test('form', async (t) => {
  const p = await fresh(t)
  const bad = (changes: Partial<Message>) => transfer(secp, 0, changes)
  const long = (length: number) => bad({ params: new Uint8Array(length), gasLimit: 200_000_000n })
  const overhead = encode(signedMessage, long(40_000)).length - 40_000
  await refused(t, p, long(MAX_MESSAGE_SIZE - overhead + 1), 'MPOOL_TOO_BIG', 'reject', /message too large \(65537B\)/)
  t.equal(await p.pool.add(long(MAX_MESSAGE_SIZE - overhead)), 'accept', '64 KiB to the byte')
  await p.pool.clear(true)
  await refused(t, p, bad({ version: 1n }), 'MPOOL_INVALID', 'reject')
  await refused(t, p, bad({ value: -1n }), 'MPOOL_INVALID', 'reject')
  await refused(t, p, bad({ value: totalFil + 1n }), 'MPOOL_INVALID', 'reject')
  await refused(t, p, bad({ value: totalFil }), 'MPOOL_VALUE', 'reject', /more filecoin than will ever exist/)
  await refused(t, p, bad({ gasPremium: 2_000_000n }), 'MPOOL_INVALID', 'reject')
  await refused(t, p, bad({ gasLimit: 10_000_000_001n }), 'MPOOL_INVALID', 'reject')
  await refused(t, p, bad({ gasLimit: 0n }), 'MPOOL_INVALID', 'reject')
  await refused(t, p, bad({ gasLimit: 500_000n }), 'MPOOL_INVALID', 'reject', /will not be included in a block/)
  const zero = Address.parse('f3yaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaby2smx7a')
  await refused(t, p, bad({ to: zero }), 'MPOOL_INVALID', 'reject')
  await refused(t, p, bad({ gasFeeCap: 99n, gasPremium: 1n }), 'MPOOL_FEE_CAP', 'ignore', /gas fee cap too low/)
  t.equal(await p.pool.add(bad({ gasFeeCap: 100n, gasPremium: 1n })), 'accept', 'the least base fee')
})

t.test('signature', async (t) => {
  const p = await fresh(t)
  const other = secpKey(2)
  const forged = (key: typeof secp, by: typeof secp): SignedMessage => by.sign(transfer(key, 0).message)
  await refused(t, p, forged(secp, other), 'MPOOL_SIGNATURE', 'reject', /signature verification failed/)
  await refused(t, p, forged(bls, blsKey(2)), 'MPOOL_SIGNATURE', 'reject')
  await refused(t, p, forged(secp, bls), 'MPOOL_SIGNATURE', 'reject')
  await refused(t, p, forged(bls, secp), 'MPOOL_SIGNATURE', 'reject')
  const good = transfer(secp, 0)
  const cut = { ...good, signature: { ...good.signature, data: good.signature.data.slice(1) } }
  await refused(t, p, cut, 'MPOOL_SIGNATURE', 'reject')
  const delegated = { ...good, signature: { ...good.signature, type: SignatureType.delegated } }
  await refused(t, p, delegated, 'MPOOL_SIGNATURE', 'reject')
  const byId = secp.sign({ ...good.message, from: Address.fromId(100n) })
  p.chain.set(Address.fromId(100n))
  await refused(t, p, byId, 'MPOOL_SIGNATURE', 'reject')
  // A BLS message is known by its unsigned form: a good signature seen before vouches for no other.
  const seen = transfer(bls, 0)
  t.equal(await p.pool.add(seen), 'accept')
  await p.pool.clear(true)
  await refused(t, p, blsKey(2).sign(seen.message), 'MPOOL_SIGNATURE', 'reject')
})

t.test('sender', async (t) => {
  const p = await fresh(t)
  await refused(t, p, transfer(secpKey(9), 0), 'MPOOL_SENDER_UNKNOWN', 'ignore', /actor not found/)
  p.chain.set(secp, { canSend: false })
  await refused(t, await moved(p), transfer(secp, 0), 'MPOOL_SENDER', 'reject', /not a valid top-level sender/)
  p.chain.set(secp, { nonce: 5 })
  await refused(t, await moved(p), transfer(secp, 4), 'MPOOL_NONCE_LOW', 'ignore', /minimum expected nonce is 5, got 4/)
  t.equal(await p.pool.add(transfer(secp, 5)), 'accept')
})

/** The pool at a new head, where it looks at senders anew. */
async function moved(p: TestPool): Promise<TestPool> {
  const head = p.next(p.pool.head)
  p.pool.onHeadChange([{ type: 'apply' }], head)
  await p.pool.atHead()
  return p
}

t.test('funds cover the gas of all that waits; the value is not counted', async (t) => {
  const p = await fresh(t)
  const cost = 2_000_000n * 1_000_000n
  p.chain.set(secp, { balance: cost - 1n })
  await refused(t, p, transfer(secp, 0), 'MPOOL_FUNDS', 'ignore', /not enough funds to execute transaction/)
  p.chain.set(secp, { balance: 2n * cost })
  await moved(p)
  t.equal(await p.pool.add(transfer(secp, 0, { value: 100n * FIL })), 'accept', 'a value that the sender may yet get')
  t.equal(await p.pool.add(transfer(secp, 1)), 'accept')
  await refused(t, p, transfer(secp, 2), 'MPOOL_FUNDS', 'ignore', /including pending messages/)
  p.chain.set(secp, { balance: 2n * cost + 100n * 2_000_000n })
  await moved(p)
  const dearer = transfer(secp, 1, { gasFeeCap: 1_000_100n, gasPremium: 200_000n })
  t.equal(await p.pool.add(dearer), 'accept', 'what is replaced does not count twice')
})

t.test('nonces', async (t) => {
  const p = await fresh(t)
  await refused(t, p, transfer(secp, 5), 'MPOOL_NONCE_GAP', 'ignore', /too big a gap/)
  t.equal(await p.pool.add(transfer(secp, 4)), 'accept', 'a gap of four')
  const dearer = transfer(secp, 4, { gasPremium: 500_000n })
  await refused(t, p, dearer, 'MPOOL_NONCE_GAP', 'ignore', /rejecting replace by fee because of nonce gap/)
  const untrusted = p.pool.push(transfer(secp, 1), { trusted: false, local: true })
  await t.rejects(untrusted, { code: 'MPOOL_NONCE_GAP' }, 'a stranger leaves none')
  await p.pool.push(transfer(secp, 0), { trusted: false, local: true })
  t.equal(await p.pool.nextNonce(secp.address), 1n)
  for (const nonce of [1, 2, 3]) await p.pool.add(transfer(secp, nonce))
  t.equal(await p.pool.nextNonce(secp.address), 5n, 'the gap is filled')
  await p.pool.push(transfer(bls, 900), { trusted: true, local: true })
  t.equal(await p.pool.nextNonce(bls.address), 0n, 'our own clients may leave any gap')
})

t.test('replacing by fee', async (t) => {
  const p = await fresh(t)
  const offer = (premium: bigint, changes: Partial<Message> = {}) => transfer(secp, 0, { gasPremium: premium, ...changes })
  t.equal(await p.pool.add(offer(100_000n)), 'accept')
  await refused(t, p, offer(100_000n), 'MPOOL_NONCE_TAKEN', 'ignore', /already exists/)
  await refused(t, p, offer(100_000n, { value: 2n }), 'MPOOL_REPLACE_FEE', 'ignore')
  await refused(t, p, offer(110_000n), 'MPOOL_REPLACE_FEE', 'ignore', /increase GasPremium to 110001 from 110000/)
  t.equal(await p.pool.add(offer(110_001n)), 'accept', '110 % and 1 attoFIL')
  t.equal(p.pool.size, 1)
  t.equal(p.pool.pending()[0]?.message.gasPremium, 110_001n)
})

t.test('the base fee', async (t) => {
  const p = await fresh(t, 1_000_000_000n)
  const low = (nonce: number, gasFeeCap: bigint) => transfer(secp, nonce, { gasFeeCap })
  await refused(t, p, low(0, 9_999_999n), 'MPOOL_FEE_CAP', 'ignore', /base fee lower bound/)
  t.equal(await p.pool.add(low(0, 10_000_000n)), 'accept', 'a hundredth of the base fee')
  await p.pool.push(low(1, 9_999_999n), { trusted: true, local: true })
  t.equal(p.pool.size, 2, 'our own is kept for better times')
  t.same(p.published, [], 'and not shown to peers, who would not take it')
  await p.pool.push(low(2, 10_000_000n), { trusted: true, local: true })
  t.equal(p.published.length, 1)
})

t.test('what we publish ourselves is looked at for what peers would blame us for', async (t) => {
  const p = await fresh(t)
  const m = transfer(secp, 7)
  t.equal(await p.pool.checkOwn(m), 'accept', 'nonces are no matter here')
  t.equal(await p.pool.checkOwn(secpKey(2).sign(m.message)), 'ignore')
})
