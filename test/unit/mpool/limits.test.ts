// A flood of messages (limits-and-incidents S8): the caps hold exactly, and this node's own messages outlive prune and restart.

import t from 'tap'
import { blake2b256 } from '../../../src/native/crypto.ts'
import { Address } from '../../../src/types/address.ts'
import { FIL } from '../../../src/types/scalars.ts'
import { SignatureType } from '../../../src/types/signature.ts'
import { type PoolKey, secpKey, type TestPool, testPool, transfer } from '../../kit/mpool.ts'

/** A sender whose signatures nobody looks at: floods are about numbers. */
function stranger(n: number): PoolKey {
  const address = Address.fromActorData(blake2b256(Buffer.from(`stranger ${n}`)))
  const key = Address.fromBytes(Uint8Array.of(1, ...address.payload))
  return {
    address: key,
    sign: (message) => ({ message, signature: { type: SignatureType.secp256k1, data: new Uint8Array(65) } }),
  }
}

async function flood(p: TestPool, senders: readonly PoolKey[], each: number): Promise<Record<string, number>> {
  const verdicts: Record<string, number> = {}
  for (let nonce = 0; nonce < each; nonce++) {
    const all = await Promise.all(senders.map((s, i) => p.pool.add(transfer(s, nonce, { gasPremium: 1000n + BigInt(i) }))))
    for (const v of all) verdicts[v] = (verdicts[v] ?? 0) + 1
  }
  return verdicts
}

t.setTimeout(120_000)

t.test('one sender has 1,000 places, a stranger who uses our API 100', async (t) => {
  const p = await testPool(t)
  p.chain.trusting = true
  const [a, b] = [stranger(1), stranger(2)]
  for (const s of [a, b]) p.chain.set(s, { balance: 1_000_000n * FIL })
  t.same(await flood(p, [a], 1100), { accept: 1000, ignore: 100 })
  for (let nonce = 0; nonce < 100; nonce++) await p.pool.push(transfer(b, nonce), { trusted: false, local: true })
  await t.rejects(p.pool.push(transfer(b, 100), { trusted: false, local: true }), { code: 'MPOOL_TOO_MANY' })
  t.equal(p.pool.size, 1100)
  const dearer = transfer(a, 999, { gasPremium: 500_000n })
  t.equal(await p.pool.add(dearer), 'accept', 'a replacement takes no new place')
})

t.test('50,000 messages: 30,000 are held, and pruned to 20,000', async (t) => {
  let now = 0
  const p = await testPool(t, { now: () => now })
  p.chain.trusting = true
  const own = secpKey(1)
  const favoured = stranger(0)
  const senders = Array.from({ length: 100 }, (_, i) => stranger(i + 1))
  for (const s of [own, favoured, ...senders]) p.chain.set(s, { balance: 1_000_000n * FIL })
  await p.pool.setConfig({ ...p.pool.config, priorityAddrs: [favoured.address] })
  for (let nonce = 0; nonce < 5; nonce++) {
    // The worst payers of all.
    await p.pool.push(transfer(own, nonce, { gasPremium: 0n }), { trusted: true, local: true })
    t.equal(await p.pool.add(transfer(favoured, nonce, { gasPremium: 0n })), 'accept')
  }
  const most = { size: 0 }
  const watch = new AbortController()
  const changes = p.pool.updates(watch.signal)
  const counting = (async () => {
    let size = 10
    for await (const u of changes) {
      size += u.type === 'add' ? 1 : -1
      most.size = Math.max(most.size, size)
    }
  })()
  const verdicts = await flood(p, senders, 300)
  await p.pool.pruned()
  t.same(
    verdicts,
    { accept: 30_000 - 9, ignore: 9 },
    'the first above the limit lets the pool be pruned, the others find it full',
  )
  t.equal(p.pool.size, 20_000)
  const left = p.pool.pending()
  for (const kept of [own, favoured])
    t.equal(left.filter((m) => m.message.from.equals(kept.address)).length, 5, `${kept.address} lost nothing`)
  const poorest = senders[0] as PoolKey
  t.equal(p.pool.queue(poorest.address), undefined, 'who pays least loses first')
  t.equal(p.pool.queue((senders.at(-1) as PoolKey).address)?.size, 299, 'all but the last, for which there was no room')

  const more = Array.from({ length: 100 }, (_, i) => stranger(i + 200))
  for (const s of more) p.chain.set(s, { balance: 1_000_000n * FIL })
  const second = await flood(p, more, 200)
  await p.pool.pruned()
  t.equal(p.pool.size, 30_001, 'a minute must pass between two prunes')
  t.equal((second.accept ?? 0) + (second.ignore ?? 0), 20_000)
  t.equal(second.accept, 10_001)
  now = 60_000
  t.equal(await p.pool.add(transfer(more[0] as PoolKey, 200)), 'ignore')
  await p.pool.pruned()
  t.equal(p.pool.size, 20_000)
  watch.abort()
  await counting
  t.ok(most.size <= 30_001, `at most ${most.size} at any time`)

  const restarted = p.again()
  await restarted.loadLocal()
  t.same(
    restarted.pending().map((m) => [m.message.from.toString(), m.message.nonce]),
    [0n, 1n, 2n, 3n, 4n].map((n) => [own.address.toString(), n]),
    'local messages are back after a restart',
  )
})
