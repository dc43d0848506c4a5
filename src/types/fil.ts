import { CodecError } from '../codec/errors.ts'
import type { TokenAmount } from './scalars.ts'

const decimals = 18
/** Longest number that is read, as in Lotus. */
const maxLength = 50

/**
 * Reads an amount as users and config files write it: `0.07`, `0.07 FIL`, `1 attofil`, `1 aFIL` (chain/types/fil.go).
 * @returns attoFIL
 * @throws CodecError CODEC_VALUE
 */
export function parseFil(text: string): TokenAmount {
  const parts = /^(-?[\d.]+)\s*([A-Za-z]*)\s*$/.exec(text.trimStart())
  const number = /^(-?)(\d*)(?:\.(\d*))?$/.exec(parts?.[1] ?? '')
  const unit = parts?.[2]?.toLowerCase()
  const [, sign, whole = '', fraction = ''] = number ?? []
  if (parts === null || number === null || whole + fraction === '' || text.length > maxLength + 10) {
    throw new CodecError('CODEC_VALUE', `"${text.slice(0, 80)}" is not an amount: write it as 1.5 FIL or 100 attofil`)
  }
  const shift = unit === '' || unit === 'fil' ? decimals : unit === 'attofil' || unit === 'afil' ? 0 : undefined
  if (shift === undefined) throw new CodecError('CODEC_VALUE', `"${parts[2]}" is not a unit of money: use FIL or attofil`)
  const kept = fraction.replace(/0+$/, '')
  if (kept.length > shift) throw new CodecError('CODEC_VALUE', `${text} is finer than one attofil`)
  const value = BigInt(whole + kept.padEnd(shift, '0') || '0')
  return sign === '-' ? -value : value
}
