import { t } from 'tap'
import { MetadataStore } from '../../../src/store/metadata.ts'
import { cidOf } from '../../../src/types/cid.ts'
import { TipsetKey } from '../../../src/types/tipset.ts'

t.test('records are seen at once and kept', async (t) => {
  const path = t.testdir()
  const store = await MetadataStore.open(path)
  t.equal(store.get('/head'), undefined)
  const writing = store.put('/head', 'a')
  t.equal(store.getText('/head'), 'a')
  await writing
  t.equal(store.getText('/head'), 'a')
  const deleting = store.delete('/head')
  t.equal(store.get('/head'), undefined)
  await deleting
  t.equal(store.get('/head'), undefined)
  await store.batch(
    [
      { key: '/x/2', value: Uint8Array.of(2) },
      { key: '/x/1', value: Uint8Array.of(1) },
      { key: '/y', value: Uint8Array.of(9) },
      { key: '/x/3', value: undefined },
    ],
    { sync: true },
  )
  const found: string[] = []
  for await (const { key, value } of store.iterate('/x/')) found.push(`${key}=${value[0]}`)
  t.same(found, ['/x/1=1', '/x/2=2'])
  const late = store.put('/z', 'late')
  await store.close()
  await late
  await store.close()
  t.throws(() => store.get('/z'), { code: 'STORE_CLOSED' })
  await t.rejects(store.put('/z', 'x'), { code: 'STORE_CLOSED' })
  const again = await MetadataStore.open(path)
  t.equal(again.getText('/z'), 'late')
  const second = await MetadataStore.open(path)
  t.equal(second.getText('/z'), 'late', 'several handles of one process')
  await second.close()
  await again.close()
})

t.test('states of tipsets', async (t) => {
  const path = t.testdir()
  const store = await MetadataStore.open(path)
  const key = new TipsetKey([cidOf(Uint8Array.of(1)), cidOf(Uint8Array.of(2))])
  const state = { stateRoot: cidOf(Uint8Array.of(3)), receiptsRoot: cidOf(Uint8Array.of(4)) }
  t.equal(store.tipsetState(key), undefined)
  store.putTipsetState(key, state)
  const check = (s: MetadataStore): void => {
    const got = s.tipsetState(key)
    t.ok(got?.stateRoot.equals(state.stateRoot) && got.receiptsRoot.equals(state.receiptsRoot))
  }
  check(store)
  t.equal(store.tipsetState(new TipsetKey([...key.cids].reverse())), undefined)
  await store.close()
  const again = await MetadataStore.open(path)
  check(again)
  await again.close()
})
