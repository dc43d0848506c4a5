import t from 'tap'
import { Slice, TurnShare, type WorkKind } from '../../../src/net/time-slice.ts'

/** In which order pieces of work go on that begin to wait in the given order. */
async function order(kinds: readonly WorkKind[]): Promise<string[]> {
  const done: string[] = []
  const counts = new Map<string, number>()
  await Promise.all(
    kinds.map(async (kind) => {
      const name = `${kind} ${counts.get(kind) ?? 0}`
      counts.set(kind, (counts.get(kind) ?? 0) + 1)
      await new Slice(kind).pause()
      done.push(name)
    }),
  )
  return done
}

t.test('a flood of one kind makes no other kind late', async (t) => {
  const many = Array.from({ length: 30 }, () => 'serving' as const)
  const done = await order([...many, 'gossip', 'input', 'fetching', 'gossip'])
  t.same(done.slice(0, 6).sort(), ['fetching 0', 'gossip 0', 'gossip 1', 'input 0', 'serving 0', 'serving 1'])
  t.same(
    done.filter((name) => name.startsWith('serving')),
    many.map((_, i) => `serving ${i}`),
    'within a kind: first come first served',
  )
  t.equal(done.length, 34)
})

t.test('one piece of work goes on in each turn of the event loop', async (t) => {
  const perTurn: number[] = []
  let count = 0
  let counting = true
  const countTurns = () => {
    perTurn.push(count)
    count = 0
    if (counting) setImmediate(countTurns)
  }
  setImmediate(countTurns)
  const share = new TurnShare('gossip')
  await Promise.all(
    Array.from({ length: 40 }, async () => {
      await share.pause()
      count++
    }),
  )
  counting = false
  t.equal(Math.max(...perTurn), 1)
})

t.test('a slice is over after a while, and begins anew with its turn', async (t) => {
  const slice = new Slice('fetching')
  const share = new TurnShare('input')
  t.notOk(share.isSpent)
  for (const until = performance.now() + 2; performance.now() < until; );
  t.ok(slice.isOver)
  t.ok(share.isSpent)
  await slice.pause()
  await share.pause()
  await new Promise((resolve) => setImmediate(resolve))
  t.notOk(share.isSpent)
})
