import t from 'tap'
import { median, summarize } from '../../../bench/benchmark.ts'
import { runGroup } from '../../conformance/report.ts'

t.test('a group without suite, data or cases is a failure', async (t) => {
  const data = t.testdir({})
  t.match((await runGroup('x', undefined, data)).failures, [{ name: 'x', reason: /no suite knows this folder/ }])
  t.match((await runGroup('x', { group: 'x', run: async () => {} }, `${data}/none`)).failures, [{ reason: /is missing/ }])
  t.match((await runGroup('x', { group: 'x', run: async () => {} }, data)).failures, [{ reason: 'the suite ran no case' }])
})

t.test('passes, failures and skips are counted, a skip needs a reason, a throw is a failure', async (t) => {
  const result = await runGroup(
    'x',
    {
      group: 'x',
      async run(report) {
        report.pass('a')
        await report.check('b', async () => {})
        await report.check('c', () => {
          throw new Error('wrong root')
        })
        report.fail('d', 'wrong gas')
        report.skip('e', 'too old')
        report.skip('f', ' ')
        throw new Error('stopped')
      },
    },
    t.testdir({}),
  )
  t.equal(result.passed, 2)
  t.match(result.failures, [
    { name: 'c', reason: 'wrong root' },
    { name: 'd', reason: 'wrong gas' },
    { name: 'f' },
    { name: 'x', reason: /stopped/ },
  ])
  t.strictSame(result.skips, [{ name: 'e', reason: 'too old' }])
})

t.test('the median and the ratio to the baseline', async (t) => {
  t.equal(median([3, 1, 2]), 2)
  t.equal(median([4, 1, 2, 3]), 2.5)
  const samples = [10, 30, 20].map((ms) => [
    { name: 'native', ms, count: 100, unit: 'messages' },
    { name: 'addon', ms: ms * 2, baseline: 'native' },
  ])
  t.strictSame(summarize(samples), [
    { name: 'native', medianMs: 20, minMs: 10, maxMs: 30, perSecond: 5000, unit: 'messages' },
    { name: 'addon', medianMs: 40, minMs: 20, maxMs: 60, baseline: 'native', ratio: 0.5 },
  ])
})
