/** English texts of `devnet`. */
import type { CommandText } from './en.ts'

const folder = 'folder of the devnet (env: NELUMBO_DEVNET; default: ~/.nelumbo-devnet)'

export const devnetCommands: Readonly<Record<string, CommandText>> = {
  devnet: {
    about: 'Run a network of your own: beacon, node and miner in one process',
    long: 'The first start makes the network, the later ones go on with it. Flags about what it is made of count at the first start alone.',
    flags: {
      folder,
      miners: 'how many miners it begins with',
      sectors: 'how many sectors of 2 KiB each of them has',
      'block-delay': 'seconds from one epoch to the next (default: what the proofs take on this machine)',
      'fake-proofs': 'make up proofs instead of computing them; the actors of such a network accept them',
      bundles: 'folder of actor bundles to use before any is downloaded (env: NELUMBO_BUNDLES)',
      host: 'address at which the API, the beacon and the port for peers are served',
      api: 'port of the JSON-RPC API; 0 for any that is free',
    },
  },
  'devnet faucet': {
    about: 'Send FIL of the running devnet to an address, 100 FIL unless told otherwise',
    flags: { folder },
  },
  'devnet info': { about: 'Print what the devnet is and how to use it', flags: { folder } },
  'devnet reset': {
    about: 'Remove the devnet: its chain, its keys and its sectors; the next start makes a new one',
    flags: { folder, 'really-do-it': 'must be given' },
  },
}

export const devnetText = {
  notRunning: (folder: string) => `the devnet in ${folder} is not running; start it with nelumbo devnet`,
  reallyDoIt: (folder: string) =>
    `this removes the devnet in ${folder} with its chain and all keys in its wallet; give --really-do-it to proceed`,
  removed: (name: string, folder: string) => `removed ${name} from ${folder}`,
  notPositive: () => 'the amount must be more than 0',
  faucetFailed: (exit: number) => `the faucet's message failed with exit code ${exit}`,
  sent: (amount: string, to: string, epoch: number, cid: string) => `sent ${amount} to ${to} in epoch ${epoch} (${cid})`,
  waiting: (cid: string) => `message ${cid} is on its way; waiting for the next block…`,
  making: (folder: string) => `making a new devnet in ${folder}`,
  goingOn: (name: string, folder: string) => `going on with ${name} in ${folder}`,
  parameters: (circuit: string, left: string | undefined) =>
    `making the proof parameters of the ${circuit} PoSt${left === undefined ? '' : `, about ${left} left`}; they are kept for other devnets`,
  parametersElsewhere: () => 'another process makes the proof parameters; waiting for it',
  sealing: (done: number, total: number) => `sealing sectors, ${done} of ${total}`,
  measuring: () => 'measuring how long a proof takes on this machine',
  measured: (proofSecs: number, delaySecs: number) =>
    `a winning PoSt takes ${proofSecs.toFixed(1)} s: an epoch will last ${delaySecs} s`,
  genesis: () => 'making the genesis block',
  paused: (time: string) => `it stood still: its clock goes on where it stopped, and is ${time} behind that of this machine`,
  running: (name: string) => `the devnet ${name} is running`,
  next: (environment: string) => `In another terminal:

  ${environment}
  bin/nelumbo wallet new
  bin/nelumbo devnet faucet ADDRESS 100
  bin/nelumbo wallet list
  bin/nelumbo send ADDRESS 1
  bin/nelumbo mpool pending
  bin/nelumbo chain list --count 5
  bin/nelumbo proving deadlines
`,
  join: (networkFile: string) =>
    `Another node joins with: bin/nelumbo --repo FOLDER daemon --network-file ${networkFile} --api 0`,
  stop: () => 'Ctrl-C stops it; the next start goes on where it was.',
} as const
