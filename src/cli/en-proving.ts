/** English texts of `proving` and `actor`. */
import type { CommandText } from './en.ts'

const really = 'must be given; without it nothing is sent'
const gasLimit = 'most gas that the message may take; 0 to have it estimated'
const confidence = 'how many epochs on top of the message to wait for'

export const provingCommands: Readonly<Record<string, CommandText>> = {
  proving: { about: "See how a miner's sectors are proven" },
  'proving info': { about: 'Print where the miner stands in its proving period' },
  'proving deadlines': {
    about: 'List the deadlines of the proving period',
    flags: { all: 'count all sectors, not only live ones' },
  },
  'proving deadline': {
    about: 'Print one deadline with its partitions',
    flags: { 'sector-nums': "with the sectors' numbers", bitfield: 'with what the bitfields are made of' },
  },
  'proving faults': { about: 'List the faulty sectors' },
  'proving check': {
    about: 'Check whether the sectors of a deadline could be proven now',
    flags: {
      'only-bad': 'only those that could not',
      slow: 'accepted; all checks are always made',
      'storage-id': 'only sectors in this storage path',
      faulty: 'only faulty sectors',
    },
  },
  'proving workers': { about: 'List the workers that make proofs of spacetime' },
  'proving compute': { about: 'Make proofs as a test' },
  'proving compute windowed-post': {
    about: 'Prove a deadline and print the proofs; nothing is sent',
    long: 'It shows how long this machine takes.',
  },
  'proving recover-faults': { about: 'Declare faulty sectors as recovering', flags: { confidence } },
  actor: { about: "Change the miner actor's settings" },
  'actor set-addresses': {
    about: "Publish the addresses at which the miner's node can be dialed",
    flags: { from: "account to send from (default: the miner's worker)", 'gas-limit': gasLimit, unset: 'publish none' },
  },
  'actor withdraw': {
    about: 'Withdraw available balance to the beneficiary; all of it when no amount is given',
    flags: { confidence, beneficiary: 'send the message from the beneficiary, not from the owner' },
  },
  'actor repay-debt': {
    about: "Pay the miner's fee debt; all of it when no amount is given",
    flags: { from: "account to send from (default: the miner's worker)" },
  },
  'actor set-peer-id': { about: "Publish the peer id of the miner's node", flags: { 'gas-limit': gasLimit } },
  'actor set-owner': {
    about: 'Change the owner',
    long: 'It takes two messages: this command is run once with the old owner as sender, and then with the new one.',
    flags: { 'really-do-it': really },
  },
  'actor control': { about: 'Manage control addresses' },
  'actor control list': {
    about: 'List the addresses that send for the miner, with what for and what they have',
    flags: { verbose: 'whole addresses' },
  },
  'actor control set': { about: 'Set the control addresses, in place of those that are set', flags: { 'really-do-it': really } },
  'actor propose-change-worker': { about: 'Propose another worker', flags: { 'really-do-it': really } },
  'actor confirm-change-worker': {
    about: 'Confirm the worker that was proposed, once its epoch has come',
    flags: { 'really-do-it': really },
  },
}

export const provingErrors = {
  noDeadline: (index: number, count: number) => `<deadlineIdx> ${index} does not exist; the deadlines are 0 to ${count - 1}`,
  noSectors: () => 'no sector is named; give at least one number',
  notController: (from: string) => `${from} is neither owner, worker nor control address of the miner`,
  exitCode: (cid: string, code: number) => `the message ${cid} failed with exit code ${code}; nelumbo state replay shows why`,
  notPeerId: (text: string) => `<peerId> "${text}" is not a peer id: it should look like 12D3KooW…`,
  noMultiaddrs: () => 'no address is given; give multiaddresses such as /ip4/1.2.3.4/tcp/1234, or --unset',
  unsetAlone: () => '--unset takes no addresses',
  notMultiaddr: (text: string) => `"${text}" is not a multiaddress: it should look like /ip4/1.2.3.4/tcp/1234`,
  negativeAmount: () => 'the amount must not be negative',
  notAvailable: (asked: string, available: string) => `${asked} is more than what is available, ${available}`,
  ownerSender: () => 'the sender must be the present owner or the new one',
  workerPending: (worker: string) => `the change of the worker to ${worker} is pending already`,
  workerSet: (worker: string) => `${worker} is the worker already`,
  workerNotProposed: (worker: string) => `the message was executed, but the chain shows no proposal of ${worker}`,
  noWorkerProposed: () => 'no change of the worker was proposed',
  otherWorker: (given: string, proposed: string) => `${given} is not the proposed worker, which is ${proposed}`,
  workerTooEarly: (epoch: number, height: number) =>
    `the change cannot be confirmed before epoch ${epoch}; the head is at ${height}`,
  workerNotChanged: (worker: string) => `the message was executed, but the chain does not show ${worker} as worker`,
}
