import { randomBytes } from 'node:crypto'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { NodeError } from '../lib/errors.ts'
import { blake2b256, blsKeyFromSeed, blsPublicKey, blsSign, secp256k1PublicKey, secp256k1Sign } from '../native/crypto.ts'
import type { KeyInfo } from '../store/keystore.ts'
import { Address } from '../types/address.ts'
import { delegatedAddressOfKey } from '../types/eth/address.ts'
import { type Signature, SignatureType } from '../types/signature.ts'
import { WalletError } from './errors.ts'

/** Kinds of keys by Lotus's names (chain/types/keystore.go). */
export const keyTypes = ['bls', 'secp256k1', 'secp256k1-ledger', 'delegated'] as const
export type KeyType = (typeof keyTypes)[number]
/** Kinds that a wallet on this machine can hold. */
export type LocalKeyType = Exclude<KeyType, 'secp256k1-ledger'>

/** Bytes of every private key. */
const KEY_LENGTH = 32

interface Kind {
  readonly signatureType: SignatureType
  generate(): Uint8Array
  address(privateKey: Uint8Array): Address
  sign(privateKey: Uint8Array, data: Uint8Array): Uint8Array
}

/** Sources: Lotus lib/sigs, one folder for each kind. */
const kinds: Readonly<Record<LocalKeyType, Kind>> = {
  bls: {
    signatureType: SignatureType.bls,
    generate() {
      const seed = randomBytes(32)
      try {
        return blsKeyFromSeed(seed)
      } finally {
        seed.fill(0)
      }
    },
    address: (privateKey) => Address.fromBls(blsPublicKey(privateKey)),
    sign: blsSign,
  },
  secp256k1: {
    signatureType: SignatureType.secp256k1,
    generate: generateSecp256k1,
    address: (privateKey) => Address.fromSecp256k1(secp256k1PublicKey(privateKey)),
    sign: (privateKey, data) => secp256k1Sign(privateKey, blake2b256(data)),
  },
  delegated: {
    signatureType: SignatureType.delegated,
    generate: generateSecp256k1,
    address: (privateKey) => delegatedAddressOfKey(secp256k1PublicKey(privateKey)),
    sign: (privateKey, data) => secp256k1Sign(privateKey, keccak_256(data)),
  },
}

function generateSecp256k1(): Uint8Array {
  for (;;) {
    const privateKey = new Uint8Array(randomBytes(KEY_LENGTH))
    try {
      secp256k1PublicKey(privateKey)
      return privateKey
    } catch (error) {
      // One in 2^127 draws is no key.
      if (!(error instanceof NodeError) || error.code !== 'NATIVE_SECP') throw error
    }
  }
}

function kindOf(type: string): Kind {
  const kind = Object.hasOwn(kinds, type) ? kinds[type as LocalKeyType] : undefined
  if (kind !== undefined) return kind
  if (type === 'secp256k1-ledger')
    throw new WalletError('WALLET_KIND', 'no Ledger device is in use, so that it cannot hold a key')
  const shown = /^[\w-]{1,40}$/.test(type) ? `"${type}"` : 'given'
  throw new WalletError('WALLET_KIND', `the kind of key ${shown} is not known; use one of bls, secp256k1, delegated`)
}

/** A private key at hand. Its bytes leave only through `info`. */
export class Key {
  readonly type: LocalKeyType
  readonly address: Address
  readonly #privateKey: Uint8Array

  private constructor(type: LocalKeyType, privateKey: Uint8Array, address: Address) {
    this.type = type
    this.#privateKey = privateKey
    this.address = address
  }

  /** @param info its bytes are copied @throws WalletError WALLET_KIND, WALLET_KEY */
  static from(info: KeyInfo): Key {
    const kind = kindOf(info.type)
    if (info.privateKey.length !== KEY_LENGTH)
      throw new WalletError('WALLET_KEY', `a private key has ${KEY_LENGTH} bytes, not ${info.privateKey.length}`)
    try {
      return new Key(info.type as LocalKeyType, new Uint8Array(info.privateKey), kind.address(info.privateKey))
    } catch (cause) {
      throw new WalletError('WALLET_KEY', `the bytes are no private key of the kind ${info.type}`, { cause })
    }
  }

  /** @throws WalletError WALLET_KIND */
  static generate(type: string): Key {
    const kind = kindOf(type)
    const privateKey = kind.generate()
    return new Key(type as LocalKeyType, privateKey, kind.address(privateKey))
  }

  sign(data: Uint8Array): Signature {
    const kind = kinds[this.type]
    return { type: kind.signatureType, data: kind.sign(this.#privateKey, data) }
  }

  /** For the key's file and for exports; a copy. */
  info(): KeyInfo {
    return { type: this.type, privateKey: new Uint8Array(this.#privateKey) }
  }

  /** Overwrites the bytes; the key is of no use afterwards. */
  wipe(): void {
    this.#privateKey.fill(0)
  }
}
