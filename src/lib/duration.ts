import { NodeError } from './errors.ts'

/** A text that is no duration. */
export class DurationError extends NodeError {
  declare readonly code: 'DURATION'
  constructor(text: string) {
    super('DURATION', `"${text.slice(0, 40)}" is not a duration: write it as 30s, 1h30m or 250ms`)
  }
}

const nanoseconds: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
}

/**
 * Reads a duration as Go writes it: `30s`, `1h0m0s`, `1.5h`, `-250ms`, `0`.
 * @returns milliseconds, with a fraction where the text is finer
 * @throws DurationError
 */
export function parseDuration(text: string): number {
  const [, sign, rest = ''] = /^([+-]?)(.*)$/s.exec(text) ?? []
  if (rest === '0') return 0
  let total = 0n
  let at = 0
  for (const part of rest.matchAll(/(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/gy)) {
    const [whole, digits = '', fraction = '', unit = ''] = part
    const scale = nanoseconds[unit]
    if (scale === undefined || digits + fraction === '' || digits.length > 18) throw new DurationError(text)
    const kept = fraction.slice(0, 18)
    total += BigInt(digits || '0') * scale + (BigInt(kept || '0') * scale) / 10n ** BigInt(kept.length)
    at += whole.length
  }
  if (at === 0 || at !== rest.length || total > 0x7fff_ffff_ffff_ffffn) throw new DurationError(text)
  const ms = Number(total) / 1e6
  return sign === '-' ? -ms : ms
}

/** Milliseconds as Go prints a duration: `1h0m0s`, `30s`, `1.5s`, `250ms`, `0s`. */
export function formatDuration(ms: number): string {
  const sign = ms < 0 ? '-' : ''
  const ns = BigInt(Math.round(Math.abs(ms) * 1e6))
  if (ns === 0n) return '0s'
  if (ns < 1000n) return `${sign}${ns}ns`
  if (ns < 1_000_000n) return `${sign}${decimal(ns, 3)}µs`
  if (ns < 1_000_000_000n) return `${sign}${decimal(ns, 6)}ms`
  const seconds = `${decimal(ns % 60_000_000_000n, 9)}s`
  const minutes = ns / 60_000_000_000n
  if (minutes === 0n) return sign + seconds
  if (minutes < 60n) return `${sign}${minutes}m${seconds}`
  return `${sign}${minutes / 60n}h${minutes % 60n}m${seconds}`
}

function decimal(value: bigint, digits: number): string {
  const text = value.toString().padStart(digits + 1, '0')
  const fraction = text.slice(-digits).replace(/0+$/, '')
  return fraction === '' ? text.slice(0, -digits) : `${text.slice(0, -digits)}.${fraction}`
}
