import { NodeError, type NodeErrorOptions } from '../lib/errors.ts'

export type WalletErrorCode =
  /** The wallet holds no key of the address. */
  | 'WALLET_NO_KEY'
  /** The wallet is encrypted and was not unlocked since the start. */
  | 'WALLET_LOCKED'
  /** The passphrase is wrong, empty or too long. */
  | 'WALLET_PASSWORD'
  /** The wallet is not encrypted, so that there is nothing to lock or unlock. */
  | 'WALLET_NOT_ENCRYPTED'
  /** A private key is not one of its kind, or its file holds another key than its name says. */
  | 'WALLET_KEY'
  /** A kind of key that is unknown or that no wallet of this node can hold. */
  | 'WALLET_KIND'
  /** What is to be signed is not what it is said to be. */
  | 'WALLET_DATA'
  /** No default address is set. */
  | 'WALLET_NO_DEFAULT'
  /** No wallet of this node can do it: the local one is switched off. */
  | 'WALLET_DISABLED'

/** A failure of the wallet; never holds key material or passphrases. */
export class WalletError extends NodeError {
  declare readonly code: WalletErrorCode
  constructor(code: WalletErrorCode, message: string, options: NodeErrorOptions = {}) {
    super(code, message, options)
  }
}

export function noKey(address: { toString(): string }): WalletError {
  return new WalletError('WALLET_NO_KEY', `the wallet holds no key of ${address}`, { fields: { address: address.toString() } })
}

export function locked(): WalletError {
  return new WalletError('WALLET_LOCKED', 'the wallet is locked', { hint: 'unlock it with: nelumbo wallet unlock' })
}

export function notEncrypted(): WalletError {
  return new WalletError('WALLET_NOT_ENCRYPTED', 'the wallet has no passphrase', {
    hint: 'set one with: nelumbo wallet set-password',
  })
}
