import { blake2b256, secp256k1Recover } from '../native/crypto.ts'
import { Address, Protocol } from '../types/address.ts'

/** Whether `signature` (65 bytes, recoverable) over blake2b-256 of `message` comes from the key of an f1 address. */
export function verifySecp256k1(key: Address, message: Uint8Array, signature: Uint8Array): boolean {
  if (key.protocol !== Protocol.secp256k1 || signature.length !== 65) return false
  let publicKey: Uint8Array
  try {
    publicKey = secp256k1Recover(blake2b256(message), signature)
  } catch {
    return false
  }
  return Address.fromSecp256k1(publicKey).equals(key)
}
