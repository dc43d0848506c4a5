import t from 'tap'
import { Lru } from '../../../src/lib/lru.ts'

t.test('what was not used for longest is forgotten', async (t) => {
  const lru = new Lru<string, number>(3)
  for (const [key, value] of Object.entries({ a: 1, b: 2, c: 3 })) lru.set(key, value)
  t.equal(lru.get('a'), 1)
  lru.set('d', 4)
  t.equal(lru.get('b'), undefined)
  lru.set('c', 5)
  lru.set('e', 6)
  t.same(
    ['a', 'c', 'd', 'e'].map((key) => lru.get(key)),
    [undefined, 5, 4, 6],
  )
  t.ok(lru.delete('c'))
  t.notOk(lru.delete('c'))
  t.equal(lru.size, 2)
  lru.clear()
  t.equal(lru.size, 0)
  t.equal(lru.get('d'), undefined)
})

t.test('values that weigh something', async (t) => {
  const lru = new Lru<string, string>(10, (text) => text.length)
  lru.set('a', '1234')
  lru.set('b', '1234')
  lru.set('c', '12')
  t.equal(lru.size, 3)
  lru.set('c', '123')
  t.same([lru.get('a'), lru.get('b'), lru.get('c')], [undefined, '1234', '123'])
  lru.set('d', '12345678901')
  t.equal(lru.size, 0, 'too heavy for all together')
  lru.set('e', '1234567890')
  t.equal(lru.get('e'), '1234567890')
  lru.delete('e')
  lru.set('f', '1234567890')
  t.equal(lru.size, 1)
  lru.clear()
  lru.set('g', '1234567890')
  t.equal(lru.size, 1)
})
