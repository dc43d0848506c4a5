/** English texts of `net` and `sync`. */
import type { CommandText } from './en.ts'

const peerArgs = 'A peer is a multiaddress that ends in /p2p/<peer id>, or the address of a miner, whose own peer it then is.'

const scopes = `Scopes:
  system          all of it
  transient       what is being set up
  svc:<service>   a service
  proto:<proto>   a protocol
  peer:<peer>     a peer`

export const networkCommands: Readonly<Record<string, CommandText>> = {
  net: { about: 'Manage the connections to peers' },
  'net peers': {
    about: 'List the connected peers',
    flags: { agent: 'with the names of their programs', extended: 'all that is known about each, one JSON object per line' },
  },
  'net ping': {
    about: 'Ping a peer',
    long: peerArgs,
    flags: { count: 'how many times', interval: 'least time between two pings' },
  },
  'net connect': { about: 'Connect to peers', long: peerArgs },
  'net disconnect': { about: 'Close the connections to peers' },
  'net listen': { about: 'List the addresses at which the node can be reached' },
  'net id': { about: "Print the node's peer id" },
  'net find-peer': { about: 'Look for the addresses of a peer' },
  'net scores': {
    about: 'List the gossip scores of peers',
    flags: { extended: 'with what each score is made of, one JSON object per line' },
  },
  'net reachability': { about: 'Print whether the node can be reached from the internet' },
  'net bandwidth': {
    about: 'Print how much was sent and received',
    flags: { 'by-peer': 'for each peer', 'by-protocol': 'for each protocol' },
  },
  'net block': { about: 'Manage whom the node does not talk to' },
  'net block add': { about: 'Block peers, IP addresses or subnets; what is open to them is closed' },
  'net block add peer': { about: 'Block peers' },
  'net block add ip': { about: 'Block IP addresses' },
  'net block add subnet': { about: 'Block subnets, such as 10.0.0.0/8' },
  'net block remove': { about: 'Unblock peers, IP addresses or subnets' },
  'net block remove peer': { about: 'Unblock peers' },
  'net block remove ip': { about: 'Unblock IP addresses' },
  'net block remove subnet': { about: 'Unblock subnets' },
  'net block list': { about: 'List who is blocked' },
  'net stat': { about: 'Print what a scope uses', long: `${scopes}\n  all             all that are in use` },
  'net limit': {
    about: 'Print or set the limits of a scope',
    long: `${scopes}\n\nA limit is a JSON object of the form that the command prints.`,
    flags: { set: 'set the limit given' },
  },
  'net protect': { about: 'Protect connections to peers from being closed when there are too many' },
  'net unprotect': { about: 'End the protection of connections to peers' },
  'net list-protected': { about: 'List the peers whose connections are protected' },
  sync: { about: 'Follow and steer the synchronisation of the chain' },
  'sync status': { about: 'Print what the syncer is doing' },
  'sync wait': { about: 'Wait until the node is in sync', flags: { watch: 'go on when it is' } },
  'sync mark-bad': { about: 'Mark a block as bad: no chain that contains it is followed' },
  'sync unmark-bad': { about: 'Take the mark off a block', flags: { all: 'off all blocks' } },
  'sync check-bad': { about: 'Print whether a block was marked as bad, and why' },
  'sync checkpoint': {
    about: 'Pin a tipset: the chain never leaves it again',
    flags: { epoch: 'pin the tipset at this epoch' },
  },
}
