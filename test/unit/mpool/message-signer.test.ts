import t, { type Test } from 'tap'
import type { MessageSendSpec } from '../../../src/api/types/mpool.ts'
import { NO_UUID } from '../../../src/api/types/mpool.ts'
import { MessageSigner } from '../../../src/mpool/message-signer.ts'
import { Address } from '../../../src/types/address.ts'
import type { Message, SignedMessage } from '../../../src/types/message.ts'
import { blsKey, secpKey, type TestPool, testPool, transfer } from '../../kit/mpool.ts'

const key = secpKey(1)
const other = blsKey(1)
const plain = (changes: Partial<Message> = {}): Message => transfer(key, 0, changes).message
const spec = (msgUuid: string): MessageSendSpec => ({ maxFee: 0n, msgUuid, maximizeFeeCap: false })

interface Signing {
  readonly p: TestPool
  readonly signer: MessageSigner
  /** Set to make signing fail. */
  fail: Error | undefined
}

async function signing(t: Test, fill: (m: Message) => Promise<Message> = async (m) => m): Promise<Signing> {
  const p = await testPool(t)
  for (const k of [key, other]) p.chain.set(k)
  const out: { p: TestPool; signer: MessageSigner; fail: Error | undefined } = {
    p,
    fail: undefined,
    signer: new MessageSigner(
      {
        pool: p.pool,
        metadata: p.metadata,
        fill,
        sign: async (m) => {
          if (out.fail !== undefined) throw out.fail
          return (m.from.equals(key.address) ? key : other).sign(m)
        },
      },
      { addressPrefix: 'f' },
    ),
  }
  return out
}

const noncesOf = (messages: readonly SignedMessage[]): number[] => messages.map((m) => Number(m.message.nonce))

t.test('messages of one sender are numbered in turn, however many come at once', async (t) => {
  const { signer, p } = await signing(t)
  const sent = await Promise.all(Array.from({ length: 50 }, (_, i) => signer.send(plain({ value: BigInt(i) }), null)))
  t.same(noncesOf(sent), [...Array(50).keys()])
  const theirs = await signer.send({ ...plain(), from: other.address }, null)
  t.equal(theirs.message.nonce, 0n, 'each sender has its own numbers')
  t.equal(p.published.length, 51)
})

t.test('a nonce that is given is refused', async (t) => {
  const { signer } = await signing(t)
  await t.rejects(signer.send(plain({ nonce: 1n }), null), {
    code: 'MPOOL_NONCE_GIVEN',
    message: 'MpoolPushMessage expects message nonce to be 0, was 1',
  })
})

t.test('what fails uses no nonce', async (t) => {
  const s = await signing(t)
  s.fail = new Error('the wallet is locked')
  await t.rejects(s.signer.send(plain(), null), /locked/)
  s.fail = undefined
  await t.rejects(s.signer.send(plain({ gasLimit: 10n }), null), { code: 'MPOOL_INVALID', message: /failed to push message/ })
  await t.rejects(s.signer.send(plain({ value: 10n ** 30n }), null), { code: 'MPOOL_FUNDS' })
  t.equal((await s.signer.send(plain(), null)).message.nonce, 0n)
})

t.test('the same id is sent once', async (t) => {
  const { signer, p } = await signing(t)
  const uuid = '11111111-2222-3333-4444-555555555555'
  const both = await Promise.all([signer.send(plain(), spec(uuid)), signer.send(plain(), spec(uuid))])
  t.same(both[0], both[1])
  t.same(await signer.send(plain({ value: 7n }), spec(uuid)), both[0])
  t.equal(p.published.length, 1)
  await signer.send(plain(), spec(NO_UUID))
  await signer.send(plain(), spec(NO_UUID))
  t.equal(p.published.length, 3, 'no id is no id')
})

t.test('the record of the next nonce, the pool and the chain: the highest counts', async (t) => {
  const { signer, p } = await signing(t)
  await signer.send(plain(), null)
  t.equal(Buffer.from(p.metadata.get(`/message-signer/ActorNextNonce/${key.address}`) ?? []).toString('hex'), '01')
  await p.pool.clear(true)
  t.equal(await p.pool.nextNonce(key.address), 0n)
  t.equal((await signer.send(plain(), null)).message.nonce, 1n, 'as Lotus: what was sent was sent')
  await p.pool.push(transfer(key, 2), { trusted: true, local: true })
  t.equal((await signer.send(plain(), null)).message.nonce, 3n, 'a message that was signed elsewhere')
  p.chain.set(key, { nonce: 10 })
  p.pool.onHeadChange([{ type: 'apply' }], p.next(p.head))
  t.equal((await signer.send(plain(), null)).message.nonce, 10n)
})

t.test('senders by id, and recipients that nobody can be', async (t) => {
  const { signer, p } = await signing(t)
  const id = Address.fromId(100n)
  p.chain.ids.set(id.key, key.address)
  const sent = await signer.send(plain({ from: id }), null)
  t.ok(sent.message.from.equals(key.address), 'signed as the key that stands behind it')
  await t.rejects(signer.send(plain({ from: Address.fromId(101n) }), null), { code: 'MPOOL_SENDER_UNKNOWN', rpcCode: 1 })
  const black = Address.fromDelegated(10n, new Uint8Array(21))
  await t.rejects(signer.send(plain({ to: black }), null), {
    code: 'MPOOL_TO',
    message: /is a delegated address but not a valid Eth Address/,
  })
  const masked = Address.fromDelegated(10n, Uint8Array.of(0xff, ...new Uint8Array(19)))
  await t.rejects(signer.send(plain({ to: masked }), null), { code: 'MPOOL_TO' })
  await signer.send(plain({ to: Address.fromDelegated(10n, new Uint8Array(20).fill(7)) }), null)
})

t.test('an estimate that makes no sense is not signed', async (t) => {
  const { signer } = await signing(t, async (m) => ({ ...m, gasFeeCap: 5n, gasPremium: 6n }))
  await t.rejects(signer.send(plain(), null), { code: 'MPOOL_ESTIMATE' })
})
