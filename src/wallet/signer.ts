/** Layer 6: keys and what signs with them. */
import { type Address, Protocol } from '../types/address.ts'
import {
  chainSignature,
  type EthTransactionKind,
  unsignedTransactionBytes,
  unsignedTransactionOf,
} from '../types/eth/transaction.ts'
import { type Message, messageCid, type SignedMessage } from '../types/message.ts'
import type { Signature } from '../types/signature.ts'
import { WalletError } from './errors.ts'

/**
 * What is signed (Lotus api.MsgMeta). Of a message the bytes must be its signing bytes, see {@link signingBytes}: a signer makes
 * them itself and refuses others. VRF draws are `unknown`, as in Lotus.
 */
export type SignPurpose =
  | { readonly type: 'message'; readonly message: Message }
  | { readonly type: 'block' }
  | { readonly type: 'dealproposal' }
  | { readonly type: 'unknown' }

/** Behind this stand the keys of this machine, a remote wallet, and a Ledger. */
export interface Signer {
  list(): Promise<readonly Address[]>
  has(address: Address): Promise<boolean>
  /**
   * @param address a key's own address (f1, f3, f410), never an id address
   * @throws WalletError WALLET_NO_KEY, WALLET_LOCKED, WALLET_DATA
   */
  sign(address: Address, data: Uint8Array, purpose: SignPurpose): Promise<Signature>
}

/** What tells networks apart in Ethereum's transactions. */
export interface SigningNetwork {
  readonly chainId: number
}

/**
 * What the key of an address signs for a message: the CID's bytes, or with a delegated key the Ethereum transaction that becomes
 * the message (Lotus chain/messagesigner SigningBytes).
 * @throws EthError for a message that no transaction becomes
 */
export function signingBytes(
  message: Message,
  key: Address,
  network: SigningNetwork,
  form: EthTransactionKind = 'eip1559',
): Uint8Array {
  if (key.protocol !== Protocol.delegated) return messageCid(message).bytes
  return unsignedTransactionBytes(unsignedTransactionOf({ ...message, from: key }, form, BigInt(network.chainId)))
}

export interface SignMessageOptions {
  /** The key's address, where the message's sender is an id address. */
  readonly as?: Address
  /** How a delegated key signs. Legacy forms (FIP-0091) need a premium that equals the fee cap. */
  readonly form?: EthTransactionKind
}

/**
 * Signs a message. Its sender must be the key's own address, or `as` must give that.
 * @throws WalletError, EthError
 */
export async function signMessage(
  signer: Signer,
  message: Message,
  network: SigningNetwork,
  { as = message.from, form = 'eip1559' }: SignMessageOptions = {},
): Promise<SignedMessage> {
  const data = signingBytes(message, as, network, form)
  const signature = await signer.sign(as, data, { type: 'message', message })
  if (as.protocol !== Protocol.delegated) return { message, signature }
  return { message, signature: { ...signature, data: chainSignature(form, BigInt(network.chainId), signature.data) } }
}

const forms: readonly EthTransactionKind[] = ['eip1559', 'eip155', 'homestead']

/** For signers. @throws WalletError WALLET_DATA when the bytes are not those of the message that they are said to be */
export function checkPurpose(address: Address, data: Uint8Array, purpose: SignPurpose, network: SigningNetwork): void {
  if (purpose.type !== 'message') return
  const candidates = address.protocol === Protocol.delegated ? forms : forms.slice(0, 1)
  for (const form of candidates) {
    let expected: Uint8Array
    try {
      expected = signingBytes(purpose.message, address, network, form)
    } catch (cause) {
      // The first form takes every message that a transaction can become; the older ones do not.
      if (form !== 'eip1559') continue
      throw new WalletError('WALLET_DATA', 'no transaction that the key could sign becomes the message', { cause })
    }
    if (Buffer.compare(expected, data) === 0) return
  }
  throw new WalletError('WALLET_DATA', 'the bytes to be signed are not those of the message')
}
