// A miner that breaks consensus on a living network: it publishes a second block of a height, a node that watches for such things
// reports it, and the chain punishes it. The two other kinds of faults are shown to the chain without punishing anybody.

import { join } from 'node:path'
import t from 'tap'
import { reportConsensusFaultParams } from '../../src/actors/methods/miner.ts'
import type { Api } from '../../src/api/api.ts'
import { encode } from '../../src/codec/codec.ts'
import { type ConsensusFault, FaultDetector } from '../../src/node/fault-reporter/detector.ts'
import type { FullNode } from '../../src/node/full-node.ts'
import { MetadataStore } from '../../src/store/metadata.ts'
import { type BlockHeader, blockCid, blockHeader, blockSigningBytes } from '../../src/types/block.ts'
import { temporaryFolder } from '../kit/daemon.ts'
import { ensemble } from '../kit/ensemble.ts'
import { until } from '../kit/net-pair.ts'
import { call, netOf } from '../kit/node-call.ts'
import { sharedData } from '../kit/shared-data.ts'

t.setTimeout(600_000)

const PATIENCE_MS = 240_000
const ILLEGAL_ARGUMENT = 16

/** The header signed by its miner's worker, whose key the node has. */
async function sign(node: FullNode, header: BlockHeader): Promise<BlockHeader> {
  const { Worker } = (await call(node, 'StateMinerInfo', [header.miner.toString('t'), []])) as { Worker: string }
  const key = await call(node, 'StateAccountKey', [Worker, []])
  const bytes = Buffer.from(blockSigningBytes(header)).toString('base64')
  const { Type, Data } = (await call(node, 'WalletSign', [key, bytes])) as { Type: 1 | 2; Data: string }
  return { ...header, blockSig: { type: Type, data: new Uint8Array(Buffer.from(Data, 'base64')) } }
}

/** What the chain would answer to a report. */
async function exitCode(node: FullNode, from: string, { first, second, extra }: ConsensusFault): Promise<number> {
  await until(() => (node.chain.head?.height ?? 0) > second.height + 1, PATIENCE_MS, 'a head above the fault')
  const params = encode(reportConsensusFaultParams, {
    blockHeader1: encode(blockHeader, first),
    blockHeader2: encode(blockHeader, second),
    blockHeaderExtra: extra === undefined ? new Uint8Array(0) : encode(blockHeader, extra),
  })
  const message = {
    Version: 0,
    To: first.miner.toString('t'),
    From: from,
    Nonce: 0,
    Value: '0',
    GasLimit: 0,
    GasFeeCap: '0',
    GasPremium: '0',
    Method: 15,
    Params: Buffer.from(params).toString('base64'),
  }
  return ((await call(node, 'StateCall', [message, []])) as { MsgRct: { ExitCode: number } }).MsgRct.ExitCode
}

t.test('a miner that breaks consensus is punished', async (t) => {
  if (sharedData(t, 'actors') === undefined) return
  // Actors that take any proof see no fault, so these are others; nobody disputes the window PoSts, which are made up.
  const net = await ensemble(t, { actors: 'devnet' }).fullNode().miner().miner().start().beginMining()
  const [node] = net.nodes as [FullNode]
  const reporter = (await call(node, 'WalletNew', ['secp256k1'])) as string
  await net.give(node, reporter, 10n * 10n ** 18n)
  const watcher = await net.join({
    LOTUS_FAULTREPORTER_ENABLECONSENSUSFAULTREPORTER: 'true',
    LOTUS_FAULTREPORTER_CONSENSUSFAULTREPORTERADDRESS: reporter,
  })
  await call(watcher, 'WalletImport', [await call(node, 'WalletExport', [reporter])])
  await net.reached(watcher, node.chain.requireHead().height)

  // The two kinds that gossip would not carry: the blocks are no valid ones, but they are signed, and that is enough.
  await until(() => node.chain.requireHead().blocks.length === 2, PATIENCE_MS, 'a tipset of both miners')
  const [culprit, other] = node.chain.requireHead().blocks as [BlockHeader, BlockHeader]
  const records = await MetadataStore.open(join(temporaryFolder(t), 'faults'))
  t.teardown(() => records.close())
  const forged: readonly (readonly [kind: string, block: BlockHeader])[] = [
    ['time offset', { ...culprit, height: culprit.height + 1 }],
    ['parent grinding', { ...culprit, height: culprit.height + 2, parents: [blockCid(other)] }],
  ]
  for (const [kind, block] of forged) {
    const detector = new FaultDetector({ api: node.api as Api, records })
    t.equal(await detector.see(culprit), undefined)
    const fault = await detector.see(await sign(node, block))
    t.equal(fault?.kind, kind)
    if (fault === undefined) continue
    t.equal(await exitCode(node, reporter, fault), 0, `${kind}: the chain would punish it`)
    const unsigned = { ...fault, second: { ...fault.second, forkSignaling: 9n } }
    t.equal(await exitCode(node, reporter, unsigned), ILLEGAL_ARGUMENT, 'not without a good signature')
  }

  const isOurs = (b: BlockHeader) => b.miner.equals(culprit.miner)
  const before = node.chain.requireHead().height
  await until(
    () => node.chain.requireHead().height > before && node.chain.requireHead().blocks.some(isOurs),
    PATIENCE_MS,
    'a block of the miner',
  )
  const block = node.chain.requireHead().blocks.find(isOurs) as BlockHeader
  const { blsCids, secpCids } = node.chain.reader.messageCids(block)
  const twin = await sign(node, { ...block, forkSignaling: 1n })
  await netOf(node).pubsub.publishBlock({ header: twin, blsMessages: [...blsCids], secpkMessages: [...secpCids] })
  const miner = culprit.miner.toString('t')
  const elapsed = async () =>
    ((await call(node, 'StateMinerInfo', [miner, []])) as { ConsensusFaultElapsed: number }).ConsensusFaultElapsed
  await until(async () => (await elapsed()) >= 0, PATIENCE_MS, 'the punishment')
  t.ok((await elapsed()) > block.height + 900, 'it makes no blocks for a finality')
  const found = (await call(node, 'StateListMessages', [{ To: miner, From: reporter }, [], block.height])) as unknown[]
  t.equal(found.length, 1, 'one report was sent')
  // Mining goes on without it.
  const after = node.chain.requireHead().height
  await net.reached(watcher, after + 2)
  t.notOk(watcher.chain.requireHead().blocks.some(isOurs))
})
