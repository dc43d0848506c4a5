import { PassThrough } from 'node:stream'
import t from 'tap'
import { readSecret } from '../../../src/cli/secret-input.ts'

/** A terminal, or a pipe, into which something is typed. */
function stdin({ isTTY }: { readonly isTTY: boolean }) {
  const modes: boolean[] = []
  const held: string[] = []
  const asked: string[] = []
  const input = Object.assign(new PassThrough(), {
    isTTY,
    setRawMode: (mode: boolean) => modes.push(mode),
    ref: () => held.push('ref'),
    unref: () => held.push('unref'),
  })
  const ask = (signal = new AbortController().signal): Promise<Buffer> =>
    readSecret('Key: ', { input: input as never, prompt: (text) => asked.push(text), signal })
  return { input, modes, held, asked, ask }
}

t.test('typed, without an echo', async (t) => {
  const { input, modes, held, asked, ask } = stdin({ isTTY: true })
  input.write('s3crex')
  const first = ask()
  input.write('\x7ft\r')
  t.equal(String(await first), 's3cret')
  t.same(asked, ['Key: ', '\n'])
  t.same(modes, [true, false])
  const second = ask()
  input.write('wrong\x15schlüssel mit ü')
  input.write('\x7fö\n')
  t.equal(String(await second), 'schlüssel mit ö', 'a second question gets its own answer')
  t.same(held, ['ref', 'unref', 'ref', 'unref'], 'a question that waits keeps the process alive, nothing else does')
  const third = ask()
  input.write('\r')
  await t.rejects(third, { code: 'CLI_FAILED', message: 'nothing came on standard input' })
})

t.test('Ctrl-C ends it as it ends any command', async (t) => {
  const { input, modes, ask } = stdin({ isTTY: true })
  let signals = 0
  const onSignal = (): void => void signals++
  process.on('SIGINT', onSignal)
  t.teardown(() => process.off('SIGINT', onSignal))
  const asked = ask()
  input.write('abc\x03')
  await t.rejects(asked, { name: 'AbortError' })
  t.equal(signals, 1)
  t.same(modes, [true, false])
})

t.test('from a pipe, the first line', async (t) => {
  for (const [text, expected] of [
    ['one\ntwo\n', 'one'],
    ['one\r\n', 'one'],
    ['no end', 'no end'],
    [' spaces stay ', ' spaces stay '],
  ] as const) {
    const { input, asked, modes, ask } = stdin({ isTTY: false })
    input.end(text)
    t.equal(String(await ask()), expected)
    t.same([asked, modes], [[], []], 'nobody is asked')
  }
  const empty = stdin({ isTTY: false })
  empty.input.end()
  await t.rejects(empty.ask(), { code: 'CLI_FAILED' })
  const long = stdin({ isTTY: false })
  long.input.end(Buffer.alloc(70_000, 'x'))
  await t.rejects(long.ask(), { code: 'CLI_FAILED', message: /too long/ })
  await t.rejects(stdin({ isTTY: true }).ask(AbortSignal.abort()), { name: 'AbortError' })
})
