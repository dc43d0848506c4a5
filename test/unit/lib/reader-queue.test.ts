import t from 'tap'
import { Readers } from '../../../src/lib/reader-queue.ts'

const make = () => new Readers<number>({ buffer: 3, slow: () => new Error('too slow') })

async function all(items: AsyncIterable<number>): Promise<number[]> {
  const out: number[] = []
  for await (const item of items) out.push(item)
  return out
}

t.test('every reader gets all that comes from its call on, until its signal fires', async (t) => {
  const readers = make()
  const stop = new AbortController()
  readers.push(0)
  const first = readers.read(stop.signal)[Symbol.asyncIterator]()
  readers.push(1)
  const second = readers.read(stop.signal)[Symbol.asyncIterator]()
  const waiting = second.next()
  readers.push(2)
  t.same(await waiting, { value: 2, done: false })
  t.same(
    [await first.next(), await first.next()].map((r) => r.value),
    [1, 2],
  )
  const last = first.next()
  readers.push(3)
  t.equal((await last).value, 3)
  readers.push(4)
  const end = first.next()
  t.equal((await end).value, 4)
  const never = first.next()
  stop.abort()
  t.same(await never, { value: undefined, done: true })
  t.equal((await second.next()).done, true, 'what waits is not read after the end')
  readers.push(5)
  t.equal((await first.next()).done, true)
  t.same(await all(readers.read(AbortSignal.abort())), [])
})

t.test('one that does not keep up reads what was buffered, is told, and gets nothing more', async (t) => {
  const readers = make()
  const { signal } = new AbortController()
  const slow = readers.read(signal)
  const items: number[] = []
  for (let i = 0; i < 6; i++) readers.push(i)
  const reading = (async () => {
    for await (const item of slow) {
      items.push(item)
      readers.push(100)
    }
  })()
  await t.rejects(reading, { message: 'too slow' })
  t.same(items, [0, 1, 2])
  t.same(await all(slow), [], 'told once')
})

t.test('values that are nothing are values, and a reader that leaves is forgotten', async (t) => {
  const readers = new Readers<undefined>({ buffer: 2, slow: () => new Error('too slow') })
  const { signal } = new AbortController()
  const reader = readers.read(signal)
  readers.push(undefined)
  for await (const item of reader) {
    t.equal(item, undefined)
    break
  }
  readers.push(undefined)
  t.same(await reader[Symbol.asyncIterator]().next(), { value: undefined, done: true })
})
