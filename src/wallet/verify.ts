import { keccak_256 } from '@noble/hashes/sha3.js'
import { blake2b256, blsVerifyAsync, secp256k1Recover } from '../native/crypto.ts'
import { Address, Protocol } from '../types/address.ts'
import { delegatedAddressOfKey } from '../types/eth/address.ts'
import { type Signature, SignatureType } from '../types/signature.ts'

const SIGNATURE_LENGTH = 65

/**
 * Whether a signature over `data` comes from the key of an address; false for id and actor addresses, for signatures of
 * another kind than the address's, and for bytes that are no signature (Lotus lib/sigs Verify).
 */
export async function verifySignature(signature: Signature, address: Address, data: Uint8Array): Promise<boolean> {
  switch (signature.type) {
    case SignatureType.bls:
      return address.protocol === Protocol.bls && blsVerifyAsync(address.payload, data, signature.data)
    case SignatureType.secp256k1:
      return signerOf(signature.data, blake2b256(data), Address.fromSecp256k1)?.equals(address) === true
    case SignatureType.delegated:
      return signerOf(signature.data, keccak_256(data), delegatedAddressOfKey)?.equals(address) === true
  }
}

function signerOf(signature: Uint8Array, hash: Uint8Array, addressOf: (key: Uint8Array) => Address): Address | undefined {
  if (signature.length !== SIGNATURE_LENGTH) return undefined
  try {
    return addressOf(secp256k1Recover(hash, signature))
  } catch {
    // Bytes that no key can have made.
    return undefined
  }
}
