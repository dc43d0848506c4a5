import t from 'tap'
import {
  decimal,
  epochTime,
  fil,
  filShort,
  goDuration,
  metricBytes,
  percent,
  size,
  span,
  stamp,
} from '../../../src/cli/format.ts'
import { parseFil } from '../../../src/cli/parse.ts'

t.test('fil prints all decimals that count', async (t) => {
  t.equal(fil('0'), '0 FIL')
  t.equal(fil('1'), '0.000000000000000001 FIL')
  t.equal(fil('1500000000000000000'), '1.5 FIL')
  t.equal(fil('-1500000000000000000'), '-1.5 FIL')
  t.equal(fil('430012682170343994357924891'), '430012682.170343994357924891 FIL')
})

t.test('filShort agrees with the cases of Lotus chain/types/fil_test.go', async (t) => {
  const cases: readonly (readonly [string, string])[] = [
    ['1', '1 FIL'],
    ['123456.234123445', '123456.234 FIL'],
    ['0.1', '100 mFIL'],
    ['0.0001', '100 μFIL'],
    ['0.000000001', '1 nFIL'],
    ['0.00000000001', '10 pFIL'],
    ['0.000000000000001', '1 fFIL'],
    ['0.000000000000000001', '1 aFIL'],
    ['0.0000012344', '1.234 μFIL'],
    ['0.00022123444', '221.234 μFIL'],
    ['-0.1', '-100 mFIL'],
    ['-123456.2341234', '-123456.234 FIL'],
    ['-0.000221234', '-221.234 μFIL'],
  ]
  for (const [amount, expected] of cases) t.equal(filShort(parseFil(amount, 'amount')), expected, amount)
  t.equal(filShort('0'), '0')
})

t.test('size agrees with the cases of Lotus chain/types/bigint_test.go', async (t) => {
  const cases: readonly (readonly [bigint, string])[] = [
    [0n, '0 B'],
    [1n, '1 B'],
    [1016n, '1016 B'],
    [1024n, '1 KiB'],
    [1000n * 1024n, '1000 KiB'],
    [2000n, '1.953 KiB'],
    [5n << 20n, '5 MiB'],
    [11n << 60n, '11 EiB'],
    [50000n << 70n, '5e+04 ZiB'],
  ]
  for (const [bytes, expected] of cases) t.equal(size(bytes), expected)
})

t.test('decimal rounds halves away from zero', async (t) => {
  t.equal(decimal(5n, 10n, 0), '1')
  t.equal(decimal(4n, 10n, 0), '0')
  t.equal(decimal(-5n, 10n, 0), '-1')
  t.equal(decimal(-4n, 10n, 0), '0')
  t.equal(decimal(1n, 3n, 4), '0.3333')
})

t.test('times and shares', async (t) => {
  t.equal(span(0), '0 seconds')
  t.equal(span(1), '1 second')
  t.equal(span(3660), '1 hour 1 minute')
  t.equal(span(8 * 86400 + 3600), '1 week 1 day')
  t.equal(span(35 * 86400 + 19 * 3600), '5 weeks 19 hours')
  t.equal(goDuration(0), '0s')
  t.equal(goDuration(3661), '1h1m1s')
  t.equal(goDuration(3600), '1h0m0s')
  t.equal(percent(90110n, 143356n, 4), '62.8575')
  t.equal(percent(0n, 0n, 2), 'NaN')
  t.equal(metricBytes(0), '0 B')
  t.equal(metricBytes(999), '999 B')
  t.equal(metricBytes(82_854_982), '83 MB')
  t.equal(metricBytes(1234), '1.2 kB')
  process.env.TZ = 'UTC'
  t.equal(stamp(1785258954), 'Jul 28 17:15:54')
  t.equal(stamp(1785604554 + 86400 * 3), 'Aug  4 17:15:54')
  const known = { epoch: 100, unix: 1785258954 }
  t.equal(epochTime(40, known, 30), '40 (28 Jul 26 16:45 UTC, 30 minutes ago)')
  t.equal(epochTime(100, known, 30), '100 (28 Jul 26 17:15 UTC, now)')
  t.equal(epochTime(2980, known, 30), '2980 (29 Jul 26 17:15 UTC, in 1 day)')
})
