/** English texts of `mpool` and `send`. */
import type { CommandText } from './en.ts'

export const mpoolCommands: Readonly<Record<string, CommandText>> = {
  send: {
    about: 'Send FIL, or call a method of an actor',
    long: `The target is a Filecoin address, or an Ethereum address that begins with 0x. The amount is in FIL (1.5) or attoFIL
(100attofil). What is 0 of the gas flags is estimated. Printed is the CID of the message, which nelumbo state wait-msg waits for.

A CSV file has the heading Recipient,FIL,Method,Params; its parameters are hex, or nil for none.`,
    flags: {
      from: "account to send from (default: the wallet's)",
      'from-eth-addr': 'account to send from, as an Ethereum address',
      'gas-premium': 'what the miner gets, attoFIL per unit of gas',
      'gas-feecap': 'most that a unit of gas may cost, attoFIL',
      'gas-limit': 'most gas that the message may take',
      nonce: 'nonce of the message (default: the next one)',
      method: 'number of the method to call',
      'params-json': "the method's parameters as JSON",
      'params-hex': "the method's parameters as hex; of CBOR, or what an Ethereum contract is called with",
      force: 'as --force-send',
      csv: 'send one message for each row of a CSV file',
    },
  },
  mpool: { about: 'See and change the messages that wait for a block' },
  'mpool pending': {
    about: 'Print the messages that wait',
    flags: {
      local: "only those from the wallet's addresses",
      cids: 'only their CIDs',
      to: 'only those to this address',
      from: 'only those from this address',
    },
  },
  'mpool clear': {
    about: 'Forget the messages that wait',
    flags: { local: "also those of this node's own clients", 'really-do-it': 'must be given' },
  },
  'mpool sub': { about: 'Print messages as they come into the pool and leave it' },
  'mpool stat': {
    about: 'Count the messages that wait, by sender',
    flags: {
      local: "only those from the wallet's addresses",
      'basefee-lookback': 'how many tipsets to look back for the lowest base fee',
    },
  },
  'mpool replace': {
    about: 'Replace a message that waits by one that pays more',
    long: 'The message is named by its CID, or by its sender and nonce.',
    flags: {
      'gas-feecap': 'fee cap of the new message, attoFIL per unit of gas',
      'gas-premium': 'premium of the new message, attoFIL per unit of gas',
      'gas-limit': 'gas limit of the new message',
      auto: 'estimate fee cap and premium',
      'fee-limit': 'most that the message may cost, in FIL; with --auto',
    },
  },
  'mpool find': {
    about: 'Print the messages that wait and fit',
    flags: { from: 'from this address', to: 'to this address', method: 'calling this method' },
  },
  'mpool config': { about: "Print the pool's settings, or set them to a JSON object" },
  'mpool gas-perf': {
    about: 'Print what the messages that wait pay the miner',
    flags: { all: "all of them, not only those from the wallet's addresses" },
  },
  'mpool manage': { about: "List the wallet's messages that wait, and what stands against them" },
}

export const mpoolErrors = {
  clearReally: () => 'clearing the pool can lose messages; give --really-do-it to proceed',
  noPending: (from: string, nonce: number) => `no message of ${from} with nonce ${nonce} waits`,
  replaceFees: () => 'give --gas-premium and --gas-feecap, or --auto',
  replaceAuto: (flag: string) => `--${flag} is not taken with --auto, which estimates it`,
  feeLimitAuto: () => '--fee-limit is only taken with --auto',
  notAmount: (name: string, text: string) => `${name} "${text}" is not a whole number of attoFIL`,
  notTarget: (text: string) => `<targetAddress> "${text}" is neither a Filecoin address nor an Ethereum address`,
  notEthAddress: (name: string, text: string) =>
    `${name} "${text}" is not an Ethereum address: it should be 0x and 40 hex digits`,
  sendArgs: () => 'give the target address and the amount',
  csvAlone: () => '--csv takes no target address and no amount',
  twoFroms: () => 'give --from or --from-eth-addr, not both',
  twoParams: () => 'give --params-json or --params-hex, not both',
  ethMethod: () => 'a message from or to an Ethereum address takes no --method: it calls the contract',
  ethParams: () => 'a message from or to an Ethereum address takes no --params-json; give --params-hex',
  ethTarget: (to: string) => `an Ethereum account sends to f410f and f0 addresses only, and ${to} has no id`,
  noDefault: () => 'the wallet has no default address; give --from',
  checksFailed: () => 'the message was not sent; --force-send sends it all the same',
  csvHeading: (path: string) => `${path} must begin with the row Recipient,FIL,Method,Params`,
  csvRow: (row: number, why: string) => `row ${row}: ${why}`,
  csvFields: (count: number) => `${count} fields instead of 4`,
  csvFunds: (need: string, have: string) => `the rows send ${need}, the account has ${have}`,
} as const
