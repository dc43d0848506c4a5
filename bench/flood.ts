// 32 peers that ask a node for all it may give of its chain, over and over: the attacker of flood.bench.ts, in a process of its own.
// By hand: bin/run-node bench/flood.ts NETWORK_FOLDER ADDRESS…; it floods from its first line of input on and ends with its input.

import { once } from 'node:events'
import { setPriority } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { encode } from '../src/codec/codec.ts'
import { configureLogging } from '../src/lib/log.ts'
import { CHAIN_EXCHANGE_PROTOCOL, exchangeRequest } from '../src/types/wire/chain-exchange.ts'
import { HostilePeer } from '../test/kit/hostile-peer.ts'
import { readChain } from '../test/kit/net-pair.ts'

const PEERS = 32
/** Of one peer at a time; a node takes four. */
const AT_A_TIME = 12

configureLogging({ level: 'fatal' })
// What the attacker itself costs this machine is not the node's doing.
setPriority(19)
const [folder, ...addresses] = process.argv.slice(2)
if (folder === undefined || addresses.length === 0) throw new Error('type: bench/flood.ts NETWORK_FOLDER ADDRESS…')
const request = encode(exchangeRequest, { head: [...readChain(folder).head.cids], length: 900n, options: 3n })
const addrs = addresses.map((a) => multiaddr(a))
const peers = await Promise.all(Array.from({ length: PEERS }, () => HostilePeer.start({ listen: false })))
const connections: Connection[] = []
// A node lets in so many a second from one host; the rest try again.
for (const peer of peers) {
  let connection: Connection | undefined
  while (connection === undefined) {
    connection = await peer.dialTo(addrs).catch(() => undefined)
    if (connection === undefined) await sleep(200)
  }
  connections.push(connection)
}
console.log('ready')
await once(process.stdin, 'data')
let answers = 0
const asking = peers.flatMap((peer, i) =>
  Array.from({ length: AT_A_TIME }, async () => {
    for (;;) {
      await peer.ask(connections[i] as Connection, CHAIN_EXCHANGE_PROTOCOL, request, 120_000).catch(() => undefined)
      answers++
    }
  }),
)
void asking
process.stdin.on('close', () => {
  console.log(answers)
  process.exit()
})
process.stdin.resume()
