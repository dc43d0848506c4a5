import t, { type Test } from 'tap'
import { WorkerPool, WorkerThread } from '../../../src/lib/worker-pool.ts'

function poolOf(t: Test, size: number, urgent: number): { readonly pool: WorkerPool; readonly started: boolean[] } {
  const started: boolean[] = []
  const pool = new WorkerPool({ size, urgent }, (isUrgent) => {
    started.push(isUrgent)
    return new WorkerThread(new URL('../../kit/held-worker.ts', import.meta.url), {})
  })
  t.teardown(() => pool.close())
  return { pool, started }
}

/** Keeps a thread of a pool busy. @returns when it is; `release` lets it go */
async function hold(pool: WorkerPool, urgent = false): Promise<{ readonly done: Promise<unknown>; release(): void }> {
  const cell = new Int32Array(new SharedArrayBuffer(8))
  const done = pool.call('hold', { cell }, { urgent })
  const { async, value } = Atomics.waitAsync(cell, 1, 0)
  if (async) await value
  return {
    done,
    release() {
      Atomics.store(cell, 0, 1)
      Atomics.notify(cell, 0)
    },
  }
}

t.test('an urgent call does not wait for a long one', async (t) => {
  const { pool, started } = poolOf(t, 1, 1)
  const long = await hold(pool)
  const behind = pool.call('thread', undefined)
  let answered = false
  void behind.then(() => {
    answered = true
  })
  const urgent = await pool.call('thread', undefined, { urgent: true })
  t.equal(answered, false, 'the call behind the long one waits')
  t.same(started, [false, true])
  long.release()
  t.equal(await behind, await long.done, 'and is answered by its thread')
  t.not(await long.done, urgent)
})

t.test('urgent calls do not take the threads of the others', async (t) => {
  const { pool, started } = poolOf(t, 2, 1)
  const long = await hold(pool, true)
  const second = pool.call('thread', undefined, { urgent: true })
  const ordinary = await pool.call('thread', undefined)
  t.same(started, [true, false])
  long.release()
  t.equal(await second, await long.done, 'they wait for each other')
  t.not(ordinary, await second)
})

t.test('threads start when they are needed, and no more than there may be', async (t) => {
  const { pool, started } = poolOf(t, 2, 1)
  t.equal(pool.size, 2)
  t.same(started, [])
  const one = await pool.call('thread', undefined)
  t.equal(await pool.call('thread', undefined), one, 'an idle one is used again')
  const [a, b] = [await hold(pool), await hold(pool)]
  const waiting = pool.call('thread', undefined)
  t.same(started, [false, false])
  a.release()
  b.release()
  t.ok([await a.done, await b.done].includes(await waiting))
})

t.test('a thread that dies is replaced; its calls fail', async (t) => {
  const { pool, started } = poolOf(t, 1, 1)
  await t.rejects(pool.call('end', undefined, { urgent: true }), { code: 'WORKER_STOPPED' })
  t.type(await pool.call('thread', undefined, { urgent: true }), 'number')
  t.same(started, [true, true])
  await t.rejects(pool.call('fail', undefined), { code: 'TEST_FAILED', message: 'as asked', rpcCode: 7 })
  await pool.close()
  await t.rejects(pool.call('thread', undefined), { code: 'WORKER_STOPPED', message: /closing/ })
})
