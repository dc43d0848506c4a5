/** English texts of the miner's commands. */
import type { RepoHolder } from '../lib/repo-holder.ts'
import type { CommandText } from './en.ts'
import { actorCommands } from './en-actor.ts'
import { miningCommands } from './en-mining.ts'
import { provingCommands } from './en-proving.ts'
import { storageCommands } from './en-storage.ts'

const permFlag = 'permission of the token: read, write, sign or admin; each includes the ones before it'
const noComment = 'write the default values as settings instead of comments'

export const acceptPast =
  'make blocks although the chain has recent ones of the miner that this repository does not know; dangerous while another process may make some'

/** Flags of all commands that speak to a miner. */
export const minerFlagTexts: Readonly<Record<string, string>> = {
  'miner-repo': "folder of the miner's repository (env: NELUMBO_MINER_PATH, LOTUS_MINER_PATH; default: ~/.lotusminer)",
  'miner-api-url': "miner's API to use, [token:]multiaddress or URL (env: MINER_API_INFO; default: the one of --miner-repo)",
  actor: "another miner actor than the miner's own",
}

/** Groups that stand at the top level and below `miner` alike. */
const sharedCommands: Readonly<Record<string, CommandText>> = {
  ...miningCommands,
  ...provingCommands,
  ...actorCommands,
  ...storageCommands,
}

const ownCommands: Readonly<Record<string, CommandText>> = {
  miner: { about: 'Run a miner and look after it' },
  'miner run': {
    about: 'Start the miner',
    long: `The miner is a process of its own that works with a full node: the one that FULLNODE_API_INFO names, else the one of
--repo. It must have been set up with nelumbo miner init.`,
    flags: {
      'miner-api': 'port of the JSON-RPC API on 127.0.0.1 (default: the config file, else 2345)',
      nosync: 'do not wait until the node is in sync',
      config: "config file to use instead of the repository's",
      'accept-unknown-past': acceptPast,
      'network-file':
        'JSON file that describes a private network, where the full node is not one of ours and cannot tell its delays',
    },
  },
  'miner init': {
    about: "Set up a miner's repository, and make its actor",
    long: `Without --actor a miner actor is made on the chain: the sender pays a deposit, of which what is not needed stays the
miner's, and gas. With --actor the repository is for an actor that exists, which is told the repository's peer id. Run again
with another --actor, the repository serves that one too: one process makes blocks for all of them. When it was interrupted, run
it again with the same flags: no message is sent twice.`,
    flags: {
      actor: 'address of a miner actor that exists',
      owner: "owner of the new actor (default: the wallet's default address)",
      worker: 'worker of the new actor (default: the owner)',
      'create-worker-key': 'make a BLS key for the worker, where --worker names none',
      'sector-size': 'size of the sectors, such as 32GiB or 2KiB (default: 32GiB)',
      from: 'account that sends the messages and pays (default: the owner)',
      'gas-premium': 'gas premium of the messages in attoFIL; 0 to have it estimated',
      confidence: 'how many epochs on top of a message to wait for',
      'deposit-margin-factor': 'how much more than the deposit of this moment to send: 1.01 is one hundredth more',
      'pre-sealed-sectors': 'folder with pre-sealed sectors; may be given several times',
      'pre-sealed-metadata': 'file that describes the pre-sealed sectors',
      nosync: 'do not wait until the node is in sync',
      'no-local-storage': 'keep no sectors in the repository itself',
    },
  },
  'miner info': {
    about: 'Print an overview of the miner: power, expected wins, balances, beneficiary, sectors, workers',
    flags: { 'hide-sectors-info': 'without the sectors', blocks: 'the newest blocks too, so many of them' },
  },
  'miner info all': { about: 'Print all that the commands about the miner tell: for a report of a problem' },
  'miner stop': { about: 'Stop the running miner' },
  'miner auth': { about: "Manage tokens of the miner's API" },
  'miner auth create-token': { about: 'Make a token', flags: { perm: permFlag } },
  'miner auth api-info': {
    about: 'Make a token and print it with the address, as an environment variable',
    flags: { perm: permFlag },
  },
  'miner log': { about: "Manage the miner's log" },
  'miner log list': { about: 'List the log systems' },
  'miner log set-level': {
    about: 'Set the log level',
    long: 'Levels: debug, info, warn, error.',
    flags: { system: 'log system to set; may be given several times (default: all)' },
  },
  'miner log alerts': { about: 'Print the alerts', flags: { all: 'inactive ones too' } },
  'miner config': { about: "Show the miner's configuration" },
  'miner config default': { about: 'Print the default configuration', flags: { 'no-comment': noComment } },
  'miner config updated': {
    about: "Print the repository's configuration, with what it leaves out as comments",
    flags: { 'no-comment': noComment },
  },
}

export const minerCommands: Readonly<Record<string, CommandText>> = {
  ...ownCommands,
  ...sharedCommands,
  ...Object.fromEntries(Object.entries(sharedCommands).map(([name, text]) => [`miner ${name}`, text])),
}

export const minerErrors = {
  noRepo: (path: string) =>
    `there is no miner repository at ${path}; make one with nelumbo miner init, or say where it is with --miner-repo or MINER_API_INFO`,
  notRunning: (path: string) => `no miner is running on the repository ${path}; start it with nelumbo miner run`,
  noApiYet: (path: string, { pid, waitsFor }: RepoHolder) => {
    const who = `the process ${pid} on the repository ${path}`
    if (waitsFor === 'sync')
      return `${who} waits until its full node is in sync, and serves no API until then; nelumbo sync wait shows how far that is`
    if (waitsFor === 'parameters')
      return `${who} checks the proof parameters, or fetches them, and serves no API until then; its log says how far it is`
    return `${who} serves no API: it is starting or ending; its log says how far it is`
  },
  refused: (host: string) =>
    `no miner answers at ${host}; start it with nelumbo miner run, or check --miner-repo and MINER_API_INFO`,
  actorOrNew: (flags: readonly string[]) =>
    `--actor names an actor that exists, and ${flags.join(', ')} ${flags.length === 1 ? 'is' : 'are'} for one that is made; give one or the other`,
  preSealedNeedsActor: () => '--pre-sealed-metadata describes sectors of an actor that exists; name it with --actor',
  noSectorSize: (text: string) => `--sector-size ${text} is none that there is: use 2KiB, 8MiB, 512MiB, 32GiB or 64GiB`,
  badPremium: (text: string) => `--gas-premium ${text} is not a whole number of attoFIL`,
  badMargin: (text: string) => `--deposit-margin-factor ${text} is not a number from 1 to 100, such as 1.01`,
  rangeOrder: () => '<to> must not be lower than <from>',
  badMinerPort: (port: string) => `--miner-api ${port} is not a port number (0 to 65535)`,
}

export const minerWords = {
  initialised: (actor: string, repo: string) => `${repo} is set up for the miner ${actor}; start it with nelumbo miner run`,
  miningStarted: 'blocks are made from the next epoch on',
  miningStopped: 'no more blocks are made',
  warm: (actor: string, ms: number) => `a sector of ${actor} was proven in ${ms} ms`,
  known: (actor: string, repo: string) => `${repo} serves the miner ${actor} already`,
}
