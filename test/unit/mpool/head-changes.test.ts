// The pool follows the head: what a block holds leaves, what a block that is left held returns, and nothing is chosen twice.

import t from 'tap'
import type { MessageWay } from '../../../src/mpool/pool-chain.ts'
import { Address } from '../../../src/types/address.ts'
import { cidKey } from '../../../src/types/cid.ts'
import { type SignedMessage, signedMessageCid } from '../../../src/types/message.ts'
import { SignatureType } from '../../../src/types/signature.ts'
import type { Tipset } from '../../../src/types/tipset.ts'
import { blsKey, secpKey, type TestPool, testPool, transfer } from '../../kit/mpool.ts'

const secp = secpKey(1)
const bls = blsKey(1)

const applied = (...messages: SignedMessage[]): MessageWay['applied'] =>
  messages.map((m) => ({ from: m.message.from, nonce: m.message.nonce, id: cidKey(signedMessageCid(m)) }))
/** As blocks hold them: BLS messages without their signatures. */
const reverted = (...messages: SignedMessage[]): MessageWay['reverted'] =>
  messages.map((m) => ({ message: m.message, signature: m.signature.type === SignatureType.bls ? null : m.signature }))

async function move(p: TestPool, to: Tipset, way: Partial<MessageWay>): Promise<void> {
  p.chain.ways.set(to.key.id, { reverted: [], applied: [], ...way })
  const type = way.reverted === undefined ? 'apply' : 'revert'
  p.pool.onHeadChange([{ type }], to)
  await p.pool.atHead()
}

const nonces = (p: TestPool, key = secp): number[] =>
  p.pool
    .pending()
    .filter((m) => m.message.from.equals(key.address))
    .map((m) => Number(m.message.nonce))

t.test('what is in a block leaves, and the next nonce goes on from there', async (t) => {
  const p = await testPool(t)
  for (const key of [secp, bls]) p.chain.set(key)
  const ours = [0, 1, 2].map((n) => transfer(secp, n))
  for (const m of [...ours, transfer(bls, 0)]) await p.pool.add(m)
  const next = p.next(p.head)
  p.chain.set(secp, { nonce: 2 })
  await move(p, next, { applied: applied(ours[0] as SignedMessage, transfer(secp, 1, { value: 9n })) })
  t.same(nonces(p), [2], 'also one whose nonce another message took')
  t.same(nonces(p, bls), [0])
  t.equal(await p.pool.nextNonce(secp.address), 3n)
  t.equal(await p.pool.add(transfer(secp, 1)), 'ignore')
  await move(p, p.next(next), { applied: applied(transfer(secp, 2), transfer(secp, 3)) })
  t.same(nonces(p), [], 'messages that never came by count too')
  p.chain.set(secp, { nonce: 4 })
  await move(p, p.next(p.pool.head), {})
  t.equal(await p.pool.nextNonce(secp.address), 4n)
})

t.test('a message of a block that is left returns, unless the new chain has it or one of its nonce', async (t) => {
  const p = await testPool(t)
  for (const key of [secp, bls]) p.chain.set(key)
  const [a, b, c] = [0, 1, 2].map((n) => transfer(secp, n)) as [SignedMessage, SignedMessage, SignedMessage]
  const [x, unseen] = [transfer(bls, 0), transfer(bls, 1)]
  for (const m of [a, b, c, x]) await p.pool.add(m)
  const one = p.next(p.head)
  await move(p, one, { applied: applied(a, b, c, x, unseen) })
  t.equal(p.pool.size, 0)
  const fork = p.next(p.head)
  await move(p, fork, {
    reverted: reverted(a, b, c, x, unseen),
    applied: applied(a, transfer(secp, 1, { value: 9n })),
  })
  t.same(nonces(p), [2])
  t.same(nonces(p, bls), [0], 'a BLS message returns with the signature that the pool kept; one that never came by cannot')
  t.same(
    p.pool.pending().find((m) => m.message.from.equals(bls.address)),
    x,
  )
})

t.test('a sender that is named by its id in a block is the one that is named by its key here', async (t) => {
  const p = await testPool(t)
  p.chain.set(secp)
  await p.pool.add(transfer(secp, 0))
  // The worker resolves ids; a reverted message that names its sender so cannot be verified and stays away.
  const byId: SignedMessage = { ...transfer(secp, 5), message: { ...transfer(secp, 5).message, from: Address.fromId(100n) } }
  await move(p, p.next(p.head), { reverted: reverted(byId), applied: applied(transfer(secp, 0)) })
  t.equal(p.pool.size, 0)
})

t.test('while nothing waits and the chain only grows, nothing is read', async (t) => {
  const p = await testPool(t)
  let head = p.head
  for (let i = 0; i < 50; i++) {
    head = p.next(head)
    p.pool.onHeadChange([{ type: 'apply' }], head)
  }
  await p.pool.atHead()
  t.ok(p.pool.head.equals(head))
  t.same(p.chain.asked, {})
  p.chain.set(secp)
  await p.pool.add(transfer(secp, 0))
  for (let i = 0; i < 50; i++) {
    head = p.next(head)
    p.pool.onHeadChange([{ type: 'apply' }], head)
  }
  await p.pool.atHead()
  t.ok(p.pool.head.equals(head))
  t.equal(p.chain.asked.way, 1, 'many changes at once are one way')
})

t.test('a message is judged by the head that is there when it is taken', async (t) => {
  const p = await testPool(t)
  p.chain.set(secp)
  const judging = p.pool.add(transfer(secp, 0))
  p.chain.set(secp, { nonce: 1 })
  p.pool.onHeadChange([{ type: 'apply' }], p.next(p.head))
  t.equal(await judging, 'ignore')
})

t.test('selection on another tipset than the head', async (t) => {
  const p = await testPool(t)
  p.chain.set(secp)
  const [a, b, c] = [0, 1, 2].map((n) => transfer(secp, n)) as [SignedMessage, SignedMessage, SignedMessage]
  for (const m of [a, b, c]) await p.pool.add(m)
  const head = p.next(p.head)
  p.chain.set(secp, { nonce: 1 })
  await move(p, head, { applied: applied(a) })
  const choose = async (base: Tipset): Promise<number[]> => (await p.pool.select(base, 1)).map((m) => Number(m.message.nonce))
  t.same(await choose(head), [1, 2])
  p.chain.ways.set(p.head.key.id, { reverted: reverted(a), applied: [] })
  p.chain.set(secp, { nonce: 0 })
  t.same(await choose(p.head), [0, 1, 2], "the head's own messages are free again below it")
  const above = p.next(head)
  p.chain.ways.set(above.key.id, { reverted: [], applied: applied(b) })
  p.chain.set(secp, { nonce: 2 })
  t.same(await choose(above), [2])
  t.same(nonces(p), [1, 2], 'the pool itself is as before')
})

t.test('the stream of changes', async (t) => {
  const p = await testPool(t)
  p.chain.set(secp)
  const stop = new AbortController()
  const seen: string[] = []
  const reading = (async () => {
    for await (const u of p.pool.updates(stop.signal)) seen.push(`${u.type} ${u.message.message.nonce}`)
  })()
  await p.pool.add(transfer(secp, 0))
  await p.pool.add(transfer(secp, 1))
  await move(p, p.next(p.head), { applied: applied(transfer(secp, 0)) })
  await new Promise((resolve) => setImmediate(resolve))
  stop.abort()
  await reading
  t.same(seen, ['add 0', 'add 1', 'remove 0'])
  for await (const _ of p.pool.updates(stop.signal)) t.fail('nothing comes after the end')
})

t.test('after a restart the replacement waits, not what it replaced', async (t) => {
  const p = await testPool(t)
  p.chain.set(secp)
  const offers = [300_000n, 100_000n, 200_000n].sort().map((gasPremium) => transfer(secp, 0, { gasPremium }))
  for (const m of offers) await p.pool.push(m, { trusted: true, local: true })
  const again = p.again()
  await again.loadLocal()
  t.same(
    again.pending().map((m) => m.message.gasPremium),
    [300_000n],
  )
})

t.test('a local record goes when its nonce is final', async (t) => {
  const p = await testPool(t)
  p.chain.set(secp)
  const m = transfer(secp, 0)
  await p.pool.push(m, { trusted: true, local: true })
  const records = async (): Promise<number> => {
    let n = 0
    for await (const _ of p.metadata.iterate('/mpool/local/')) n++
    return n
  }
  t.equal(await records(), 1)
  p.chain.set(secp, { nonce: 1 })
  let head = p.next(p.head)
  await move(p, head, { applied: applied(m) })
  t.equal(await records(), 1, 'a reorganisation may bring it back')
  head = p.next(head, 899)
  await move(p, head, {})
  t.equal(await records(), 1)
  head = p.next(head)
  await move(p, head, {})
  t.equal(await records(), 0)
})
