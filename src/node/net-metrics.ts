import { Counter, Gauge, Histogram, type MetricsRegistry } from '../lib/metrics.ts'
import type { NetService } from '../net/service.ts'
import type { SyncReports } from '../sync/state.ts'

/** Counts what the network does; names are Lotus's (metrics/metrics.go). Ends with the service. */
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
  const counted = (what: 'block' | 'message', plural: string) => ({
    published: registry.add(new Counter(`lotus_${what}_published`, `${plural} that this node published.`)),
    received: registry.add(new Counter(`lotus_${what}_received`, `${plural} that came over gossip.`)),
  })
  const block = counted('block', 'Blocks')
  const message = counted('message', 'Messages')
  const success = registry.add(new Counter('lotus_message_success', 'Messages that passed their check.'))
  const failure = registry.add(new Counter('lotus_message_failure', 'Messages that did not pass their check.'))
  const blockMs = registry.add(new Histogram('nelumbo_block_gossip_check_ms', 'Duration of the check of a block from gossip.'))
  const messageMs = registry.add(new Histogram('lotus_message_validation_ms', 'Duration of the check of a message.'))

  net.events.on('judged', ({ topic, local, verdict, ms }) => {
    const isBlock = topic === net.pubsub.blocksTopic
    const isMessage = topic === net.pubsub.messagesTopic
    const kind = isBlock ? block : isMessage ? message : undefined
    if (verdict === 'accept') (local ? published : delivered).add()
    else (verdict === 'reject' ? rejected : ignored).add()
    if (local && verdict === 'accept') kind?.published.add()
    if (!local) kind?.received.add()
    if (isBlock && !local) blockMs.observe(ms)
    if (!isMessage) return
    messageMs.observe(ms)
    if (verdict === 'accept') success.add()
    else failure.add(1, { verdict })
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
