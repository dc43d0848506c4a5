import { t } from 'tap'
import { ChainReader, type HeadChange } from '../../../src/store/chain-reader.ts'
import { ChainStore } from '../../../src/store/chain-store.ts'
import { LevelBlockstore } from '../../../src/store/level-blockstore.ts'
import { MetadataStore } from '../../../src/store/metadata.ts'
import type { CID } from '../../../src/types/cid.ts'
import { type Tipset, tipsetKeyBlock } from '../../../src/types/tipset.ts'
import { testChain } from '../../kit/fork-chain.ts'

interface Opened {
  readonly chain: ChainStore
  readonly metadata: MetadataStore
  readonly store: LevelBlockstore
  close(): Promise<void>
}

async function open(path: string): Promise<Opened> {
  const store = await LevelBlockstore.open({ path: `${path}/chain` })
  const metadata = await MetadataStore.open(`${path}/metadata`)
  const chain = await ChainStore.open({ store, metadata, reader: new ChainReader(store) })
  return {
    chain,
    metadata,
    store,
    async close() {
      await chain.close()
      await metadata.close()
      await store.close()
    },
  }
}

/** A small generator of numbers that repeats (Marsaglia's xorshift). */
function random(seed: number): (below: number) => number {
  let x = seed
  return (below) => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return (x >>> 0) % below
  }
}

const brief = (changes: readonly HeadChange[]): string[] => changes.map((c) => `${c.type} ${c.tipset.height}`)

t.test("genesis and head are kept, in Lotus's records", async (t) => {
  const path = t.testdir()
  const made = testChain()
  const genesis = made.genesis()
  const one = made.extend(genesis)
  const first = await open(path)
  t.equal(first.chain.head, undefined)
  t.throws(() => first.chain.requireHead(), { code: 'STORE_NO_HEAD' })
  await first.store.putMany([...made.store.blocks()])
  const genesisCid = genesis.cids[0] as CID
  await t.rejects(first.chain.setGenesis(one.first, one.cids[0] as CID), { code: 'STORE_GENESIS' }, 'height 1 is no genesis')
  await first.chain.setGenesis(genesis.first, genesisCid)
  t.ok(first.chain.requireHead().equals(genesis))
  await first.chain.setHead(one)
  t.same(JSON.parse(first.metadata.getText('/head') as string), [{ '/': String(one.cids[0]) }])
  t.same(Buffer.from(first.metadata.get('/0') as Uint8Array), Buffer.from(genesisCid.bytes))
  t.ok(first.store.has(tipsetKeyBlock(one.key).cid))
  await first.close()

  const again = await open(path)
  t.ok(again.chain.head?.equals(one))
  t.ok(again.chain.genesis?.equals(genesis))
  await again.chain.setGenesis(genesis.first, genesisCid)
  const other = testChain(900).genesis()
  await t.rejects(again.chain.setGenesis(other.first, other.cids[0] as CID), { code: 'STORE_GENESIS' })
  t.ok(again.chain.head?.equals(one))
  await again.metadata.put('/head', 'no json')
  await again.close()
  await t.rejects(open(path), { code: 'STORE_CORRUPT' })
})

t.test('head changes over random forks are those of a simple model', async (t) => {
  const path = t.testdir()
  const node = await open(path)
  const made = testChain()
  const genesis = made.genesis()
  const next = random(20_260_601)
  const known: Tipset[] = [genesis]
  const parentOf = new Map<string, Tipset>()
  for (let i = 0; i < 150; i++) {
    const parent = known[Math.max(0, known.length - 1 - next(12))] as Tipset
    const tipset = made.extend(parent, { blocks: 1 + next(3), nullRounds: next(3) })
    parentOf.set(tipset.key.id, parent)
    known.push(tipset)
  }
  await node.store.putMany([...made.store.blocks()])
  await node.chain.setGenesis(genesis.first, genesis.cids[0] as CID)

  const ancestors = (tip: Tipset): Tipset[] => {
    const out = [tip]
    for (let at = parentOf.get(tip.key.id); at !== undefined; at = parentOf.get(at.key.id)) out.push(at)
    return out
  }
  const heard: HeadChange[][] = []
  const stop = node.chain.onHeadChange((changes, head) => {
    heard.push([...changes])
    if (!head.equals((changes.at(-1) as HeadChange).tipset) && changes.at(-1)?.type === 'apply')
      t.fail('the head is the last apply')
  })
  const ending = new AbortController()
  const stream = node.chain.subscribe(ending.signal)
  const read: (readonly HeadChange[])[] = []
  t.same(brief((await stream.next()).value), ['current 0'])
  let model: Tipset[] = [genesis]
  for (let i = 0; i < 60; i++) {
    const target = known[next(known.length)] as Tipset
    const before = model
    model = ancestors(target)
    const kept = new Set(model.map((x) => x.key.id))
    const had = new Set(before.map((x) => x.key.id))
    const want = [
      ...before.filter((x) => !kept.has(x.key.id)).map((x) => `revert ${x.key.id}`),
      ...model
        .filter((x) => !had.has(x.key.id))
        .reverse()
        .map((x) => `apply ${x.key.id}`),
    ]
    const count = heard.length
    await node.chain.setHead(target, { sync: i % 7 === 0 })
    const got = heard.slice(count).flat()
    t.same(
      got.map((c) => `${c.type} ${c.tipset.key.id}`),
      want,
      `change ${i}: ${want.length} steps`,
    )
    if (want.length > 0) read.push((await stream.next()).value)
    t.ok(node.chain.head?.equals(target))
  }
  t.same(read, heard)
  stop()
  ending.abort()
  t.equal((await stream.next()).done, true)
  await node.chain.setHead(genesis)
  t.equal(heard.length, read.length, 'nobody is told after leaving')
  await node.close()
})

t.test('subscribers: before the first head, too slow, and gone', async (t) => {
  const node = await open(t.testdir())
  const made = testChain()
  const genesis = made.genesis()
  const tips = [genesis]
  for (let i = 0; i < 25; i++) tips.push(made.extend(tips.at(-1) as Tipset))
  await node.store.putMany([...made.store.blocks()])
  const early = node.chain.subscribe()
  const waiting = early.next()
  await node.chain.setGenesis(genesis.first, genesis.cids[0] as CID)
  t.same(brief((await waiting).value), ['current 0'])
  const slow = node.chain.subscribe()
  for (const tip of tips.slice(1)) {
    await node.chain.setHead(tip, { sync: false })
    await early.next()
  }
  const got: string[] = []
  await t.rejects(
    (async () => {
      for await (const changes of slow) got.push(...brief(changes))
    })(),
    { code: 'STORE_SLOW_READER' },
  )
  t.same(got, ['current 0', ...Array.from({ length: 15 }, (_, i) => `apply ${i + 1}`)], 'what was buffered comes first')
  for await (const changes of node.chain.subscribe()) {
    t.same(brief(changes), ['current 25'])
    break
  }
  const gone = new AbortController()
  gone.abort()
  t.equal((await node.chain.subscribe(gone.signal).next()).done, true)
  const last = node.chain.subscribe()
  await last.next()
  const open25 = last.next()
  await node.close()
  t.equal((await open25).done, true, 'closing ends the streams')
})

t.test('changes that are asked for at once happen one after the other', async (t) => {
  const node = await open(t.testdir())
  const made = testChain()
  const genesis = made.genesis()
  const tips = [genesis]
  for (let i = 0; i < 10; i++) tips.push(made.extend(tips.at(-1) as Tipset))
  const lost = testChain(700)
  const away = lost.extend(lost.genesis())
  await node.store.putMany([...made.store.blocks()])
  await node.chain.setGenesis(genesis.first, genesis.cids[0] as CID)
  const heard: string[] = []
  node.chain.onHeadChange((changes) => heard.push(...brief(changes)))
  const all = tips.slice(1).map((tip) => node.chain.setHead(tip, { sync: false }))
  const failing = t.rejects(node.chain.setHead(away), { code: 'STORE_BLOCK_MISSING' }, 'a head whose parents are not there')
  await Promise.all(all)
  await failing
  t.same(
    heard,
    tips.slice(1).map((tip) => `apply ${tip.height}`),
  )
  t.ok(node.chain.head?.equals(tips[10] as Tipset), 'a failure changes nothing')
  await node.close()
})

t.test('checkpoints', async (t) => {
  const path = t.testdir()
  const node = await open(path)
  const made = testChain()
  const genesis = made.genesis()
  const a = [genesis]
  for (let i = 0; i < 5; i++) a.push(made.extend(a.at(-1) as Tipset))
  const b = [a[2] as Tipset]
  for (let i = 0; i < 5; i++) b.push(made.extend(b.at(-1) as Tipset))
  const far = made.extend(genesis, { nullRounds: 2 })
  await node.store.putMany([...made.store.blocks()])
  await node.chain.setGenesis(genesis.first, genesis.cids[0] as CID)
  await node.chain.setHead(a[5] as Tipset)
  await node.chain.setCheckpoint(a[4] as Tipset)
  t.ok(node.chain.head?.equals(a[5] as Tipset), 'an ancestor leaves the head')
  await t.rejects(node.chain.setHead(b[5] as Tipset), { code: 'STORE_CHECKPOINT' })
  await node.chain.setHead(a[4] as Tipset)
  await node.chain.setHead(a[5] as Tipset)
  await node.close()

  const again = await open(path)
  t.ok(again.chain.checkpoint?.equals(a[4] as Tipset))
  await again.chain.setCheckpoint(b[3] as Tipset)
  t.ok(again.chain.head?.equals(b[3] as Tipset), 'another fork becomes the head')
  await again.chain.setHead(b[5] as Tipset)
  await again.chain.forceHead(a[3] as Tipset)
  t.ok(again.chain.head?.equals(a[3] as Tipset))
  t.equal(again.chain.checkpoint, undefined)
  await again.chain.setCheckpoint(far)
  t.ok(again.chain.head?.equals(far))
  await again.chain.removeCheckpoint()
  await again.chain.setHead(a[5] as Tipset)
  await again.close()

  const deep = await open(`${path}/deep`)
  const long = testChain(3)
  const root = long.genesis()
  const side = long.extend(root)
  const high = long.extend(long.extend(root, { nullRounds: 5 }), { nullRounds: 1200 })
  await deep.store.putMany([...long.store.blocks()])
  await deep.chain.setGenesis(root.first, root.cids[0] as CID)
  await deep.chain.setHead(high)
  await t.rejects(deep.chain.setCheckpoint(side), { code: 'STORE_CHECKPOINT', message: /900/ }, 'finality')
  await deep.chain.setCheckpoint(root)
  t.ok(deep.chain.head?.equals(high))
  await deep.close()
})
