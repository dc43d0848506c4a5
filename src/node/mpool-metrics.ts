import { Counter, Gauge, Histogram, type MetricsRegistry } from '../lib/metrics.ts'
import type { MessagePool } from '../mpool/message-pool.ts'

/** The pool as gossip sees it, counted; names are Lotus's (metrics/metrics.go). */
export function countedPool(registry: MetricsRegistry, pool: MessagePool): Pick<MessagePool, 'add' | 'checkOwn'> {
  registry.add(new Gauge('lotus_mpool_message_count', 'Messages that wait for a block.', () => pool.size))
  const received = registry.add(new Counter('lotus_message_received', 'Messages that came by gossip.'))
  const published = registry.add(new Counter('lotus_message_published', 'Messages that this node published.'))
  const success = registry.add(new Counter('lotus_message_success', 'Messages that the pool took.'))
  const failure = registry.add(new Counter('lotus_message_failure', 'Messages that the pool did not take, by what gossip did.'))
  const duration = registry.add(new Histogram('lotus_message_validation_ms', 'Duration of the check of a message.'))
  const counted = async <V extends string>(verdict: Promise<V>, local: boolean): Promise<V> => {
    const started = performance.now()
    const found = await verdict
    duration.observe(performance.now() - started, { local: String(local) })
    if (found === 'accept') success.add(1, { local: String(local) })
    else failure.add(1, { local: String(local), verdict: found })
    return found
  }
  return {
    add(message) {
      received.add()
      return counted(pool.add(message), false)
    },
    checkOwn(message) {
      published.add()
      return counted(pool.checkOwn(message), true)
    },
  }
}
