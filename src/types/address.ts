import type { Codec } from '../codec/codec.ts'
import { CodecError } from '../codec/errors.ts'
import { type JsonContext, jsonFail, jsonKind } from '../codec/json.ts'
import { blake2b } from '../native/crypto.ts'
import type { ActorId } from './scalars.ts'
import { readVarint, varintLength, writeVarint } from './varint.ts'

/** Address protocols (spec: Appendix address; go-address). */
export const Protocol = { id: 0, secp256k1: 1, actor: 2, bls: 3, delegated: 4 } as const
export type Protocol = (typeof Protocol)[keyof typeof Protocol]

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567'
const CHECKSUM_LENGTH = 4
/** Longest sub-address of a delegated address (FIP-0048). */
const MAX_SUBADDRESS = 54
/** Longest address text: delegated with a 54-byte sub-address. */
const MAX_TEXT = 115
const MAX_INT64 = 0x7fff_ffff_ffff_ffffn

function base32Encode(bytes: Uint8Array): string {
  let out = ''
  let bits = 0
  let acc = 0
  for (const b of bytes) {
    acc = (acc << 8) | b
    bits += 8
    while (bits >= 5) {
      bits -= 5
      out += BASE32[(acc >> bits) & 31]
    }
    acc &= (1 << bits) - 1
  }
  if (bits > 0) out += BASE32[(acc << (5 - bits)) & 31]
  return out
}

function base32Decode(text: string): Uint8Array {
  const out = new Uint8Array(Math.floor((text.length * 5) / 8))
  let bits = 0
  let acc = 0
  let at = 0
  for (const c of text) {
    const v = BASE32.indexOf(c)
    if (v < 0) throw new CodecError('CODEC_VALUE', `"${c}" is not a base32 letter`)
    acc = (acc << 5) | v
    bits += 5
    if (bits >= 8) {
      bits -= 8
      out[at++] = acc >> bits
      acc &= (1 << bits) - 1
    }
  }
  if (acc !== 0 || bits >= 5) throw new CodecError('CODEC_VALUE', 'the base32 text has bits left over')
  return out
}

function checksum(bytes: Uint8Array): Uint8Array {
  return blake2b(bytes, CHECKSUM_LENGTH)
}

/** An address in its byte form: protocol byte and payload. Immutable. */
export class Address {
  readonly bytes: Uint8Array
  #key: string | undefined

  private constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  /** @throws CodecError CODEC_VALUE for bytes that are no address */
  static fromBytes(bytes: Uint8Array): Address {
    validate(bytes)
    return new Address(bytes.slice())
  }

  static fromId(id: ActorId): Address {
    if (id < 0n || id > MAX_INT64) throw new CodecError('CODEC_VALUE', `${id} is not an actor id`)
    const out = new Uint8Array(1 + varintLength(id))
    writeVarint(out, 1, id)
    return new Address(out)
  }

  /** An address of a secp256k1 key (65 bytes, uncompressed). */
  static fromSecp256k1(publicKey: Uint8Array): Address {
    return Address.#from(Protocol.secp256k1, blake2b(publicKey, 20))
  }

  /** An address of a BLS key (48 bytes). */
  static fromBls(publicKey: Uint8Array): Address {
    return Address.#from(Protocol.bls, publicKey)
  }

  /** A robust address of an actor, made from the data that its creation hashes. */
  static fromActorData(data: Uint8Array): Address {
    return Address.#from(Protocol.actor, blake2b(data, 20))
  }

  /** A delegated (f4) address: the actor that manages the namespace and a sub-address. */
  static fromDelegated(namespace: ActorId, subaddress: Uint8Array): Address {
    const out = new Uint8Array(1 + varintLength(namespace) + subaddress.length)
    out[0] = Protocol.delegated
    const at = writeVarint(out, 1, namespace)
    out.set(subaddress, at)
    validate(out)
    return new Address(out)
  }

  static #from(protocol: Protocol, payload: Uint8Array): Address {
    const out = new Uint8Array(1 + payload.length)
    out[0] = protocol
    out.set(payload, 1)
    validate(out)
    return new Address(out)
  }

  /**
   * Reads the text form; both network letters are accepted, as Lotus does.
   * @throws CodecError CODEC_VALUE with what is wrong
   */
  static parse(text: string): Address {
    const bad = (why: string): never => {
      throw new CodecError('CODEC_VALUE', `"${text.slice(0, MAX_TEXT)}" is not a Filecoin address: ${why}`)
    }
    if (text.length < 3 || text.length > MAX_TEXT) return bad('wrong length')
    if (text[0] !== 'f' && text[0] !== 't') return bad('it must begin with f or t')
    const rest = text.slice(2)
    switch (text[1]) {
      case '0': {
        if (!/^(0|[1-9]\d{0,18})$/.test(rest)) return bad('the id is not a decimal number')
        const id = BigInt(rest)
        if (id > MAX_INT64) return bad('the id is too large')
        return Address.fromId(id)
      }
      case '1':
      case '2':
      case '3': {
        const protocol = Number(text[1])
        const raw = decodeText(rest, bad)
        return Address.#checked(Uint8Array.of(protocol), raw, bad)
      }
      case '4': {
        const sep = rest.indexOf('f')
        if (sep <= 0) return bad('a delegated address needs "f" between its namespace and sub-address')
        const ns = rest.slice(0, sep)
        if (!/^(0|[1-9]\d{0,18})$/.test(ns)) return bad('the namespace is not a decimal number')
        const id = BigInt(ns)
        if (id > MAX_INT64) return bad('the namespace is too large')
        const head = new Uint8Array(1 + varintLength(id))
        head[0] = Protocol.delegated
        writeVarint(head, 1, id)
        return Address.#checked(head, decodeText(rest.slice(sep + 1), bad), bad)
      }
      default:
        return bad('unknown protocol')
    }
  }

  static #checked(head: Uint8Array, raw: Uint8Array, bad: (why: string) => never): Address {
    if (raw.length < CHECKSUM_LENGTH) return bad('too short')
    const body = raw.subarray(0, raw.length - CHECKSUM_LENGTH)
    const bytes = new Uint8Array(head.length + body.length)
    bytes.set(head)
    bytes.set(body, head.length)
    try {
      validate(bytes)
    } catch (e) {
      return bad((e as Error).message)
    }
    const sum = checksum(bytes)
    for (let i = 0; i < CHECKSUM_LENGTH; i++) if (sum[i] !== raw[body.length + i]) return bad('the checksum does not match')
    return new Address(bytes)
  }

  get protocol(): Protocol {
    return this.bytes[0] as Protocol
  }

  get payload(): Uint8Array {
    return this.bytes.subarray(1)
  }

  /** The actor id of an f0 address, undefined for any other. */
  get id(): ActorId | undefined {
    return this.protocol === Protocol.id ? readVarint(this.bytes, 1).value : undefined
  }

  /** Namespace and sub-address of an f4 address. */
  get delegated(): { readonly namespace: ActorId; readonly subaddress: Uint8Array } | undefined {
    if (this.protocol !== Protocol.delegated) return undefined
    const { value, next } = readVarint(this.bytes, 1)
    return { namespace: value, subaddress: this.bytes.subarray(next) }
  }

  /** Equal exactly for equal addresses; a Map key. */
  get key(): string {
    this.#key ??= Buffer.from(this.bytes).toString('latin1')
    return this.#key
  }

  equals(other: Address): boolean {
    return this.key === other.key
  }

  /** The text form with the network's letter. */
  toString(prefix: 'f' | 't' = 'f'): string {
    const id = this.id
    if (id !== undefined) return `${prefix}0${id}`
    const sum = checksum(this.bytes)
    const d = this.delegated
    const body = d === undefined ? this.payload : d.subaddress
    const raw = new Uint8Array(body.length + sum.length)
    raw.set(body)
    raw.set(sum, body.length)
    const lead = d === undefined ? `${prefix}${this.protocol}` : `${prefix}4${d.namespace}f`
    return lead + base32Encode(raw)
  }
}

function decodeText(text: string, bad: (why: string) => never): Uint8Array {
  try {
    return base32Decode(text)
  } catch (e) {
    return bad((e as Error).message)
  }
}

function validate(bytes: Uint8Array): void {
  const fail = (why: string): never => {
    throw new CodecError('CODEC_VALUE', why)
  }
  const n = bytes.length - 1
  switch (bytes[0]) {
    case Protocol.id: {
      const { value, next } = readVarint(bytes, 1)
      if (next !== bytes.length) fail('an id address has trailing bytes')
      if (value > MAX_INT64) fail('the id is too large')
      return
    }
    case Protocol.secp256k1:
    case Protocol.actor:
      if (n !== 20) fail(`the payload has ${n} bytes, not 20`)
      return
    case Protocol.bls:
      if (n !== 48) fail(`the payload has ${n} bytes, not 48`)
      return
    case Protocol.delegated: {
      const { value, next } = readVarint(bytes, 1)
      if (value > MAX_INT64) fail('the namespace is too large')
      if (bytes.length - next > MAX_SUBADDRESS) fail(`the sub-address is longer than ${MAX_SUBADDRESS} bytes`)
      return
    }
    default:
      fail(bytes[0] === undefined ? 'an address cannot be empty' : `unknown address protocol ${bytes[0]}`)
  }
}

/** An address: a byte string in CBOR, its text in JSON. */
export const address: Codec<Address> = {
  name: 'address',
  write: (w, v) => w.bytes(v.bytes),
  read(r) {
    const b = r.bytes(64)
    try {
      return Address.fromBytes(b)
    } catch (e) {
      return r.fail((e as Error).message)
    }
  },
  toJson: (v, ctx: JsonContext) => v.toString(ctx.addressPrefix),
  fromJson(json, path) {
    if (typeof json !== 'string') return jsonFail(path, `expected an address as text, found ${jsonKind(json)}`)
    try {
      return Address.parse(json)
    } catch (e) {
      return jsonFail(path, (e as Error).message)
    }
  },
  schema: { title: 'Filecoin address', type: 'string' },
}
