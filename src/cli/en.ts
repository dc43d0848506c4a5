/**
 * The English texts of the command line: help, flags, sentences. Labels of answers (`Total Gas Limit:`) stay with the
 * commands that print them, because scripts read them; they are Lotus's in every language.
 */

import type { RepoHolder } from '../lib/repo-holder.ts'
import { devnetCommands } from './en-devnet.ts'
import { acceptPast, minerCommands, minerFlagTexts } from './en-miner.ts'
import { mpoolCommands } from './en-mpool.ts'
import { networkCommands } from './en-network.ts'
import { parameterCommands } from './en-storage.ts'
import { walletCommands } from './en-wallet.ts'

export interface CommandText {
  readonly about: string
  /** Shown below the flags. */
  readonly long?: string
  readonly flags?: Readonly<Record<string, string>>
}

const tipsetFlag = 'tipset to look at: @head, @<epoch>, or its CIDs with commas between them'
const encodingFlag = 'how the parameters are written: base64 or hex'
const permFlag = 'permission of the token: read, write, sign or admin; each includes the ones before it'

const commands: Readonly<Record<string, CommandText>> = {
  daemon: {
    about: 'Start the node',
    flags: {
      api: 'port of the JSON-RPC API on 127.0.0.1 (default: the config file, else 1234)',
      'api-listen': 'multiaddress of the JSON-RPC API, for example /ip4/0.0.0.0/tcp/1234/http',
      'api-max-req-size': 'largest request that the JSON-RPC API takes, in bytes; 0 for 100 MiB',
      network: 'network to join: mainnet, calibnet, butterflynet or devnet (default: devnet)',
      'network-file': "JSON file that describes a private network; other files' paths in it are relative to it",
      bundles: 'folder of actor bundles to use before any is downloaded',
      genesis: 'genesis block and state for the first start: a CAR file, plain or compressed with zstd',
      bootstrap: "connect to the network's bootstrap peers",
      'import-chain': 'load a chain from a CAR file or URL and check it by executing all of it',
      'import-snapshot': 'load a snapshot from a CAR file or URL and trust its states',
      'halt-after-import': 'stop when the import is done',
      'remove-existing-chain': 'remove the chain that is there before importing one',
      profile: 'kind of node: bootstrapper',
      config: "config file to use instead of the repository's",
      'with-miner': 'run the miner of --miner-repo in the same process',
      'miner-api': "port of the miner's JSON-RPC API on 127.0.0.1 (default: the miner's config file, else 2345)",
      'miner-nosync': 'let the miner begin although the node is not in sync',
      'accept-unknown-past': acceptPast,
    },
  },
  'daemon stop': { about: 'Stop the running node' },
  config: { about: 'Show the configuration' },
  'config default': {
    about: 'Print the default configuration',
    flags: { 'no-comment': 'write the default values as settings instead of comments' },
  },
  'config updated': {
    about: "Print the repository's configuration, with what it leaves out as comments",
    flags: { 'no-comment': 'write the default values as settings instead of comments' },
  },
  version: { about: "Print the daemon's version and this program's" },
  info: { about: 'Print an overview of the node' },
  status: { about: "Print the node's state of synchronisation", flags: { chain: 'include the health of the chain' } },
  'wait-api': {
    about: 'Wait until the API answers',
    flags: { timeout: 'how long to wait, for example 30s or 5m' },
  },
  auth: { about: 'Manage tokens of the API' },
  'auth create-token': { about: 'Make a token', flags: { perm: permFlag } },
  'auth api-info': {
    about: 'Make a token and print it with the address, as an environment variable',
    flags: { perm: permFlag },
  },
  log: { about: "Manage the daemon's log" },
  'log list': { about: 'List the log systems' },
  'log set-level': {
    about: 'Set the log level',
    long: 'Levels: debug, info, warn, error.\n\nExample: nelumbo log set-level --system chain --system chainxchg debug\n\nThe level at the start is taken from GOLOG_LOG_LEVEL.',
    flags: { system: 'log system to set; may be given several times (default: all)' },
  },
  'log alerts': { about: 'Print the alerts', flags: { all: 'inactive ones too' } },
  chain: { about: 'Inspect the chain and its objects' },
  'chain head': { about: "Print the head's CIDs", flags: { height: 'print its epoch instead' } },
  'chain get-block': {
    about: 'Print a block with its messages and receipts',
    flags: { raw: 'the header alone' },
  },
  'chain read-obj': { about: 'Print the bytes of an object in hex' },
  'chain delete-obj': {
    about: "Delete an object from the node's store",
    long: 'A node that lacks an object of its chain can fail to synchronise.',
    flags: { 'really-do-it': 'must be given' },
  },
  'chain stat-obj': {
    about: 'Print the size of an object and of all that it links to',
    long: 'With a base, the base is walked first and what it links to is not counted.',
    flags: { base: 'CID of an object whose parts are not counted' },
  },
  'chain getmessage': { about: 'Print a message' },
  'chain sethead': {
    about: 'Make another tipset the head, for recovery',
    flags: { genesis: 'make the genesis the head', epoch: 'make the tipset at this epoch the head' },
  },
  'chain list': {
    about: 'List tipsets, the oldest first',
    flags: {
      height: 'epoch of the last tipset (default: the head)',
      count: 'how many tipsets',
      format: 'line for each tipset; <epoch>, <time>, <blocks>, <weight>, <tipset> and <json_tipset> stand for its values',
      'gas-stats': 'print gas figures of tipsets and blocks',
    },
  },
  'chain get': {
    about: 'Print the object at a path',
    long: `Paths:
  /ipfs/<cid>/some/path   from any object, /ipld/ is the same
  /pstate/some/path       from the parent state of the head or of --tipset

Elements of a path that look into a HAMT or an AMT:
  @H:key      an entry of a HAMT by its key as text
  @Hi:123     by a signed integer key
  @Hu:123     by an unsigned integer key
  @Ha:t01     by an address
  @A:10       an entry of an AMT
  @Ha:t01/@state   an actor's state with names

Types for --as-type: raw, block, message, smessage (signedmessage), actor, amt, hamt-epoch, hamt-address, cronevent,
account-state.

Example: nelumbo chain get /pstate/1/@Ha:t02`,
    flags: {
      'as-type': 'how to read the object, see below',
      verbose: 'print the full path first',
      tipset: 'tipset for /pstate: @head, @<epoch>, or its CIDs with commas between them',
    },
  },
  'chain bisect': {
    about: 'Find the first tipset whose state a command accepts',
    long: `The command reads the object at the path, as JSON, from its standard input. It accepts with exit code 0 and refuses
with another one, or by printing "false". Of the tipsets between the heights all that come after the first accepted one are
taken to be accepted.

Example, the height at which deal 100000 appeared:
  nelumbo chain bisect 1 32000 '@Ha:t03/1' jq -e '.[2] > 100000'`,
  },
  'chain export': {
    about: 'Export a snapshot to a CAR file',
    flags: {
      tipset: tipsetFlag,
      'recent-stateroots': 'states of how many epochs to include; all when not given',
      'skip-old-msgs': 'leave out the messages older than these states',
    },
  },
  'chain export-range': {
    about: "Export a part of the chain to a CAR file in the node's repository",
    flags: {
      head: 'last tipset: @head, @<epoch>, or its CIDs',
      tail: 'first tipset: @tail for the genesis, @<epoch>, or its CIDs',
      messages: 'include messages',
      receipts: 'include receipts',
      stateroots: 'include states',
      workers: 'how many readers work at the same time',
      'write-buffer': 'buffer of the file, in bytes',
    },
  },
  'chain slash-consensus': {
    about: 'Report to the chain that a miner broke consensus with two blocks',
    flags: { from: 'address that sends the report', extra: 'CID of a third block that proves it (parent grinding)' },
  },
  'chain gas-price': { about: 'Print the premium per unit of gas that gets a message in within so many blocks' },
  'chain inspect-usage': {
    about: 'Show who uses the block space',
    flags: {
      tipset: tipsetFlag,
      length: 'how many tipsets to look at',
      'num-results': 'how many lines for each heading',
    },
  },
  'chain decode': { about: 'Decode values' },
  'chain decode params': {
    about: "Decode a message's parameters",
    flags: { tipset: tipsetFlag, encoding: encodingFlag },
  },
  'chain encode': { about: 'Encode values' },
  'chain encode params': {
    about: "Encode a message's parameters from JSON",
    flags: {
      tipset: tipsetFlag,
      encoding: 'how to write the result: base64 or hex',
      'to-code': 'the destination is the CID of an actor code, not an address',
    },
  },
  state: { about: "Query the chain's state", flags: { tipset: tipsetFlag } },
  'state power': { about: "Print the network's power, or a miner's share of it" },
  'state sectors': {
    about: "List a miner's active sectors as CSV",
    flags: {
      'show-partitions': 'with deadlines and partitions',
      all: 'all sectors instead of the active ones',
      human: 'times in UTC and amounts in FIL',
    },
  },
  'state active-sectors': {
    about: "List a miner's active sectors as CSV; the same as sectors without --all",
    flags: { 'show-partitions': 'with deadlines and partitions', human: 'times in UTC and amounts in FIL' },
  },
  'state list-actors': { about: 'List the addresses of all actors' },
  'state list-miners': {
    about: 'List the addresses of all miners',
    flags: { 'sort-by': 'none, or num-deals for the 50 miners with the most deals' },
  },
  'state circulating-supply': {
    about: 'Print the circulating supply',
    flags: { 'vm-supply': 'the approximation that the VM uses, with its parts' },
  },
  'state sector': { about: "Print a miner's sector" },
  'state get-actor': { about: 'Print an actor' },
  'state lookup': { about: 'Print the ID address of an actor', flags: { reverse: 'its key address instead' } },
  'state replay': {
    about: 'Execute a message again',
    flags: {
      'show-trace': 'print the calls that it makes',
      'detailed-gas': 'print what becomes of the gas fee',
    },
  },
  'state sector-size': { about: "Print a miner's sector size" },
  'state read-state': { about: "Print an actor's state as JSON" },
  'state list-messages': {
    about: 'List messages of the chain, the newest first',
    flags: {
      to: 'address of the receiver',
      from: 'address of the sender',
      toheight: 'do not look before this epoch',
      cids: 'print CIDs instead of messages',
      'order-by-nonce': 'sort by nonce; needs --from',
    },
  },
  'state compute-state': {
    about: 'Compute the state that a tipset leads to',
    flags: {
      'vm-height': 'epoch that the VM sees',
      'apply-mpool-messages': 'apply messages of the message pool too',
      'show-trace': 'print all calls',
      html: 'write a report in HTML',
      'compute-state-output': 'read the outcome from this file, made with --json, instead of computing it',
      'no-timing': 'leave times out of the report',
    },
  },
  'state call': {
    about: 'Call a method of an actor on this node, without a message on the chain',
    flags: {
      from: 'address of the caller',
      value: 'FIL to send',
      ret: 'how to print the return value: raw, decoded, base64 or hex',
      encoding: encodingFlag,
    },
  },
  'state get-deal': { about: 'Print a deal of the storage market' },
  'state wait-msg': {
    about: 'Wait until a message is executed',
    flags: { timeout: 'how long to wait, for example 30s or 10m' },
  },
  'state search-msg': { about: 'Find where a message was executed' },
  'state miner-info': { about: 'Print a miner' },
  'state market': { about: 'Query the storage market' },
  'state market balance': { about: "Print an address's balance in the storage market" },
  'state market proposal-pending': { about: 'Say whether a proposal waits in the storage market' },
  'state exec-trace': { about: 'Print the calls that a message made, as JSON' },
  'state network-version': { about: 'Print the network version' },
  'state miner-proving-deadline': { about: "Print a miner's current proving deadline" },
  'state actor-cids': {
    about: "Print the CIDs of the network version's actors",
    flags: { 'network-version': 'another network version' },
  },
}

const allCommands: Readonly<Record<string, CommandText>> = {
  ...commands,
  ...devnetCommands,
  ...minerCommands,
  ...mpoolCommands,
  ...networkCommands,
  ...parameterCommands,
  ...walletCommands,
}

export const en = {
  about: 'A Filecoin node',
  commands: allCommands,
  flags: {
    repo: "folder of the node's repository (env: NELUMBO_PATH, LOTUS_PATH; default: ~/.lotus)",
    'api-url': 'API to use, [token:]multiaddress or URL (env: FULLNODE_API_INFO; default: the one of --repo)',
    json: 'print the answer as JSON',
    color: 'use colours (default: on a terminal)',
    ...minerFlagTexts,
    'force-send': 'send messages that fail a check',
    tipset: tipsetFlag,
    help: 'print help',
    version: 'print the version',
  } as Readonly<Record<string, string>> & { readonly help: string; readonly version: string },
  errors: {
    noRepo: (path: string) =>
      `there is no node repository at ${path}; start the node with nelumbo daemon, or say where it is with --repo or FULLNODE_API_INFO`,
    twoMiners: (first: string, second: string) =>
      `the blocks are of two miners, ${first} and ${second}; give two blocks of one miner`,
    notRunning: (path: string) => `no daemon is running on the repository ${path}; start it with nelumbo daemon`,
    noApiYet: (path: string, { pid }: RepoHolder) =>
      `the process ${pid} has the repository ${path} and serves no API: it is starting or ending; its log says how far it is`,
    unreadable: (path: string) => `${path} cannot be read; check who owns it`,
    badApiInfo: (from: string) =>
      `${from} does not hold an API address; it should look like token:/ip4/127.0.0.1/tcp/1234/http or http://127.0.0.1:1234`,
    refused: (host: string) =>
      `no daemon answers at ${host}; start it with nelumbo daemon, or check --repo and FULLNODE_API_INFO`,
    broken: (host: string, why: string) =>
      `the connection to the daemon at ${host} failed (${why}); check the address and try again`,
    notAnApi: (host: string) => `${host} answers, but not as a Filecoin node; check the address`,
    tokenRefused: () =>
      'the daemon does not accept the token; make a new one with nelumbo auth api-info on the machine of the node',
    permission: (method: string, need: string) =>
      `the token does not permit ${method}, which needs the permission ${need}; use one made with nelumbo auth api-info --perm ${need}`,
    unknownMethod: (method: string) =>
      `the daemon does not know the method ${method}; it is older than this command or another program`,
    streamBroken: (method: string) => `the connection to the daemon broke while ${method} was running; try again`,
    unknownCommand: (given: string, group: string) => `unknown command '${given}'; nelumbo ${group} --help lists the commands`,
    fault: () => 'this is a fault of the program, NELUMBO_DEBUG=1 shows where it arose',
    interrupted: () => 'interrupted',
    permMissing: () => '--perm is missing; give one of read, write, sign, admin',
    permUnknown: (perm: string) => `--perm ${perm} is not known; give one of read, write, sign, admin`,
    timedOut: (what: string, seconds: number) => `${what} took longer than ${seconds} s; a longer --timeout waits longer`,
    noActor: (address: string) => `there is no actor ${address} in this state`,
    notMiner: (address: string) => `${address} is not a miner`,
    noMessage: (cid: string) => `the message ${cid} is not on the chain`,
    noSector: (sector: number, miner: string) => `the miner ${miner} has no sector ${sector}`,
    reallyDoIt: () => 'deleting an object can break the node; give --really-do-it to proceed',
    setHeadTarget: () => 'no tipset is named; give its CIDs, --epoch or --genesis',
    notMessage: (cid: string) => `the object ${cid} is not a message`,
    unknownType: (type: string) => `--as-type ${type} is not known; nelumbo chain get --help lists the types`,
    notOfType: (type: string) => `the object cannot be read as ${type}`,
    notNode: (what: string) => `the object is not the root of ${what}`,
    stateRoots: (finality: number) => `--recent-stateroots must be at least ${finality}, the chain's finality`,
    skipNeedsRoots: () => '--skip-old-msgs needs --recent-stateroots',
    exportIncomplete: () => 'the export ended before it was complete; try again',
    cannotWrite: (path: string, why: string) => `${path} cannot be written (${why})`,
    cannotRead: (path: string, why: string) => `${path} cannot be read (${why})`,
    notJson: (name: string) => `${name} is not JSON`,
    notOutcome: (path: string) => `${path} does not hold the output of nelumbo state compute-state --json`,
    rangeOrder: () => 'the tipset of --head must not be lower than the one of --tail',
    badRange: () => '<minHeight> must be lower than <maxHeight>',
    noneAccepted: (height: number) => `the command accepts no tipset up to epoch ${height}`,
    bisectCommand: (why: string) => `the command of the bisection failed: ${why}`,
    noTrace: () => "the message is not in the trace of its tipset's computation",
    callFailed: (exit: number, gas: number, why: string) => `the call failed with exit code ${exit} after ${gas} gas: ${why}`,
    badRet: (ret: string) => `--ret ${ret} is not known; give one of raw, decoded, base64, hex`,
    badSort: (by: string) => `--sort-by ${by} is not known; give none or num-deals`,
    nonceNeedsFrom: () => '--order-by-nonce needs --from',
    notPeerId: (name: string, text: string) => `${name} "${text}" is not a peer id: it should look like 12D3KooW…`,
    notPeer: (name: string, text: string) =>
      `${name} "${text}" is not a peer: give a multiaddress that ends in /p2p/<peer id>, or the address of one miner`,
    minerWithoutPeer: (miner: string) => `the miner ${miner} has published no peer id`,
    noPong: (peer: string) => `${peer} answered no ping`,
    limitMissing: () => '--set needs the limit after the scope, as a JSON object',
    limitNeedsSet: () => 'a limit is only taken with --set',
    blockMissing: () => 'no block is named; give its CID or --all',
    blockOrAll: () => 'give the CID of a block or --all, not both',
    checkpointTarget: () => 'no tipset is named; give its CIDs or --epoch',
    keyOrEpoch: () => 'give the CIDs of a tipset or --epoch, not both',
    levelUnknown: (level: string) => `the level ${level} is not known; give one of debug, info, warn, error`,
    twoImports: () => 'give --import-chain or --import-snapshot, not both',
    haltWithMiner: () => '--with-miner cannot be combined with --halt-after-import',
    minerFlagsAlone: (flag: string) => `--${flag} needs --with-miner`,
    haltWithoutImport: () => '--halt-after-import needs --import-chain or --import-snapshot',
    profileUnknown: (profile: string) => `--profile ${profile} is not known; the only one is bootstrapper`,
    twoNetworks: () => 'give --network or --network-file, not both',
    twoListens: () => 'give --api or --api-listen, not both',
    badPort: (port: string) => `--api ${port} is not a port number (0 to 65535)`,
    badListen: (address: string) => `--api-listen ${address} is not an address to listen at; write /ip4/127.0.0.1/tcp/1234/http`,
    secretMissing: () => 'nothing came on standard input',
    secretTooLong: () => 'what came on standard input is too long',
    noFile: (flag: string, path: string) => `--${flag} ${path}: there is no such file`,
  },
  globalFlags: 'nelumbo --help shows the flags that all commands take: --repo, --api-url, --json, --color, --force-send.',
  notOnlineYet: (why: string) => `Not online yet... (${why})`,
  stopping: 'stopping…',
} as const
