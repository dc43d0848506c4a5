// A node of the network in a process of its own, which serves a chain that Lotus made and believes whatever gossip brings:
// started by target-process.ts, asked over the process's channel. What it holds can be measured without the attacker's share.

import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { configureLogging } from '../../src/lib/log.ts'
import type { NetService } from '../../src/net/service.ts'
import { CHAIN_EXCHANGE_PROTOCOL } from '../../src/types/wire/chain-exchange.ts'
import { makeNode, readChain } from './net-pair.ts'
import type { Measured, TargetRequest, TargetStart } from './target-process.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
configureLogging({ level: 'fatal' })

const { chainFolder, init } = JSON.parse(process.argv[2] as string) as TargetStart
const chain = readChain(chainFolder)
const node: NetService = await makeNode(chain, {}, init)
await node.start()
const lag = monitorEventLoopDelay({ resolution: 5 })
lag.enable()
/**
 * Processor time of this thread between two turns of a timer, ms: what its own work delays others by. The delay by the clock
 * counts the waiting for a processor too, which on a busy machine says more about the machine.
 */
let turns: number[] = []
let used = process.threadCpuUsage()
setInterval(() => {
  const now = process.threadCpuUsage()
  turns.push((now.user + now.system - used.user - used.system) / 1000)
  used = now
}, 5)
let mostActive = 0
setInterval(() => {
  mostActive = Math.max(mostActive, node.exchangeServer.active)
}, 1)
let judged = 0
node.events.on('block', () => judged++)

function measure(): Measured {
  collect()
  const { heapUsed, external, rss } = process.memoryUsage()
  const gossip = node.host.libp2p.services.pubsub as unknown as { topics: Map<string, unknown> }
  const exchange = node.host.bandwidth.byProtocol().get(CHAIN_EXCHANGE_PROTOCOL)
  const measured = {
    heapBytes: heapUsed + external,
    rssBytes: rss,
    busyP99Ms: turns.sort((a, b) => a - b)[Math.floor(turns.length * 0.99)] ?? 0,
    lagP99Ms: lag.percentile(99) / 1e6,
    lagMaxMs: lag.max / 1e6,
    mostActive,
    topics: gossip.topics.size,
    connections: node.view.connections().length,
    streamsIn: node.view.stats().streamsInbound,
    exchangeBytesIn: Number(exchange?.totalIn ?? 0n),
    blocks: judged,
  }
  lag.reset()
  turns = []
  used = process.threadCpuUsage()
  mostActive = 0
  return measured
}

async function answer(request: TargetRequest): Promise<unknown> {
  switch (request.ask) {
    case 'measure':
      return measure()
    case 'self':
      return { ...node.view.self(), blocksTopic: node.pubsub.blocksTopic }
    case 'peer':
      return {
        blocked: node.gater.isBlocked(request.peer),
        points: -node.appScore(request.peer),
        score: node.pubsub.scoreOf(request.peer),
        connected: node.view.connectedness(request.peer) === 1,
      }
    case 'fetch': {
      const started = performance.now()
      const error = await node.exchange.full(chain.head.key, 2, { peer: request.peer }).then(
        () => '',
        (e: Error) => e.message,
      )
      return { error, ms: performance.now() - started }
    }
  }
}

process.on('message', (m: TargetRequest & { id: number }) => {
  answer(m).then(
    (result) => process.send?.({ id: m.id, result }),
    (error: Error) => process.send?.({ id: m.id, error: error.message }),
  )
})
process.on('disconnect', () => process.exit())
process.send?.({ id: 0, result: 'ready' })
