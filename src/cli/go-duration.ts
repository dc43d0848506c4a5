/** Go's text of a duration, exact: `1.234567ms`, `2m3.5s`. @param nanoseconds a whole number */
export function goDurationText(nanoseconds: number | bigint): string {
  const ns = BigInt(nanoseconds)
  if (ns < 0n) return `-${goDurationText(-ns)}`
  if (ns === 0n) return '0s'
  if (ns < 1000n) return `${ns}ns`
  if (ns < 1_000_000n) return `${fraction(ns, 3)}µs`
  if (ns < 1_000_000_000n) return `${fraction(ns, 6)}ms`
  const minute = 60_000_000_000n
  const [hours, minutes] = [ns / (60n * minute), (ns / minute) % 60n]
  const large = hours > 0n ? `${hours}h${minutes}m` : minutes > 0n ? `${minutes}m` : ''
  return `${large}${fraction(ns % minute, 9)}s`
}

/** `value / 10^digits` without zeros at the end. */
function fraction(value: bigint, digits: number): string {
  const text = value.toString().padStart(digits + 1, '0')
  const rest = text.slice(-digits).replace(/0+$/, '')
  return rest === '' ? text.slice(0, -digits) : `${text.slice(0, -digits)}.${rest}`
}
