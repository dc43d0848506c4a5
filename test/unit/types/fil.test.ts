import { t } from 'tap'
import { parseFil } from '../../../src/types/fil.ts'
import { FIL } from '../../../src/types/scalars.ts'

t.test('amounts as Lotus reads them', async (t) => {
  const good: Record<string, bigint> = {
    '1': FIL,
    '1 FIL': FIL,
    '1fil': FIL,
    '0.07 FIL': 70_000_000_000_000_000n,
    '.5': FIL / 2n,
    '2.': 2n * FIL,
    '-1.5 FIL': (-3n * FIL) / 2n,
    '100 attofil': 100n,
    '100 aFIL': 100n,
    '0.000000000000000001': 1n,
    '0': 0n,
    '1.0000000000000000000000': FIL,
    '5.0 attofil': 5n,
  }
  for (const [text, value] of Object.entries(good)) t.equal(parseFil(text), value, text)
  for (const text of [
    '',
    'FIL',
    '1 DIL',
    '1.2.3',
    '1e5',
    '0.0000000000000000001',
    '1.5 attofil',
    '--1',
    '.',
    '1 FIL x',
    '9'.repeat(70),
  ]) {
    t.throws(() => parseFil(text), { code: 'CODEC_VALUE' }, text)
  }
})
