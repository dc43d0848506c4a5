/** Numbers and times as Lotus's commands write them. Display only: nothing here takes part in consensus. */

const FIL_DIGITS = 18
const ATTO_PER_FIL = 10n ** 18n

/** attoFIL as whole FIL with up to 18 decimals, `1.5 FIL` (Lotus chain/types/fil.go, String). */
export function fil(atto: string | bigint): string {
  return `${filNumber(atto)} FIL`
}

/** As {@link fil}, without the unit. */
export function filNumber(atto: string | bigint): string {
  return trimZeros(decimal(BigInt(atto), ATTO_PER_FIL, FIL_DIGITS))
}

const shortUnits = ['a', 'f', 'p', 'n', 'μ', 'm'] as const

/** Three decimals of the unit that fits, `1.234 mFIL` (Lotus FIL.Short). */
export function filShort(atto: string | bigint): string {
  const value = BigInt(atto)
  const size = value < 0n ? -value : value
  let divisor = 1n
  let unit = ''
  for (const prefix of shortUnits) {
    if (size < divisor * 1000n) {
      unit = prefix
      break
    }
    divisor *= 1000n
  }
  return value === 0n ? '0' : `${trimZeros(decimal(value, divisor, 3))} ${unit}FIL`
}

/** `numerator / denominator` with `digits` decimals, halves rounded away from zero. */
export function decimal(numerator: bigint, denominator: bigint, digits: number): string {
  const size = numerator < 0n ? -numerator : numerator
  const scaled = (size * 10n ** BigInt(digits) * 2n + denominator) / (denominator * 2n)
  const text = scaled.toString().padStart(digits + 1, '0')
  const sign = numerator < 0n && scaled !== 0n ? '-' : ''
  return digits === 0 ? sign + text : `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`
}

function trimZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}

const byteUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB', 'ZiB'] as const

/** Bytes with four significant digits unless `digits` says otherwise, `2 KiB` (Lotus types.SizeStr). */
export function size(bytes: string | bigint | number, digits = 4): string {
  let value = Number(BigInt(bytes))
  if (value === 0) return '0 B'
  let unit = 0
  while (value >= 1024 && unit + 1 < byteUnits.length) {
    value /= 1024
    unit++
  }
  return `${significant(value, digits)} ${byteUnits[unit]}`
}

/** Go's %.{digits}g. */
function significant(value: number, digits: number): string {
  const exponent = Number(value.toExponential(digits - 1).split('e')[1])
  if (exponent >= -4 && exponent < digits) return String(Number(value.toPrecision(digits)))
  const [mantissa = '', power = '0'] = value.toExponential(digits - 1).split('e')
  return `${trimZeros(mantissa)}e${power.startsWith('-') ? '-' : '+'}${power.replace(/^[+-]/, '').padStart(2, '0')}`
}

/** A share in percent with `digits` decimals; 0 of 0 is `NaN` as Go prints it. */
export function percent(part: bigint, whole: bigint, digits: number): string {
  return ((100 * Number(part)) / Number(whole)).toFixed(digits)
}

const units = [
  ['year', 365 * 86400],
  ['week', 7 * 86400],
  ['day', 86400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const

/** The two largest units of a time span, `10 hours 29 minutes`. */
export function span(seconds: number): string {
  const parts: string[] = []
  let rest = seconds
  for (const [name, length] of units) {
    const count = Math.floor(rest / length)
    rest -= count * length
    if (count > 0) parts.push(`${count} ${name}${count === 1 ? '' : 's'}`)
  }
  return parts.length === 0 ? '0 seconds' : parts.slice(0, 2).join(' ')
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const
const two = (n: number) => String(n).padStart(2, '0')

/** Local time, `Jan  2 15:04:05`. @param unix seconds */
export function stamp(unix: number): string {
  const t = new Date(unix * 1000)
  return `${months[t.getMonth()]} ${String(t.getDate()).padStart(2, ' ')} ${clock(t)}`
}

function clock(t: Date): string {
  return `${two(t.getHours())}:${two(t.getMinutes())}:${two(t.getSeconds())}`
}

/** UTC, `2006-01-02 15:04:05`. @param unix seconds */
export function utcDateTime(unix: number): string {
  return new Date(unix * 1000).toISOString().slice(0, 19).replace('T', ' ')
}

/**
 * An epoch with its time and its distance: `1944975 (01 Jul 22 08:07 CEST, 10 hours 29 minutes ago)`
 * (Lotus cli/util/epoch.go).
 * @param known an epoch whose time is known, Unix seconds; it counts as now
 */
export function epochTime(epoch: number, known: { epoch: number; unix: number }, blockDelaySecs: number): string {
  const t = new Date((known.unix + (epoch - known.epoch) * blockDelaySecs) * 1000)
  const zone = /[^ ]+$/.exec(t.toLocaleTimeString('en-US', { timeZoneName: 'short' }))?.[0] ?? ''
  const when = `${two(t.getDate())} ${months[t.getMonth()]} ${two(t.getFullYear() % 100)} ${two(t.getHours())}:${two(t.getMinutes())} ${zone}`
  const distance = span(Math.abs(epoch - known.epoch) * blockDelaySecs)
  if (epoch === known.epoch) return `${epoch} (${when}, now)`
  return epoch < known.epoch ? `${epoch} (${when}, ${distance} ago)` : `${epoch} (${when}, in ${distance})`
}

/** An epoch with its distance from another, `110 (in 5 minutes)` (Lotus cli/util/epoch.go, EpochTime). */
export function epochDistance(now: number, epoch: number, blockDelaySecs: number): string {
  if (epoch === now) return `${epoch} (now)`
  const length = span(Math.abs(epoch - now) * blockDelaySecs)
  return epoch < now ? `${epoch} (${length} ago)` : `${epoch} (in ${length})`
}

/** Go's form of a time span, `1h2m3s`; whole seconds. */
export function goDuration(seconds: number): string {
  const whole = Math.floor(seconds)
  const h = Math.floor(whole / 3600)
  const m = Math.floor((whole % 3600) / 60)
  return `${h > 0 ? `${h}h` : ''}${h > 0 || m > 0 ? `${m}m` : ''}${whole % 60}s`
}

/** Bytes in powers of a thousand, `1.2 MB` (go-humanize Bytes). */
export function metricBytes(bytes: number): string {
  if (bytes < 10) return `${Math.floor(bytes)} B`
  const names = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB']
  const power = Math.min(names.length - 1, Math.floor(Math.log10(bytes) / 3))
  const value = Math.floor((bytes / 1000 ** power) * 10 + 0.5) / 10
  if (value < 10) return `${value.toFixed(1)} ${names[power]}`
  // Go rounds a half to the even neighbour.
  const whole = Math.floor(value)
  return `${value - whole === 0.5 ? whole + (whole % 2) : Math.round(value)} ${names[power]}`
}

const deciUnits = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei', 'Zi'] as const

/** A number with three significant digits and a binary prefix, `4.1 Ki` (Lotus types.DeciStr). */
export function deci(value: string): string {
  const text = size(value, 3)
  if (text === '0 B') return text
  const [number = '', unit = ''] = text.split(' ')
  return `${number} ${unit === 'B' ? deciUnits[0] : unit.slice(0, -1)}`
}
