import { Counter, Gauge, Histogram, type MetricsRegistry } from '../lib/metrics.ts'
import type { NetService } from '../net/service.ts'
import type { SyncReports } from '../sync/state.ts'

/** Counts peers and gossip; names are Lotus's (metrics/metrics.go). Messages are counted by their pool. Ends with the service. */
export function countNet(registry: MetricsRegistry, net: NetService): void {
  registry.add(new Gauge('lotus_peer_count', 'Peers on our chain.', () => net.peers.peers.size))
  registry.add(
    new Gauge('nelumbo_connections', 'Open connections, to peers of any chain.', () => net.host.libp2p.getConnections().length),
  )
  const published = registry.add(new Counter('lotus_pubsub_published', 'Messages of gossip that this node published.'))
  const delivered = registry.add(new Counter('lotus_pubsub_delivered', 'Messages of gossip that were taken and passed on.'))
  const rejected = registry.add(new Counter('lotus_pubsub_rejected', 'Messages of gossip that were refused.'))
  const ignored = registry.add(new Counter('nelumbo_pubsub_ignored', 'Messages of gossip that were let fall without blame.'))
  registry.add(
    new Gauge(
      'nelumbo_pubsub_dropped',
      'Messages of gossip that too many others left no time for.',
      () => net.pubsub.load.dropped,
    ),
  )
  const blocksPublished = registry.add(new Counter('lotus_block_published', 'Blocks that this node published.'))
  const blocksReceived = registry.add(new Counter('lotus_block_received', 'Blocks that came over gossip.'))
  const blockMs = registry.add(new Histogram('nelumbo_block_gossip_check_ms', 'Duration of the check of a block from gossip.'))

  net.events.on('judged', ({ topic, local, verdict, ms }) => {
    if (verdict === 'accept') (local ? published : delivered).add()
    else (verdict === 'reject' ? rejected : ignored).add()
    if (topic !== net.pubsub.blocksTopic) return
    if (!local) {
      blocksReceived.add()
      blockMs.observe(ms)
    } else if (verdict === 'accept') blocksPublished.add()
  })
}

/** What the syncer is at. */
export function countSync(registry: MetricsRegistry, reports: Pick<SyncReports, 'all'>): void {
  const running = () => reports.all().filter((r) => r.end === undefined)
  registry.add(new Gauge('nelumbo_sync_running', 'Targets that are worked on.', () => running().length))
  registry.add(
    new Gauge('lotus_chain_node_worker_height', 'Height that the syncer works on, the highest of all.', () => {
      const heights = running().map((r) => r.height)
      return heights.length === 0 ? undefined : Math.max(...heights)
    }),
  )
}
