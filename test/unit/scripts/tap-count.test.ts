import t from 'tap'
import { Parser } from 'tap-parser'
import { countAssertions } from '../../../scripts/tap-count.mjs'

function count(tap: string) {
  const lines: string[] = []
  const parser = new Parser()
  const total = countAssertions(parser, (line) => lines.push(line))
  parser.end(tap)
  return { total, lines }
}

t.test('assertions are counted and not the subtests around them', async (t) => {
  const { total, lines } = count(`TAP version 14
# Subtest: test/a.test.ts
    ok 1 - one
    # Subtest: inner
        ok 1 - two
        ok 2 - three
        1..2
    ok 2 - inner
    1..2
ok 1 - test/a.test.ts # time=1500ms

1..1
`)
  t.strictSame(total, { passed: 3, failed: 0, skipped: 0 })
  t.strictSame(lines, ['ok     test/a.test.ts: 3 passed, 0 failed, 1.5 s'])
})

t.test('a failure is counted once, with what differs', async (t) => {
  const { total, lines } = count(`TAP version 14
# Subtest: test/a.test.ts
    # Subtest: inner
        ok 1 - one
        not ok 2 - two
          ---
          diff: |
            --- expected
            +++ actual
            @@ -1,1 +1,1 @@
            -2
            +1
          at:
            fileName: test/a.test.ts
            lineNumber: 7
          ...
        1..2
        # failed 1 of 2 tests
    not ok 1 - inner
    1..1
    # failed 1 test
not ok 1 - test/a.test.ts

1..1
`)
  t.strictSame(total, { passed: 1, failed: 1, skipped: 0 })
  t.strictSame(lines, [
    '  FAILED: test/a.test.ts > inner > two',
    '    @@ -1,1 +1,1 @@',
    '    -2',
    '    +1',
    '    test/a.test.ts:7',
    'FAILED test/a.test.ts: 1 passed, 1 failed',
  ])
})

t.test('a file that dies without a failing assertion is a failure', async (t) => {
  const { total, lines } = count(`TAP version 14
# Subtest: test/a.test.ts
    ok 1 - one
    1..1
not ok 1 - test/a.test.ts
  ---
  exitCode: 1
  signal: null
  ...

1..1
`)
  t.strictSame(total, { passed: 1, failed: 1, skipped: 0 })
  t.strictSame(lines, ['  FAILED: test/a.test.ts', '    exitCode: 1', 'FAILED test/a.test.ts: 1 passed, 1 failed'])
})

t.test('skipped and postponed assertions are neither passed nor failed', async (t) => {
  const { total, lines } = count(`TAP version 14
# Subtest: test/a.test.ts
    ok 1 - data # SKIP not here
    not ok 2 - later # TODO
    ok 3 - one
    1..3
ok 1 - test/a.test.ts

1..1
`)
  t.strictSame(total, { passed: 1, failed: 0, skipped: 1 })
  t.strictSame(lines, ['  skipped: test/a.test.ts > data: not here', 'ok     test/a.test.ts: 1 passed, 0 failed'])
})
