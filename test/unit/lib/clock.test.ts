import { Worker } from 'node:worker_threads'
import t from 'tap'
import { clockBehind, readClock, SettableClock, systemClock } from '../../../src/lib/clock.ts'

t.test('a clock behind another one', async (t) => {
  const clock = new SettableClock(10_000)
  const behind = clockBehind(4_000, clock)
  t.equal(behind.now(), 6_000)
  t.equal(clockBehind(1_000, behind).now(), 5_000)
  t.equal(clockBehind(0, behind), behind)
  const slept = behind.sleep(500)
  t.equal(clock.next, 10_500)
  clock.set(10_500)
  await slept
  const before = Date.now()
  const late = clockBehind(100_000)
  t.ok(late.now() >= before - 100_000 && late.now() <= Date.now() - 100_000)
})

t.test('who sleeps by a settable clock wakes when it is set, earliest first', async (t) => {
  const clock = new SettableClock(1_000)
  const woken: string[] = []
  let told = 0
  clock.onSleep = () => told++
  const sleeps = [
    clock.sleep(300).then(() => woken.push('c')),
    clock.sleep(100).then(() => woken.push('a')),
    clock.sleep(200.5).then(() => woken.push('b')),
  ]
  t.equal(told, 3)
  await clock.sleep(0)
  await clock.sleep(-5)
  t.equal(told, 3)
  t.equal(clock.next, 1_100)
  clock.set(1_099)
  await Promise.resolve()
  t.same(woken, [])
  clock.set(1_201)
  await Promise.all(sleeps.slice(1))
  t.same(woken, ['a', 'b'])
  clock.set(clock.next as number)
  await Promise.all(sleeps)
  t.same(woken, ['a', 'b', 'c'])
  t.equal(clock.now(), 1_300)
  t.equal(clock.next, undefined)
})

t.test('a sleep ends by its signal', async (t) => {
  const clock = new SettableClock(0)
  const stop = new AbortController()
  const slept = clock.sleep(100, stop.signal)
  stop.abort(new Error('enough'))
  await t.rejects(slept, { message: 'enough' })
  t.equal(clock.next, undefined)
  await t.rejects(clock.sleep(100, stop.signal), { message: 'enough' })
  await t.rejects(systemClock.sleep(100, stop.signal), { message: 'enough' })
})

t.test('another thread sees the same time', async (t) => {
  const clock = new SettableClock(1_700_000_000_123)
  t.equal(readClock(clockBehind(23, clock).wire)(), 1_700_000_000_100)
  const before = Date.now()
  const now = readClock(clockBehind(50).wire)()
  t.ok(now >= before - 50 && now <= Date.now() - 50)
  const source = new URL('../../../src/lib/clock.ts', import.meta.url).href
  const worker = new Worker(
    `import { parentPort, workerData } from 'node:worker_threads'
     const { readClock } = await import(workerData.source)
     const now = readClock(workerData.wire)
     parentPort.on('message', () => parentPort.postMessage(now()))
     parentPort.postMessage(now())`,
    { eval: true, workerData: { source, wire: clock.wire } },
  )
  t.teardown(() => worker.terminate())
  const told = () => new Promise<unknown>((resolve) => worker.once('message', resolve))
  t.equal(await told(), 1_700_000_000_123)
  clock.set(1_700_000_500_000)
  worker.postMessage('now')
  t.equal(await told(), 1_700_000_500_000)
})
