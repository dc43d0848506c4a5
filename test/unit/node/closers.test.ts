import t from 'tap'
import { configureLogging } from '../../../src/lib/log.ts'
import { startInOrder, stoppedBy } from '../../../src/node/closers.ts'

const lines: string[] = []
configureLogging({ level: 'error', format: 'plain', write: (line) => void lines.push(line) })

t.test('what was opened last is closed first, each once, whatever fails', async (t) => {
  const closed: number[] = []
  const stop = new AbortController()
  const running = await startInOrder('node', async (closers) => {
    closers.push(() => void closed.push(1))
    closers.push(async () => {
      closed.push(2)
      throw new Error('second')
    })
    closers.push(async () => {
      closed.push(3)
      throw new Error('first')
    })
    return { closed: closers.closedAfter(stop.signal), again: () => closers.closeAll() }
  })
  t.same(closed, [])
  stop.abort()
  await t.rejects(running.closed, { message: 'first' })
  t.same(closed, [3, 2, 1])
  await running.again()
  t.same(closed, [3, 2, 1])
})

t.test('a start that fails closes what it had opened, and its own failure is told', async (t) => {
  const closed: number[] = []
  const start = startInOrder('node', async (closers) => {
    closers.push(() => void closed.push(1))
    closers.push(() => Promise.reject(new Error('cannot be closed')))
    throw new Error('the port is taken')
  })
  await t.rejects(start, { message: 'the port is taken' })
  t.same(closed, [1])
  t.match(lines.join(''), /closing after a failed start failed too.*cannot be closed/s)
})

t.test('a stop that came before the start, or after it', async (t) => {
  t.throws(() => stoppedBy(AbortSignal.abort(new Error('no more'))), { message: 'no more' })
  const given = new AbortController()
  const { signal } = stoppedBy(given.signal)
  t.notOk(signal.aborted)
  given.abort(new Error('enough'))
  t.match(signal.reason, { message: 'enough' })
  t.notOk(stoppedBy(undefined).signal.aborted)
  const early = await startInOrder('node', async (closers) => closers.closedAfter(AbortSignal.abort()))
  t.equal(early, undefined)
})
