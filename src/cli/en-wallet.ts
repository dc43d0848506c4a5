/** English texts of `wallet`. */
import type { CommandText } from './en.ts'

const rawFlag = 'the bytes themselves, without the envelope that keeps a signed text from being a message (FRC-0102)'
const secretLong = 'The key is read from a file, or from standard input, where it is not shown while it is typed.'

export const walletCommands: Readonly<Record<string, CommandText>> = {
  wallet: { about: "Manage the node's keys" },
  'wallet new': { about: 'Make a key', long: 'Types: secp256k1 (which is the default), bls, delegated.' },
  'wallet list': {
    about: 'List the addresses whose keys the wallet holds',
    flags: { 'addr-only': 'addresses alone', id: 'with their ID addresses', market: 'with their balances in the storage market' },
  },
  'wallet balance': { about: "Print an account's balance; the default address's when none is given" },
  'wallet export': {
    about: 'Print a private key',
    long: 'Whoever has the key has the account. Formats:\n  hex-lotus    JSON in hex, as Lotus writes it\n  json-lotus   the JSON itself\n  hex-eth      the 32 bytes in hex, as Ethereum wallets take them; for secp256k1 and delegated keys',
    flags: { format: 'form of the key, see below' },
  },
  'wallet import': {
    about: 'Take a private key into the wallet',
    long: `${secretLong} Formats:\n  hex-lotus    JSON in hex, as Lotus writes it\n  json-lotus   the JSON itself\n  gfc-json     JSON of go-filecoin\n  hex-eth      32 bytes in hex, as Ethereum wallets write them`,
    flags: {
      format: 'form of the key, see below',
      type: 'kind of a key in hex-eth: secp256k1 or delegated',
      'as-default': 'make its address the default',
    },
  },
  'wallet default': { about: 'Print the default address' },
  'wallet set-default': { about: 'Set the default address' },
  'wallet sign': {
    about: 'Sign bytes with a key',
    long: 'Printed is the signature in hex, its kind in the first byte.',
    flags: { raw: rawFlag },
  },
  'wallet verify': { about: 'Check a signature over bytes', flags: { raw: rawFlag } },
  'wallet delete': { about: 'Take a key out of use; its file stays in the keystore under another name' },
  'wallet lock': { about: 'Forget the keys until the passphrase is given again' },
  'wallet unlock': {
    about: 'Open the keys with the passphrase',
    long: 'The passphrase is read from standard input; it is not shown while it is typed.',
  },
  'wallet set-password': {
    about: 'Encrypt the keys with a passphrase, or change it',
    long: 'The passphrase is read from standard input; it is not shown while it is typed. Key files then hold no readable key,\nand after each start of the node the wallet is locked until nelumbo wallet unlock.',
  },
  'wallet market': { about: "Manage an address's balance in the storage market" },
  'wallet market withdraw': {
    about: 'Withdraw from the storage market; all that is available when no amount is given',
    flags: {
      wallet: "address that sends the message (default: the wallet's default)",
      address: 'account or miner to withdraw from (default: the same address)',
      confidence: 'how many epochs on top of the message to wait for',
    },
  },
  'wallet market add': {
    about: 'Add to the balance in the storage market',
    flags: {
      from: "address that pays (default: the wallet's default)",
      address: 'account or miner to add to (default: the same address)',
    },
  },
}

interface MarketParts {
  readonly available: string
  readonly escrow: string
  readonly locked: string
  readonly reserved: string
}

const sum = ({ available, escrow, locked, reserved }: MarketParts): string =>
  `available (${available}) = escrow (${escrow}) - locked (${locked}) - reserved (${reserved})`

export const walletErrors = {
  nothingToWithdraw: (parts: MarketParts) => `no funds available to withdraw; ${sum(parts)}`,
  tooMuchToWithdraw: (asked: string, parts: MarketParts) =>
    `can't withdraw more funds than available; requested: ${asked}; ${sum(parts)}`,
  notPositive: () => 'the amount must be more than 0',
  notHex: (name: string) => `${name} is not hex: it should be an even number of the letters 0-9 and a-f`,
  badFormat: (format: string, known: readonly string[]) => `--format ${format} is not known; give one of ${known.join(', ')}`,
  ethType: (type: string) => `--type ${type} is not a kind of key for hex-eth; give secp256k1 or delegated`,
  ethKind: (type: string) => `a key of the kind ${type} has no hex-eth form; only secp256k1 and delegated keys have one`,
  keyLength: (length: number) => `a private key has 32 bytes, not ${length}`,
  notKey: (format: string) => `what was given is not a key in the form ${format}; --format names other forms`,
  multisigSigner: (address: string) =>
    `${address} is a multisig actor, which has no key: its signers propose and approve messages instead`,
  signatureKind: () => '<signature> must begin with its kind: 01 for secp256k1, 02 for bls, 03 for delegated',
  invalidSignature: () => 'the signature is not that of the address over these bytes',
  notEncrypted: () => 'the wallet has no passphrase; nelumbo wallet set-password gives it one',
  notTheSame: () => 'the two passphrases differ; nothing was changed',
}
