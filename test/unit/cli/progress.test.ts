import t from 'tap'
import { describe, ProgressPrinter } from '../../../src/cli/progress.ts'

const importing = (bytes: number, elapsedMs: number) =>
  ({ stage: 'import', bytes, totalBytes: 4 << 20, blocks: bytes >> 10, elapsedMs }) as const

function printer(isTTY: boolean) {
  const clock = { ms: 0 }
  const stream = { text: '', isTTY, columns: 120, write: (text: string) => (stream.text += text) }
  return { clock, stream, printer: new ProgressPrinter({ stream, now: () => clock.ms }) }
}

t.test('a line says what is done, how fast, and how long the rest takes', async (t) => {
  t.equal(describe(importing(1 << 20, 2000)), 'importing: 1 MiB of 4 MiB, 1024 blocks, 512 KiB/s, 25.0%, 6 seconds left')
  t.equal(
    describe({ stage: 'validate', height: 500, headHeight: 1000, tipsets: 480, elapsedMs: 60_000 }),
    'validating: epoch 500 of 1000, 480 tipsets, 8.0 tipsets/s, 50.0%, 1 minute left',
  )
  t.equal(describe({ stage: 'import', bytes: 10, totalBytes: undefined, blocks: 1, elapsedMs: 0 }), 'importing: 10 B, 1 blocks')
})

t.test('elsewhere than on a terminal: a plain line every five seconds, and the last one', async (t) => {
  const { clock, stream, printer: p } = printer(false)
  for (clock.ms = 0; clock.ms <= 11_000; clock.ms += 1000) p.report(importing(clock.ms * 100, clock.ms))
  t.equal(stream.text.split('\n').length - 1, 3)
  p.end()
  t.match(stream.text.trimEnd().split('\n').at(-1), /1\.049 MiB of 4 MiB/)
  t.notMatch(stream.text, /\r|\[/)
})

t.test('on a terminal: one line drawn over, a log line above it', async (t) => {
  const { clock, stream, printer: p } = printer(true)
  p.report(importing(0, 0))
  clock.ms = 300
  p.report(importing(2 << 20, 300))
  t.equal(stream.text.split('\n').length, 1)
  t.match(stream.text, /\r\[={15} {15}\] importing: 2 MiB of 4 MiB/)
  stream.text = ''
  p.around(() => stream.write('a log line\n'))
  t.match(stream.text, /^\r +\ra log line\n\[={15}/)
  stream.text = ''
  p.end()
  t.equal(stream.text, '\n')
  p.end()
  t.equal(stream.text, '\n')
})

t.test('a new stage begins on a line of its own', async (t) => {
  const { stream, printer: p } = printer(true)
  p.report(importing(4 << 20, 1000))
  p.report({ stage: 'validate', height: 1, headHeight: 10, tipsets: 1, elapsedMs: 10 })
  t.match(stream.text, /importing.*\n\r\[=+ +\] validating/s)
})
