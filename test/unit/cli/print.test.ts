import { Writable } from 'node:stream'
import t from 'tap'
import { goJson, Output, tabbed, table } from '../../../src/cli/print.ts'

t.test("table lays out the rows of Lotus's own table writer test", async (t) => {
  // Input and layout of Lotus lib/tablewriter/tablewiter_test.go.
  const text = table(
    [{ name: 'C1' }, { name: 'X' }, { name: 'C333' }, { name: 'Thing', ownLine: true }],
    [
      { C1: '234', C333: 'ou' },
      { C1: '23uieui4', C333: 'ou', X: '\x1b[32m#\x1b[0m', Thing: 'a very long thing, annoyingly so' },
      { C1: 'ttttttttt', C333: 'eui' },
      { C1: '1', C333: '2', SurpriseColumn: '42' },
    ],
  )
  t.equal(
    text,
    [
      'C1         X  C333  SurpriseColumn  ',
      '234           ou                    ',
      '23uieui4   \x1b[32m#\x1b[0m  ou                    ',
      '  Thing: a very long thing, annoyingly so',
      'ttttttttt     eui                   ',
      '1             2     42              ',
      '',
    ].join('\n'),
  )
})

t.test('a column without values is left out, one to the right is padded before', async (t) => {
  const text = table(
    [{ name: 'A' }, { name: 'B' }, { name: 'N', rightAlign: true }],
    [
      { A: 'x', N: 5 },
      { A: 'y', N: 100 },
    ],
  )
  t.equal(text, 'A     N \nx     5 \ny   100 \n')
})

t.test('tabbed pads as text/tabwriter does: columns of adjoining lines only', async (t) => {
  t.equal(tabbed([['a', 'b', 'c'], ['aaa', 'bb', 'c'], ['x'], ['a', 'b']]), 'a    b   c\naaa  bb  c\nx\na  b\n')
  t.equal(
    tabbed(
      [
        ['', 'In', 'Out'],
        ['', '1 B', '2 B'],
      ],
      { minWidth: 6 },
    ),
    '      In    Out\n      1 B   2 B\n',
  )
})

t.test('goJson escapes as encoding/json does and keeps large integers', async (t) => {
  t.equal(
    goJson({ a: '<b>&', n: 18446744073709551615n, l: [] }, 0),
    '{"a":"\\u003cb\\u003e\\u0026","n":18446744073709551615,"l":[]}',
  )
  t.equal(goJson({ a: { b: null } }), '{\n  "a": {\n    "b": null\n  }\n}')
})

t.test('Output', async (t) => {
  const written = { out: '', err: '' }
  const sink = (name: 'out' | 'err') =>
    new Writable({
      write(chunk, _encoding, done) {
        written[name] += chunk
        done()
      },
    })
  const plain = new Output(sink('out'), sink('err'), { color: false, json: false })
  plain.line('a')
  plain.note('n')
  plain.answer({ x: 1 }, () => plain.line('text'))
  t.same(written, { out: 'a\ntext\n', err: 'n\n' })
  t.equal(plain.paint('red', 'r'), 'r')
  const json = new Output(sink('out'), sink('err'), { color: true, json: true })
  json.answer({ x: 1 }, () => json.line('text'))
  t.equal(written.out, 'a\ntext\n{\n  "x": 1\n}\n')
  t.equal(json.paint('red', 'r'), '\x1b[31mr\x1b[0m')
})
