// The messages that a Lotus node gossiped, as they came over the wire: each is taken in, at the head before the block that holds
// it, by every rule there is, chosen for that block, and gone with it.

import t from 'tap'
import { decode, encode } from '../../../src/codec/codec.ts'
import { MessagePool } from '../../../src/mpool/message-pool.ts'
import { WorkerPoolChain } from '../../../src/node/pool-chain.ts'
import { type PoolQueries, poolQueries } from '../../../src/node/pool-queries.ts'
import { cidKey } from '../../../src/types/cid.ts'
import { messageCid, type SignedMessage, signedMessage, signedMessageCid } from '../../../src/types/message.ts'
import type { Tipset } from '../../../src/types/tipset.ts'
import { testPool } from '../../kit/mpool.ts'
import { sharedData } from '../../kit/shared-data.ts'
import { snapshotChain } from '../../kit/snapshot-chain.ts'
import { gossiped, wireRecords } from '../../kit/wire-records.ts'

t.setTimeout(120_000)

t.test('recorded gossip of Lotus', async (t) => {
  const folder = sharedData(t, 'chains', 'lotus-devnet-proofs')
  const records = wireRecords(t)
  if (folder === undefined || records === undefined) return
  const heard = gossiped(records, '/fil/msgs/').map((bytes) => {
    const message = decode(signedMessage, bytes)
    t.equal(
      Buffer.from(encode(signedMessage, message)).toString('hex'),
      Buffer.from(bytes).toString('hex'),
      'the same bytes go out again',
    )
    return message
  })
  t.equal(heard.length, 28)

  const { network, state, tipsets } = await snapshotChain(folder)
  const queries = poolQueries(state)
  const chain = new WorkerPoolChain(
    { pool: async (method: keyof PoolQueries, args: never) => queries[method](args) as never },
    network,
  )
  const { metadata } = await testPool(t)
  const byTipset = new Map<Tipset, SignedMessage[]>()
  for (const m of heard) {
    const id = cidKey(signedMessageCid(m))
    const holder = tipsets.find((x) =>
      state.chain.messagesForTipset(x).some((c) => cidKey('signature' in c ? signedMessageCid(c) : messageCid(c)) === id),
    )
    if (holder !== undefined) byTipset.set(holder, [...(byTipset.get(holder) ?? []), m])
  }
  t.equal([...byTipset.values()].flat().length, 26, 'the chain holds all but the last two')
  for (const [tipset, messages] of byTipset) {
    const base = state.chain.parent(tipset)
    const pool = MessagePool.open(
      { chain, metadata, store: { putMany: async () => {} }, publish: async () => {}, random: () => 0.5 },
      { head: base, addressPrefix: 't' },
    )
    for (const m of messages.sort((a, b) => Number(a.message.nonce - b.message.nonce)))
      t.equal(await pool.add(m), 'accept', `${signedMessageCid(m)} at ${base.height}`)
    for (const quality of [1, 0.3]) t.equal((await pool.select(base, quality)).length, messages.length, `quality ${quality}`)
    pool.onHeadChange([{ type: 'apply' }], tipset)
    await pool.atHead()
    t.equal(pool.size, 0, 'a block holds them')
    for (const m of messages) t.equal(await pool.add(m), 'ignore', 'and they are not taken again')
    pool.onHeadChange([{ type: 'revert' }], base)
    await pool.atHead()
    t.equal(pool.size, messages.length, 'they return when it is left, BLS ones with their signatures')
  }
})
