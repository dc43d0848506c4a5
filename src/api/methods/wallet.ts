/** Wallet*: keys of the node and what they sign. */
import { list } from '../../codec/combinators.ts'
import { bool, bytesOrEmpty, safeUint, text } from '../../codec/primitives.ts'
import { address } from '../../types/address.ts'
import { message, signedMessage } from '../../types/message.ts'
import { tokenAmount } from '../../types/scalars.ts'
import { signature } from '../../types/signature.ts'
import { type ApiVersion, method, param } from '../method.ts'
import { addressOrEmpty, nothing } from '../types/shape.ts'
import { keyInfo, keyType } from '../types/wallet.ts'
import { addr, v0v1, v1 } from './params.ts'

const main = { versions: v0v1 as readonly ApiVersion[], where: 'main' } as const
const password = param('password', bytesOrEmpty)

export const walletNew = method({
  ...main,
  name: 'Filecoin.WalletNew',
  perm: 'write',
  params: [param('type', keyType)],
  result: address,
  doc: 'Makes a key: bls, secp256k1 or delegated.',
})

export const walletHas = method({
  ...main,
  name: 'Filecoin.WalletHas',
  perm: 'write',
  params: [addr],
  result: bool,
  doc: "Whether the wallet holds an address's key.",
})

export const walletList = method({
  ...main,
  name: 'Filecoin.WalletList',
  perm: 'write',
  params: [],
  result: list(address),
  doc: 'The addresses whose keys the wallet holds.',
})

export const walletBalance = method({
  name: 'Filecoin.WalletBalance',
  perm: 'read',
  params: [addr],
  result: tokenAmount,
  doc: "An address's balance at the head, in attoFIL; 0 for one that is not on chain.",
  versions: v0v1,
  where: 'query',
})

export const walletSign = method({
  ...main,
  name: 'Filecoin.WalletSign',
  perm: 'sign',
  params: [addr, param('data', bytesOrEmpty)],
  result: signature,
  doc: "Signs bytes with an address's key.",
})

export const walletSignMessage = method({
  ...main,
  name: 'Filecoin.WalletSignMessage',
  perm: 'sign',
  params: [addr, param('message', message)],
  result: signedMessage,
  doc: "Signs a message with an address's key, as it stands.",
})

export const walletVerify = method({
  ...main,
  name: 'Filecoin.WalletVerify',
  perm: 'read',
  params: [addr, param('data', bytesOrEmpty), param('signature', signature)],
  result: bool,
  doc: "Whether a signature over bytes comes from an address's key.",
})

export const walletDefaultAddress = method({
  ...main,
  name: 'Filecoin.WalletDefaultAddress',
  perm: 'write',
  params: [],
  result: address,
  doc: 'The address that sends where none is named.',
})

export const walletSetDefault = method({
  ...main,
  name: 'Filecoin.WalletSetDefault',
  perm: 'write',
  params: [addr],
  result: nothing,
  doc: 'Makes an address of the wallet the default.',
})

export const walletExport = method({
  ...main,
  name: 'Filecoin.WalletExport',
  perm: 'admin',
  params: [addr],
  result: keyInfo,
  doc: 'The private key of an address.',
})

export const walletImport = method({
  ...main,
  name: 'Filecoin.WalletImport',
  perm: 'admin',
  params: [param('key', keyInfo)],
  result: address,
  doc: 'Takes a private key into the wallet.',
})

export const walletDelete = method({
  ...main,
  name: 'Filecoin.WalletDelete',
  perm: 'admin',
  params: [addr],
  result: nothing,
  doc: 'Takes a key out of use; its file is kept under another name.',
})

export const walletValidateAddress = method({
  ...main,
  name: 'Filecoin.WalletValidateAddress',
  perm: 'read',
  params: [param('text', text)],
  result: addressOrEmpty,
  doc: 'The address that a text is; an error for one that is none. An empty text is the undefined address, "<empty>".',
})

const locks = { versions: v1, where: 'main', perm: 'admin' } as const

export const walletState = method({
  ...locks,
  name: 'Filecoin.WalletState',
  params: [],
  result: safeUint,
  doc: 'Whether the wallet has no passphrase (0), is locked (1) or unlocked (2), as Venus numbers it.',
})

export const hasPassword = method({
  ...locks,
  name: 'Filecoin.HasPassword',
  params: [],
  result: bool,
  doc: 'Whether the keys are encrypted.',
})

export const setPassword = method({
  ...locks,
  name: 'Filecoin.SetPassword',
  params: [password],
  result: nothing,
  doc: 'Encrypts the keys with a passphrase, or replaces the passphrase of an unlocked wallet.',
})

export const lockWallet = method({
  ...locks,
  name: 'Filecoin.LockWallet',
  params: [],
  result: nothing,
  doc: 'Forgets the keys until the wallet is unlocked.',
})

export const unlockWallet = method({
  ...locks,
  name: 'Filecoin.UnLockWallet',
  params: [password],
  result: nothing,
  doc: 'Opens the keys with the passphrase.',
})
