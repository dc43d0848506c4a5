import { errorMessage } from '../lib/errors.ts'
import { KeystoreError } from './repo-errors.ts'

/** A private key as key files and export texts hold it. */
export interface KeyInfo {
  /** `bls`, `secp256k1`, `secp256k1-ledger`, `delegated`, `jwt-hmac-secret` or `libp2p-host`. */
  readonly type: string
  readonly privateKey: Uint8Array
}

/** A private key that only its owner's passphrase opens. */
export interface SealedKey {
  readonly type: string
  /** What the key is the key of, readable without the passphrase. */
  readonly address: string
  readonly sealed: Uint8Array
}

/** What a key file holds: Lotus's `{Type, PrivateKey}`, or `{Type, Address, Encrypted}`, which is ours. */
export type KeyRecord = KeyInfo | SealedKey

export function isSealed(record: KeyRecord): record is SealedKey {
  return 'sealed' in record
}

/** Old files of Lotus have the number of the signature's kind instead of a name (chain/types/keystore.go). */
const numberedTypes: Readonly<Record<number, string>> = { 1: 'secp256k1', 2: 'bls', 3: 'delegated' }

/** Makes an encrypted key's type one that Lotus refuses: a key without bytes of a type that it knows ends its process. */
const SEALED_MARK = '-encrypted'

const QUOTE = 0x22
const COLON = 0x3a
const MARK = Buffer.from('"PrivateKey"')

/** The file's bytes. The caller overwrites them when they are written: they hold the key. */
export function formatKeyFile(record: KeyRecord): Buffer {
  if (isSealed(record)) {
    const { type, address, sealed } = record
    return Buffer.from(
      JSON.stringify({ Type: type + SEALED_MARK, Address: address, Encrypted: Buffer.from(sealed).toString('base64') }),
    )
  }
  const head = Buffer.from(`{"Type":${JSON.stringify(record.type)},"PrivateKey":"`)
  const out = Buffer.alloc(head.length + Math.ceil(record.privateKey.length / 3) * 4 + 2)
  head.copy(out)
  encodeBase64(record.privateKey, out, head.length)
  out.write('"}', out.length - 2)
  return out
}

/**
 * The key in a file's bytes. The key's text never becomes a string: those stay in memory until some day the collector comes by.
 * @param name the key's, for errors @throws KeystoreError KEYSTORE_FORMAT
 */
export function parseKeyFile(file: Buffer, name: string): KeyRecord {
  try {
    const place = privateKeyPlace(file)
    const without = place === undefined ? file : Buffer.concat([file.subarray(0, place.start), file.subarray(place.end)])
    const { Type, Address, Encrypted } = JSON.parse(without.toString('utf8')) as Record<string, unknown>
    const type = typeof Type === 'number' ? numberedTypes[Type] : Type
    if (typeof type !== 'string' || type === '') throw new Error('it has no type')
    if (place !== undefined) return { type, privateKey: decodeBase64(file.subarray(place.start, place.end)) }
    if (typeof Encrypted !== 'string' || typeof Address !== 'string') throw new Error('it has no private key')
    const bare = type.endsWith(SEALED_MARK) ? type.slice(0, -SEALED_MARK.length) : type
    return { type: bare, address: Address, sealed: decodeBase64(Buffer.from(Encrypted)) }
  } catch (e) {
    // The parser's message may quote the text, which holds the key: only its kind is told.
    const why = e instanceof SyntaxError ? 'it is not JSON' : errorMessage(e)
    throw new KeystoreError('KEYSTORE_FORMAT', `The file of the key "${name}" is damaged: ${why}.`)
  }
}

/** Where the text of the private key stands, without its quotes. */
function privateKeyPlace(file: Buffer): { readonly start: number; readonly end: number } | undefined {
  const mark = file.indexOf(MARK)
  if (mark < 0) return undefined
  let at = skipSpace(file, mark + MARK.length)
  if (file[at] !== COLON) return undefined
  at = skipSpace(file, at + 1)
  if (file[at] !== QUOTE) throw new Error('PrivateKey: expected base64 text')
  const end = file.indexOf(QUOTE, at + 1)
  if (end < 0) throw new SyntaxError()
  return { start: at + 1, end }
}

function skipSpace(file: Buffer, from: number): number {
  let at = from
  while (file[at] === 0x20 || file[at] === 0x09 || file[at] === 0x0a || file[at] === 0x0d) at++
  return at
}

const ALPHABET = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/')
const PAD = 0x3d
const VALUES = new Int8Array(256).fill(-1)
ALPHABET.forEach((letter, value) => {
  VALUES[letter] = value
})

function encodeBase64(data: Uint8Array, out: Buffer, start: number): void {
  let at = start
  for (let i = 0; i < data.length; i += 3) {
    const [a = 0, b = 0, c = 0] = data.subarray(i, i + 3)
    const left = data.length - i
    out[at++] = ALPHABET[a >> 2] as number
    out[at++] = ALPHABET[((a & 3) << 4) | (b >> 4)] as number
    out[at++] = left > 1 ? (ALPHABET[((b & 15) << 2) | (c >> 6)] as number) : PAD
    out[at++] = left > 2 ? (ALPHABET[c & 63] as number) : PAD
  }
}

/** Padded standard base64, as Go's encoding/json reads it. */
function decodeBase64(text: Uint8Array): Uint8Array {
  const bad = (): never => {
    throw new Error('PrivateKey: not valid base64')
  }
  if (text.length % 4 !== 0) return bad()
  let pads = 0
  while (pads < 2 && text[text.length - 1 - pads] === PAD) pads++
  const out = new Uint8Array((text.length / 4) * 3 - pads)
  let bits = 0
  let held = 0
  let at = 0
  for (const letter of text.subarray(0, text.length - pads)) {
    const value = VALUES[letter] as number
    if (value < 0) return bad()
    held = (held << 6) | value
    bits += 6
    if (bits >= 8) {
      bits -= 8
      out[at++] = held >> bits
      held &= (1 << bits) - 1
    }
  }
  return held === 0 ? out : bad()
}
