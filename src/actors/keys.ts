import { Address } from '../types/address.ts'
import { type CID, cidFromBytes } from '../types/cid.ts'
import { readVarint, varintLength, writeVarint } from '../types/varint.ts'

/** How a HAMT's keys are turned into bytes and back. */
export interface KeyCodec<K> {
  toBytes(key: K): Uint8Array
  fromBytes(bytes: Uint8Array): K
}

export const bytesKey: KeyCodec<Uint8Array> = { toBytes: (k) => k, fromBytes: (b) => b }

/** Addresses by their byte form (go-state-types abi.AddrKey). */
export const addressKey: KeyCodec<Address> = { toBytes: (k) => k.bytes, fromBytes: (b) => Address.fromBytes(b) }

/** Actor ids as f0 addresses (abi.IdAddrKey). */
export const idAddressKey: KeyCodec<bigint> = {
  toBytes: (k) => Address.fromId(k).bytes,
  fromBytes(b) {
    const id = Address.fromBytes(b).id
    if (id === undefined) throw new Error('the key is no id address')
    return id
  },
}

/** Unsigned varint (abi.UIntKey). */
export const uintKey: KeyCodec<bigint> = {
  toBytes(k) {
    const out = new Uint8Array(varintLength(k))
    writeVarint(out, 0, k)
    return out
  },
  fromBytes(b) {
    const { value, next } = readVarint(b, 0)
    if (next !== b.length) throw new Error('the key has trailing bytes')
    return value
  },
}

/** Zigzag varint (abi.IntKey). */
export const intKey: KeyCodec<bigint> = {
  toBytes: (k) => uintKey.toBytes(k < 0n ? -2n * k - 1n : 2n * k),
  fromBytes(b) {
    const u = uintKey.fromBytes(b)
    return (u & 1n) === 1n ? -(u >> 1n) - 1n : u >> 1n
  },
}

/** Binary CIDs (abi.CidKey). */
export const cidKeyCodec: KeyCodec<CID> = { toBytes: (k) => k.bytes, fromBytes: cidFromBytes }
