/** Ethereum's view of the chain's types: addresses, RLP, transactions in messages. */
import { keccak_256 } from '@noble/hashes/sha3.js'
import { Address, Protocol } from '../address.ts'
import { EthError } from './errors.ts'

/** The actor that manages f410 addresses (f010). */
export const EAM_ID = 10n
const LENGTH = 20
/** Bytes before the id in an address that stands for an actor without an Ethereum address of its own: ff and zeros. */
const MASK_LENGTH = 12

function fail(message: string): never {
  throw new EthError('ETH_ADDRESS', message)
}

/** True for 20-byte addresses that stand for an actor id (Lotus EthAddress.IsMaskedID). */
export function isMaskedId(eth: Uint8Array): boolean {
  if (eth[0] !== 0xff) return false
  for (let i = 1; i < MASK_LENGTH; i++) if (eth[i] !== 0) return false
  return true
}

/**
 * The 20 bytes of an f410 address, or the masked form of an id address (FIP-0055).
 * @throws EthError ETH_ADDRESS for any other address
 */
export function ethAddressOf(address: Address): Uint8Array {
  const id = address.id
  if (id !== undefined) {
    const out = new Uint8Array(LENGTH)
    out[0] = 0xff
    new DataView(out.buffer).setBigUint64(MASK_LENGTH, id)
    return out
  }
  const delegated = address.delegated
  if (delegated === undefined || delegated.namespace !== EAM_ID || delegated.subaddress.length !== LENGTH)
    return fail(`${address} has no Ethereum address: only id and f410 addresses have one`)
  if (isMaskedId(delegated.subaddress)) return fail(`${address} holds an actor id, which an f410 address must not`)
  return delegated.subaddress
}

/** The other way round. @throws EthError ETH_ADDRESS for anything but 20 bytes, or an id of more than 63 bits */
export function addressOfEth(eth: Uint8Array): Address {
  if (eth.length !== LENGTH) return fail(`an Ethereum address has ${LENGTH} bytes, not ${eth.length}`)
  if (!isMaskedId(eth)) return Address.fromDelegated(EAM_ID, eth)
  const id = new DataView(eth.buffer, eth.byteOffset).getBigUint64(MASK_LENGTH)
  return id >> 63n === 0n ? Address.fromId(id) : fail(`${id} is no actor id`)
}

/** The f410 address of a secp256k1 key (65 bytes, uncompressed): the last 20 bytes of its keccak-256. */
export function delegatedAddressOfKey(publicKey: Uint8Array): Address {
  if (publicKey.length !== 65 || publicKey[0] !== 4) return fail('an uncompressed public key has 65 bytes and begins with 4')
  return Address.fromDelegated(EAM_ID, keccak_256(publicKey.subarray(1)).subarray(12))
}

/** Whether an address is an f410 one (namespace of the Ethereum address manager). */
export function isEthNamespace(address: Address): boolean {
  return address.protocol === Protocol.delegated && address.delegated?.namespace === EAM_ID
}
