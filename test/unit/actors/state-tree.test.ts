import t from 'tap'
import { Hamt } from '../../../src/actors/hamt.ts'
import { diffHamt } from '../../../src/actors/hamt-diff.ts'
import { initState } from '../../../src/actors/init/view.ts'
import { addressKey, uintKey } from '../../../src/actors/keys.ts'
import { ActorRegistry, manifestData, manifestRoot, readManifest, readManifestData } from '../../../src/actors/manifest.ts'
import { MinerView } from '../../../src/actors/miner/view.ts'
import { readActorState } from '../../../src/actors/read-state.ts'
import { type Actor, changedActors, StateTree } from '../../../src/actors/state-tree.ts'
import { SystemView, systemState } from '../../../src/actors/system/view.ts'
import { type Codec, encode } from '../../../src/codec/codec.ts'
import { safeInt } from '../../../src/codec/primitives.ts'
import { MemoryBlockstore, OverlayBlockstore } from '../../../src/store/blockstore.ts'
import { Address } from '../../../src/types/address.ts'
import { type CID, cidOf } from '../../../src/types/cid.ts'
import { actorId } from '../../../src/types/scalars.ts'
import { LotusChain } from '../../kit/lotus-chain.ts'
import { sharedData } from '../../kit/shared-data.ts'

const link = cidOf(Uint8Array.of(1))
const plain: Actor = { code: link, head: link, nonce: 3n, balance: 5n, delegatedAddress: null }

function put<T>(store: MemoryBlockstore, codec: Codec<T>, value: T): CID {
  const data = encode(codec, value)
  const at = cidOf(data)
  store.put(at, data)
  return at
}

t.test('a tree from nothing', async (t) => {
  const store = new MemoryBlockstore()
  const tree = StateTree.create(store)
  const robust = Address.fromActorData(Uint8Array.of(9))
  const map = new Hamt(store, undefined, { value: actorId, key: addressKey })
  map.set(robust, 1234n)
  const head = put(store, initState, { addressMap: map.flush(store), nextId: 1235n, networkName: 'test' })
  t.throws(() => tree.lookupId(robust), { code: 'STATE_MALFORMED' }, 'no init actor')
  tree.setActor(1n, { ...plain, head })
  t.equal(tree.lookupId(robust), 1234n)
  t.equal(tree.lookupId(Address.fromActorData(Uint8Array.of(8))), undefined)
  t.equal(tree.lookupId(Address.fromId(77n)), 77n)
  t.equal(tree.getActor(robust), undefined)
  const f4 = Address.fromDelegated(10n, new Uint8Array(20))
  tree.setActor(robust, { ...plain, delegatedAddress: f4 })
  t.equal(tree.mustGetActor(1234n).delegatedAddress?.toString(), f4.toString())
  t.throws(() => tree.setActor(Address.fromActorData(Uint8Array.of(8)), plain), { code: 'ACTOR_NOT_FOUND' })
  t.throws(() => tree.mustGetActor(99n), { code: 'ACTOR_NOT_FOUND', message: /f099/ })
  const root = tree.flush(store)
  const again = StateTree.load(store, root)
  t.same([...again.actors()].map(([id]) => id).sort(), [1n, 1234n])
  t.equal(again.deleteActor(1234n), true)
  t.equal(again.deleteActor(1234n), false)
  t.not(again.flush(store).toString(), root.toString())
  again.setActor(1234n, { ...plain, delegatedAddress: f4 })
  t.equal(again.flush(store).toString(), root.toString())
})

t.test('roots that are none', async (t) => {
  const store = new MemoryBlockstore()
  const bytes = (hex: string): CID => {
    const data = new Uint8Array(Buffer.from(hex, 'hex'))
    store.put(cidOf(data), data)
    return cidOf(data)
  }
  const c = Buffer.from(link.bytes).toString('hex')
  const root = (version: string) => bytes(`83${version}d82a582700${c}d82a582700${c}`)
  t.throws(() => StateTree.load(store, root('06')), { code: 'STATE_MALFORMED', message: /version 6/ })
  t.throws(() => StateTree.load(store, root('20')), { code: 'STATE_MALFORMED' }, 'negative')
  t.throws(() => StateTree.load(store, bytes('8405')), { code: 'STATE_MALFORMED' })
  t.throws(() => StateTree.load(store, bytes('f6')), { code: 'STATE_MALFORMED' })
  t.throws(() => StateTree.load(store, link), { code: 'STORE_BLOCK_MISSING' })
  const old = StateTree.load(store, root('04'))
  t.throws(() => old.setActor(5n, { ...plain, delegatedAddress: Address.fromDelegated(10n, new Uint8Array(20)) }), {
    code: 'STATE_VALUE',
  })
})

t.test('manifests and the registry', async (t) => {
  const store = new MemoryBlockstore()
  const other = cidOf(Uint8Array.of(2))
  const data = put(store, manifestData, [
    { name: 'account', code: link },
    { name: 'no such actor', code: other },
  ])
  const manifest = put(store, manifestRoot, { version: 1, data })
  t.equal(readManifest(store, manifest.toString())?.codeByName.get('account')?.toString(), link.toString())
  t.equal(readManifest(store, other), undefined, 'not in the store')
  t.throws(() => readManifest(store, put(store, manifestRoot, { version: 2, data })), {
    code: 'STATE_MALFORMED',
    message: /version 2/,
  })
  t.throws(() => readManifest(store, data), { code: 'STATE_MALFORMED' })
  t.throws(() => readManifestData(store, manifest), { code: 'STATE_MALFORMED' })

  const registry = new ActorRegistry([
    {
      version: 17,
      entries: [
        ['placeholder', link],
        ['account', other],
      ],
    },
    {
      version: 18,
      entries: [
        ['placeholder', link.toString()],
        ['no such actor', data],
      ],
    },
  ])
  t.same(registry.lookup(link), { kind: 'placeholder', version: 18 })
  t.same(registry.lookup(other), { kind: 'account', version: 17 })
  t.equal(registry.kindOf(data), undefined)
  t.equal(registry.versionOf(data), undefined)
  t.equal(registry.codeOf(17, 'placeholder')?.toString(), link.toString())
  t.equal(registry.codeOf(18, 'account'), undefined)
  t.throws(() => MinerView.load(store, registry, plain), { code: 'ACTOR_KIND', message: /placeholder/ })
  t.throws(() => MinerView.load(store, registry, { ...plain, code: data }), { code: 'ACTOR_KIND', message: /no known bundle/ })
  t.throws(() => readActorState(store, registry, { ...plain, code: data }, { addressPrefix: 'f' }), { code: 'ACTOR_KIND' })
  t.equal(readActorState(store, registry, plain, { addressPrefix: 'f' }), null)

  const system = new ActorRegistry([{ version: 18, entries: [['system', link]] }])
  const view = SystemView.load(store, system, { ...plain, head: put(store, systemState, { builtinActors: data }) })
  t.same(
    view.builtinActorCodes().map((e) => e.name),
    ['account', 'no such actor'],
  )
  const lost = SystemView.load(store, system, { ...plain, head: put(store, systemState, { builtinActors: other }) })
  t.throws(() => lost.manifest(), { code: 'STATE_MALFORMED' })
})

t.test('what changed between two states', async (t) => {
  const store = new MemoryBlockstore()
  const make = (entries: Iterable<[bigint, number]>): CID => {
    const h = new Hamt(store, undefined, { value: safeInt, key: uintKey, bitWidth: 2 })
    for (const [k, v] of entries) h.set(k, v)
    return h.flush(store)
  }
  const numbers = (n: number, from = 0): [bigint, number][] => Array.from({ length: n }, (_, i) => [BigInt(i + from), i + from])
  const diff = (a: CID, b: CID) =>
    [...diffHamt(store, a, b, 2)]
      .map((c) => [uintKey.fromBytes(c.key), c.before?.[0], c.after?.[0]])
      .sort((x, y) => Number(x[0]) - Number(y[0]))
  const a = make(numbers(20))
  t.same(diff(a, a), [])
  t.same(diff(a, make([...numbers(20), [5n, 9]])), [[5n, 5, 9]])
  t.same(diff(a, make(numbers(19))), [[19n, 19, undefined]])
  t.same(diff(make(numbers(19)), a), [[19n, undefined, 19]])
  t.equal(diff(make([]), a).length, 20)
  t.equal(diff(a, make(numbers(20, 20))).length, 40)

  const folder = sharedData(t, 'chains', 'lotus-devnet')
  if (folder === undefined) return
  const chain = new LotusChain(folder)
  const after = StateTree.load(chain.store, chain.head.parentStateRoot)
  const parent = chain.block(chain.head.parents[0] as CID)
  const before = StateTree.load(chain.store, parent.parentStateRoot)
  const changed = [...changedActors(chain.store, before, after)]
  t.ok(changed.length > 0 && changed.length < 50)
  const all = new Map(
    [...before.actors()].map(([id, x]) => [id, JSON.stringify(x, (_, v) => (typeof v === 'bigint' ? `${v}` : v))]),
  )
  const slow = [...after.actors()].filter(
    ([id, x]) => all.get(id) !== JSON.stringify(x, (_, v) => (typeof v === 'bigint' ? `${v}` : v)),
  )
  t.same(changed.map(([id]) => id).sort(), slow.map(([id]) => id).sort(), 'the same as by comparing all')

  const copy = StateTree.load(new OverlayBlockstore(chain.store), chain.head.parentStateRoot)
  for (const [id, x] of [...copy.actors()]) copy.setActor(id, { ...x, nonce: x.nonce + 1n })
  for (const [id, x] of [...copy.actors()]) copy.setActor(id, { ...x, nonce: x.nonce - 1n })
  t.equal(copy.flush(new MemoryBlockstore()).toString(), chain.head.parentStateRoot.toString(), 'changed and changed back')
})
