import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Clock } from '../lib/clock.ts'
import { Counter, Gauge, Histogram, MetricsRegistry } from '../lib/metrics.ts'
import { cacheStats } from '../native/fvm.ts'
import type { Network } from '../networks/types.ts'
import type { CallObserver } from '../rpc/dispatcher.ts'
import type { Route } from '../rpc/server.ts'
import type { ChainStore } from '../store/chain-store.ts'
import { expectedHeight } from './health.ts'
import { nodeVersion } from './version.ts'

export interface NodeMetrics {
  readonly registry: MetricsRegistry
  readonly observer: CallObserver
  close(): void
}

interface MetricsComponents {
  readonly chain: ChainStore
  readonly stores: readonly { readonly memoryBytes: number }[]
  readonly network: Network
  readonly clock: Clock
}

/** What every node counts; names are Lotus's where it has them (metrics/metrics.go). */
export function nodeMetrics(c: MetricsComponents): NodeMetrics {
  const registry = new MetricsRegistry()
  registry
    .add(new Gauge('lotus_info', 'Version of the node and its network.'))
    .set(1, { version: nodeVersion, network: c.network.name })
  registry.add(new Gauge('lotus_chain_node_height', 'Height of the head.', () => c.chain.head?.height))
  registry.add(
    new Gauge('lotus_chain_node_height_expected', 'Height that the clock says.', () =>
      expectedHeight(c.chain, c.network, c.clock.now()),
    ),
  )
  const heads = registry.add(new Counter('nelumbo_head_changes_total', 'Tipsets that were applied and reverted.'))
  const forget = c.chain.onHeadChange((changes) => {
    for (const { type } of changes) heads.add(1, { type })
  })
  const calls = registry.add(new Histogram('lotus_api_request_duration_ms', 'Duration of API calls.'))
  const failures = registry.add(new Counter('nelumbo_api_errors_total', 'API calls that failed.'))
  const delay = monitorEventLoopDelay({ resolution: 10 })
  delay.enable()
  registry.add(
    new Gauge('nelumbo_event_loop_delay_p99_ms', 'Delay of the main event loop since the last reading.', () => {
      const p99 = delay.percentile(99) / 1e6
      delay.reset()
      return p99
    }),
  )
  registry.add(new Gauge('process_resident_memory_bytes', 'Memory of the process.', () => process.memoryUsage.rss()))
  registry.add(
    new Gauge('nelumbo_block_cache_bytes', 'Blocks that the virtual machine keeps in memory.', () => Number(cacheStats().bytes)),
  )
  registry.add(
    new Gauge('nelumbo_store_memory_bytes', 'What the databases keep in memory.', () =>
      c.stores.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0),
    ),
  )
  return {
    registry,
    observer: {
      onCall(method, durationMs, failed) {
        calls.observe(durationMs, { endpoint: method })
        if (failed !== undefined) failures.add(1, { endpoint: method })
      },
    },
    close() {
      forget()
      delay.disable()
    },
  }
}

/** `/debug/metrics`, where Lotus has it. */
export function metricsRoute(registry: MetricsRegistry): Route {
  return {
    match: (method, path) => method === 'GET' && path === '/debug/metrics',
    handle(_request, response) {
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(registry.text())
    },
  }
}
