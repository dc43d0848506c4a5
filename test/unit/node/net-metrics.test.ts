import { join } from 'node:path'
import t from 'tap'
import { MetricsRegistry } from '../../../src/lib/metrics.ts'
import type { Verdict } from '../../../src/net/pubsub/verdict.ts'
import { countNet, countSync } from '../../../src/node/net-metrics.ts'
import { SyncReports } from '../../../src/sync/state.ts'
import type { BlockMsg } from '../../../src/types/block.ts'
import { TipsetKey } from '../../../src/types/tipset.ts'
import { connect, makeNode, readChain, until } from '../../kit/net-pair.ts'
import { sharedData } from '../../kit/shared-data.ts'

/** The value of a series in Prometheus's text; undefined where it is not there. */
const seriesOf = (registry: MetricsRegistry, series: string): number | undefined => {
  const line = registry
    .text()
    .split('\n')
    .find((l) => l.startsWith(`${series} `))
  return line === undefined ? undefined : Number(line.slice(series.length + 1))
}

const folder = sharedData(t, 'chains', 'lotus-devnet-proofs')
if (folder !== undefined) {
  t.test('peers and gossip are counted under the names of Lotus', async (t) => {
    const chain = readChain(join(folder))
    let verdict: Verdict = 'accept'
    const a = await makeNode(chain)
    const b = await makeNode(chain, { validateBlock: async () => verdict })
    const [sent, got] = [new MetricsRegistry(), new MetricsRegistry()]
    countNet(sent, a)
    countNet(got, b)
    for (const node of [a, b]) {
      t.teardown(() => node.stop())
      await node.start()
    }
    t.equal(seriesOf(got, 'lotus_peer_count'), 0)
    await connect(a, b)
    await until(() => seriesOf(got, 'lotus_peer_count') === 1, 5000, 'the peer')
    await until(() => a.pubsub.subscribers(a.pubsub.blocksTopic).length === 1, 5000, 'the subscription')
    t.equal(seriesOf(got, 'nelumbo_connections'), 1)
    t.ok(b.view.stats().memory >= 256 << 10, 'open streams count as memory')
    t.equal(b.view.stats({ protocol: '/none/1' }).memory, 0)

    let tipset = chain.head
    const publish = async (): Promise<void> => {
      const { blsCids, secpCids } = chain.reader.messageCids(tipset.first)
      const block: BlockMsg = { header: tipset.first, blsMessages: [...blsCids], secpkMessages: [...secpCids] }
      await a.pubsub.publishBlock(block)
      tipset = chain.reader.parent(tipset)
    }
    await publish()
    await until(() => seriesOf(got, 'lotus_block_received') === 1, 5000, 'the block')
    t.equal(seriesOf(got, 'lotus_pubsub_delivered'), 1)
    t.equal(seriesOf(got, 'nelumbo_block_gossip_check_ms_count'), 1)
    t.equal(seriesOf(sent, 'lotus_block_published'), 1)
    t.equal(seriesOf(sent, 'lotus_pubsub_published'), 1)
    t.equal(seriesOf(sent, 'lotus_block_received'), undefined, 'what a node sends it does not receive')
    verdict = 'ignore'
    await publish()
    await until(() => seriesOf(got, 'nelumbo_pubsub_ignored') === 1, 5000, 'the ignored block')
    verdict = 'reject'
    await publish()
    await until(() => seriesOf(got, 'lotus_pubsub_rejected') === 1, 5000, 'the rejected block')
    t.equal(seriesOf(got, 'lotus_block_received'), 3)
    t.equal(seriesOf(got, 'nelumbo_block_gossip_check_ms_count'), 3)
  })
}

t.test('what the syncer is at', async (t) => {
  const registry = new MetricsRegistry()
  const reports = new SyncReports(() => 0)
  countSync(registry, reports)
  t.equal(seriesOf(registry, 'nelumbo_sync_running'), 0)
  t.equal(seriesOf(registry, 'lotus_chain_node_worker_height'), undefined)
  const key = new TipsetKey([])
  const id = reports.begin({ base: key, baseHeight: 1, target: key, targetHeight: 9 })
  reports.begin({ base: key, baseHeight: 1, target: key, targetHeight: 5 })
  t.equal(seriesOf(registry, 'nelumbo_sync_running'), 2)
  t.equal(seriesOf(registry, 'lotus_chain_node_worker_height'), 9)
  reports.end(id)
  t.equal(seriesOf(registry, 'nelumbo_sync_running'), 1)
  t.equal(seriesOf(registry, 'lotus_chain_node_worker_height'), 5)
})
