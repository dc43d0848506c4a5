/** Arguments and flags of a command line, each refused with a sentence that names it. */
import { storageErrors } from './en-storage.ts'
import { usage } from './errors.ts'
import type { Link } from './wire.ts'

/**
 * An address in the form in which the API takes it. Only the form is checked; the daemon checks the checksum, so that no
 * command needs the native addon.
 */
export function parseAddress(text: string, name: string): string {
  if (/^[ft]0\d{1,20}$/.test(text) || /^[ft][123][a-z2-7]{20,120}$/.test(text) || /^[ft]4\d{1,20}f[a-z2-7]{7,120}$/.test(text))
    return text
  throw usage(`${name} "${shorten(text)}" is not an address: it should look like f01234, f1…, f2…, f3… or f410f…`)
}

/** A CID of version 0 or 1, as a link of the API's JSON. */
export function parseCid(text: string, name: string): Link {
  if (/^(Qm[1-9A-HJ-NP-Za-km-z]{44}|b[a-z2-7]{8,200}|z[1-9A-HJ-NP-Za-km-z]{8,200})$/.test(text)) return { '/': text }
  throw usage(`${name} "${shorten(text)}" is not a CID: it should look like bafy2bza…`)
}

/** A whole number from 0 up to 2^53-1. */
export function parseInteger(text: string, name: string, min = 0): number {
  const value = /^-?\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(value) && value >= min) return value
  throw usage(`${name} "${shorten(text)}" is not a whole number of ${min} or more`)
}

/**
 * An amount in attoFIL from text such as `1.5`, `2 FIL` or `100 attofil` (Lotus types.ParseFIL).
 * @returns the integer in decimal digits
 */
export function parseFil(text: string, name: string): string {
  const match = /^(-?)(\d*)(?:\.(\d*))?\s*([a-z]*)$/i.exec(text.trim())
  const [, sign = '', whole = '', fraction = '', unit = ''] = match ?? []
  const digits = { '': 18, fil: 18, attofil: 0, afil: 0 }[unit.toLowerCase()]
  if (match === null || digits === undefined || whole + fraction === '' || whole.length + fraction.length > 50)
    throw usage(`${name} "${shorten(text)}" is not an amount: write FIL (1.5) or attoFIL (100attofil)`)
  const significant = fraction.replace(/0+$/, '')
  if (significant.length > digits) throw usage(`${name} "${shorten(text)}" has more decimals than attoFIL can hold`)
  const value = BigInt(whole + significant.padEnd(digits, '0') || '0')
  return sign === '-' && value !== 0n ? `-${value}` : value.toString()
}

/** Bytes in base64 or hex, as the standard base64 text that the API takes. */
export function parseBytes(text: string, encoding: string, name: string): string {
  if (encoding === 'hex') {
    if (!/^([0-9a-f]{2})*$/i.test(text)) throw usage(`${name} is not hex: it should be an even number of the letters 0-9 and a-f`)
    return Buffer.from(text, 'hex').toString('base64')
  }
  if (encoding !== 'base64') throw usage(`--encoding "${shorten(encoding)}" is not known; use base64 or hex`)
  if (!/^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text))
    throw usage(`${name} is not base64 with padding; --encoding hex reads hex`)
  return text
}

const durationUnits: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}

/** Go's form of a duration, `1h30m` or `500ms`, in milliseconds. */
export function parseDuration(text: string, name: string): number {
  const parts = [...text.matchAll(/(\d{1,12}(?:\.\d{1,9})?)(ms|h|m|s)/g)]
  const read = parts.map(([part]) => part).join('')
  if (read !== text || parts.length === 0) throw usage(`${name} "${shorten(text)}" is not a duration: write 30s, 10m or 1h30m`)
  return parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (durationUnits[unit] ?? 0), 0)
}

/** Bytes, with binary units however they are written: `32GiB`, `32GB` and `32g` are the same (Go's units.RAMInBytes). */
export function parseSize(text: string, name: string): bigint {
  const match = /^(\d{1,18})(?:\.(\d{1,9}))? ?([kmgtp])?i?b?$/i.exec(text.trim())
  if (match === null) throw usage(storageErrors.badSize(name, shorten(text)))
  const [, whole = '', fraction = '', unit = ''] = match
  const factor = 1024n ** BigInt(' kmgtp'.indexOf(unit.toLowerCase() || ' '))
  return BigInt(whole) * factor + (BigInt(fraction || '0') * factor) / 10n ** BigInt(fraction.length)
}

/** What a user typed, short enough for a message. */
export function shorten(text: string): string {
  const plain = text.replace(/[\r\n\t]+/g, ' ')
  return plain.length > 80 ? `${plain.slice(0, 77)}…` : plain
}
