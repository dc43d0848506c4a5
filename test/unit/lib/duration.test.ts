import { t } from 'tap'
import { formatDuration, parseDuration } from '../../../src/lib/duration.ts'

t.test('durations as Go writes them', async (t) => {
  const both: Record<string, number> = {
    '30s': 30_000,
    '1h0m0s': 3_600_000,
    '20s': 20_000,
    '1m30s': 90_000,
    '1.5s': 1500,
    '250ms': 250,
    '0s': 0,
    '-5s': -5000,
    '12960h0m0s': 46_656_000_000,
    '1.5ms': 1.5,
    '2µs': 0.002,
    '7ns': 0.000007,
    '1h0m0.5s': 3_600_500,
  }
  for (const [text, ms] of Object.entries(both)) {
    t.equal(parseDuration(text), ms, text)
    t.equal(formatDuration(ms), text, text)
  }
  const more: Record<string, number> = {
    '0': 0,
    '1.5h': 5_400_000,
    '+1s': 1000,
    '.5s': 500,
    '1.s': 1000,
    '90m': 5_400_000,
    '1us': 0.001,
  }
  for (const [text, ms] of Object.entries(more)) t.equal(parseDuration(text), ms, text)
  for (const text of ['', 's', '5', '-', '1d', '1h ', ' 1h', '1h1', '.s', '1s2', '3000000h', 'soon', '1h-1s']) {
    t.throws(() => parseDuration(text), { code: 'DURATION' }, JSON.stringify(text))
  }
})
