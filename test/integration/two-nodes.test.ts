// Two nodes on loopback: one holds a chain that Lotus made, the other has the network's file and genesis only. The second gets
// the chain by hello and chain exchange with every rule checked, then new blocks by gossip and their messages by bitswap.

import { join } from 'node:path'
import t from 'tap'
import { toJson } from '../../src/codec/codec.ts'
import { cacheStats } from '../../src/native/fvm.ts'
import { loadNetworkFile } from '../../src/networks/network-file.ts'
import type { FullNode } from '../../src/node/full-node.ts'
import type { FullNodeOptions } from '../../src/node/options.ts'
import { type BlockMsg, blockMsg } from '../../src/types/block.ts'
import type { Tipset } from '../../src/types/tipset.ts'
import { connect, until } from '../kit/net-pair.ts'
import { call, netOf } from '../kit/node-call.ts'
import { sharedData } from '../kit/shared-data.ts'
import { LOOPBACK, startTestNode } from '../kit/test-node.ts'

t.setTimeout(600_000)

const HEAD = 'bafy2bzacedsm6mfbexsnpsw6djb4tw5jarg5w7g4aajdnalqe3ugqyzfgit6e'
/** From here on blocks are handed over one by one. */
const SPLIT = 700

t.test('a node with nothing but genesis follows another one', async (t) => {
  const chain = sharedData(t, 'chains', 'lotus-devnet-proofs')
  const actors = sharedData(t, 'actors')
  if (chain === undefined || actors === undefined) return
  const network = await loadNetworkFile(join(chain, 'network.json'))
  const configOverrides = { ...LOOPBACK, LOTUS_CHAINSTORE_CACHES_BLOCKBYTES: `${96 << 20}` }
  const start = (more: Partial<FullNodeOptions>): Promise<FullNode> =>
    startTestNode(t, { network, bundlesDir: actors, configOverrides, ...more })

  const elder = await start({ import: { location: join(chain, 'chain.car.zst'), mode: 'validate' } })
  const way = tipsetsFrom(elder, SPLIT)
  const [split, ...later] = way
  if (split === undefined) throw new Error('the chain is shorter than the test expects')
  await elder.chain.forceHead(split)

  const younger = await start({})
  t.equal(younger.chain.head?.height, 0)
  await connect(netOf(younger), netOf(elder))
  await until(() => younger.chain.head?.key.equals(split.key) === true, 300_000, 'the head of the other node')
  t.equal(younger.syncer?.reports.all().at(-1)?.stage, 'complete')

  await until(() => netOf(elder).pubsub.subscribers(netOf(elder).pubsub.blocksTopic).length === 1, 10_000, 'the subscription')
  const status = await call(younger, 'NodeStatus', [true])
  t.match(status, { SyncStatus: { Epoch: split.height }, PeerStatus: { PeersToPublishMsgs: 0, PeersToPublishBlocks: 1 } })
  t.same((status as { ChainStatus: unknown }).ChainStatus, { BlocksPerTipsetLast100: 0, BlocksPerTipsetLastFinality: 0 })
  t.equal((await fetch(`${younger.server?.url}/health/livez`)).status, 200)
  t.equal((await fetch(`${younger.server?.url}/health/readyz`)).status, 503, 'the chain ends long before the clock')

  t.equal(cacheStats().limitBytes, 96 << 20, 'as the config says')
  const metrics = await (await fetch(`${younger.server?.url}/debug/metrics`)).text()
  for (const name of ['nelumbo_block_cache_bytes', 'nelumbo_store_memory_bytes', 'process_resident_memory_bytes'])
    t.match(metrics, new RegExp(`^# TYPE ${name} gauge\n${name} [1-9]\\d+$`, 'm'), name)

  const [good] = messagesOf(elder, later[0] as Tipset) as [BlockMsg]
  await t.rejects(
    netOf(elder).pubsub.publishBlock({ ...good, header: { ...good.header, blockSig: { type: 2, data: new Uint8Array(96) } } }),
    { code: 'NET_PUBLISH', message: /^the block was not published: the block is not signed by the worker f3/ },
    'who makes a bad block learns why it is not published',
  )

  const delays: number[] = []
  let messages = 0
  for (const tipset of later) {
    const since = performance.now()
    for (const block of messagesOf(elder, tipset)) {
      messages += block.blsMessages.length + block.secpkMessages.length
      await submit(elder, block)
    }
    await until(() => younger.chain.head?.key.equals(tipset.key) === true, 30_000, `the blocks at ${tipset.height}`)
    delays.push(performance.now() - since)
  }
  t.ok(messages > 0, 'some of the blocks have messages')
  t.ok(netOf(younger).bitswap.peers.includes(netOf(elder).peerId), 'which come by bitswap')
  t.equal(String(younger.chain.head?.cids), HEAD)
  t.equal(elder.chain.head?.key.id, younger.chain.head?.key.id)
  delays.sort((a, b) => a - b)
  t.comment(
    `${delays.length} tipsets by gossip, validated and head moved after ${delays[delays.length >> 1]?.toFixed(0)} ms (median)`,
  )
})

/** Hands a block to a node as a miner does. */
async function submit(node: FullNode, block: BlockMsg): Promise<void> {
  await call(node, 'SyncSubmitBlock', [toJson(blockMsg, block, { addressPrefix: node.network.addressPrefix })])
}

/** The tipsets of a node's chain from a height to its head, oldest first. */
function tipsetsFrom(node: FullNode, height: number): Tipset[] {
  const { chain } = node
  const out: Tipset[] = []
  for (let at = chain.requireHead(); at.height >= height; at = chain.reader.parent(at)) out.push(at)
  return out.reverse()
}

/** The blocks of a tipset as gossip brings them. */
function messagesOf(node: FullNode, tipset: Tipset): BlockMsg[] {
  return tipset.blocks.map((header) => {
    const { blsCids, secpCids } = node.chain.reader.messages(header)
    return { header, blsMessages: [...blsCids], secpkMessages: [...secpCids] }
  })
}
