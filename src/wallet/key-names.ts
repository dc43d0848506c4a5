import { keyNames } from '../store/keystore.ts'
import { KeystoreError } from '../store/repo-errors.ts'
import { Address, Protocol } from '../types/address.ts'

/** The address that a name in the keystore stands for, undefined for what is no key of the wallet. @throws KeystoreError */
export function addressOf(name: string): Address | undefined {
  if (!name.startsWith(keyNames.wallet)) return undefined
  try {
    return Address.parse(name.slice(keyNames.wallet.length))
  } catch (cause) {
    throw new KeystoreError('KEYSTORE_FORMAT', `The keystore has a key called "${name}", which is no address.`, { cause })
  }
}

/** The names that a key's file may have, that of this network first: old files of mainnet have `t` (Lotus chain/wallet tryFind). */
export function namesOfKey(address: Address, prefix: 'f' | 't'): readonly string[] {
  if (address.protocol === Protocol.id || address.protocol === Protocol.actor) return []
  return ([prefix, prefix === 'f' ? 't' : 'f'] as const).map((p) => keyNames.wallet + address.toString(p))
}
