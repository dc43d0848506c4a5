// The reporter of consensus faults: over a chain that Lotus made it finds nothing, and what the chain's miners would be punished for
// it reports in a form that the chain's rule accepts.

import { join } from 'node:path'
import t, { type Test } from 'tap'
import { reportConsensusFaultParams } from '../../../src/actors/methods/miner.ts'
import type { StateTree } from '../../../src/actors/state-tree.ts'
import type { MessageSendSpec } from '../../../src/api/types/mpool.ts'
import { decode, encode } from '../../../src/codec/codec.ts'
import { configureLogging } from '../../../src/lib/log.ts'
import { loadNetworkFile } from '../../../src/networks/network-file.ts'
import { FaultDetector } from '../../../src/node/fault-reporter/detector.ts'
import { FaultReporter } from '../../../src/node/fault-reporter/reporter.ts'
import { FaultType, verifyConsensusFault } from '../../../src/state/consensus-fault.ts'
import { MetadataStore } from '../../../src/store/metadata.ts'
import { Address } from '../../../src/types/address.ts'
import { type BlockHeader, blockCid, blockHeader } from '../../../src/types/block.ts'
import type { CID } from '../../../src/types/cid.ts'
import type { Message, SignedMessage } from '../../../src/types/message.ts'
import { temporaryFolder } from '../../kit/daemon.ts'
import { fakeFullNode } from '../../kit/fake-full-node.ts'
import { LotusChain } from '../../kit/lotus-chain.ts'
import { until } from '../../kit/net-pair.ts'
import { minerKeys, resign, type TestKey } from '../../kit/resign.ts'
import { sharedData } from '../../kit/shared-data.ts'
import { slashablePair, someCid } from '../../kit/slash-blocks.ts'

configureLogging({ level: 'fatal', format: 'plain', write: () => {} })

async function recordsOf(t: Test): Promise<MetadataStore> {
  const store = await MetadataStore.open(join(temporaryFolder(t), 'faults'))
  t.teardown(() => store.close())
  return store
}

const folder = sharedData(t, 'chains', 'lotus-devnet-proofs')
if (folder !== undefined) await foreign(folder)

async function foreign(folder: string): Promise<void> {
  const chain = new LotusChain(folder)
  const keys = minerKeys(folder)
  const network = await loadNetworkFile(join(folder, 'network.json'))
  const tipsets: BlockHeader[][] = []
  for (let at = [chain.head]; (at[0] as BlockHeader).height > 0; ) {
    tipsets.unshift(at)
    at = (at[0] as BlockHeader).parents.map((c) => chain.block(c))
  }
  const sign = (header: BlockHeader): BlockHeader => resign(header, keys.get(header.miner.id as bigint) as TestKey)
  const api = { chainGetBlock: async ([cid]: readonly [CID]) => chain.block(cid) }
  const base = chain.at(chain.head.parents.map((c) => ({ '/': c.toString() })))?.tree as StateTree

  t.test('the blocks of a chain that Lotus made are no fault, what its miners could have done is', async (t) => {
    const records = await recordsOf(t)
    const detector = new FaultDetector({ api, records })
    for (const block of tipsets.flat()) t.equal(await detector.see(block), undefined, `block of ${block.height}`)
    for (const block of tipsets.at(-1) ?? []) t.equal(await detector.see(block), undefined, 'the same block again')

    // A tipset of both miners, and what stands on it.
    const at = tipsets.findLastIndex((blocks, i) => blocks.length === 2 && i + 1 < tipsets.length)
    const [own, witness] = tipsets[at] as [BlockHeader, BlockHeader]
    const child = tipsets[at + 1]?.[0] as BlockHeader
    const forged: readonly (readonly [name: string, block: BlockHeader, type: FaultType])[] = [
      ['double fork', sign({ ...own, forkSignaling: 1n }), FaultType.doubleForkMining],
      ['time offset', sign({ ...chain.head, height: chain.head.height + 1 }), FaultType.timeOffsetMining],
      [
        'parent grinding',
        sign({ ...child, miner: own.miner, height: chain.head.height + 2, parents: [blockCid(witness)] }),
        FaultType.parentGrinding,
      ],
    ]
    for (const [kind, block, type] of forged) {
      const fault = await new FaultDetector({ api, records }).see(block)
      t.equal(fault?.kind, kind)
      if (fault === undefined) continue
      const bytes = (h: BlockHeader | undefined) => (h === undefined ? new Uint8Array(0) : encode(blockHeader, h))
      const verdict = verifyConsensusFault(
        {
          network,
          store: chain.store,
          registry: chain.registry(),
          epoch: fault.second.height + 1,
          base,
          lookbackState: () => base,
        },
        bytes(fault.first),
        bytes(fault.second),
        bytes(fault.extra),
      )
      t.same(verdict.fault, { target: block.miner.id, epoch: fault.second.height, type }, `${kind} holds on chain`)
    }
  })
}

t.test('which block comes first does not matter, and old ones are forgotten', async (t) => {
  const records = await recordsOf(t)
  const parents = new Map<string, number>()
  const api = {
    chainGetBlock: async ([cid]: readonly [CID]) => {
      const height = parents.get(String(cid))
      if (height === undefined) throw new Error('no such block')
      return { ...slashablePair('double fork', 1n, 0).first.block, height, parents: [] }
    },
  }
  const detector = new FaultDetector({ api, records })
  const pair = slashablePair('time offset', 1000n, 1)
  for (const { block, parentEpoch } of [pair.first, pair.second]) parents.set(String(block.parents[0]), parentEpoch)
  t.equal(await detector.see(pair.second.block), undefined)
  const fault = await detector.see(pair.first.block)
  t.same([fault?.first, fault?.second], [pair.first.block, pair.second.block], 'the lower one is the first')

  const grinding = slashablePair('parent grinding', 1001n, 2)
  for (const { block, parentEpoch } of [grinding.first, grinding.second]) parents.set(String(block.parents[0]), parentEpoch)
  t.equal(await detector.see(grinding.first.block), undefined)
  t.equal(await detector.see(grinding.second.block), undefined, 'the own block was no sibling: another branch')

  const count = async () => {
    let n = 0
    for await (const _ of records.iterate('/')) n++
    return n
  }
  t.equal(await count(), 12, 'two headers of each but the refused one: header, height, epoch, parents')
  const late = { ...pair.first.block, height: 5000, parents: [...grinding.first.block.parents] }
  t.equal(await detector.see(late), undefined)
  t.equal(await count(), 4, 'only the newest is left')
  await t.rejects(detector.see({ ...late, height: 5001, parents: [someCid('nobody')] }), { message: 'no such block' })
})

async function holdUntil(done: () => boolean, signal: AbortSignal): Promise<void> {
  while (!done()) {
    signal.throwIfAborted()
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** A node whose blocks are given by the test. */
function world() {
  const incoming: BlockHeader[] = []
  const sent: Message[] = []
  const asked: string[] = []
  let wake = () => {}
  const state = { height: 0, headSecs: 0n, elapsed: -1, failures: 0, exitCode: 0, executed: true, answers: true, waited: 0 }
  const byId = new Map<string, SignedMessage>()
  const api = fakeFullNode({
    chainGetBlock: (async ([cid]: readonly [CID]) => ({
      ...slashablePair('double fork', 1n, 0).first.block,
      height: 9,
      parents: [cid],
    })) as never,
    chainHead: (async () => ({ height: state.height, blocks: [{ timestamp: state.headSecs }] })) as never,
    stateMinerInfo: (async ([miner]: readonly [Address]) => {
      asked.push(String(miner))
      return { consensusFaultElapsed: state.elapsed }
    }) as never,
    // A message of an id is sent once, as the node's signer does it.
    mpoolPushMessage: (async (
      [message, { msgUuid }]: readonly [Message, MessageSendSpec],
      { signal }: { signal: AbortSignal },
    ) => {
      if (state.failures-- > 0) throw new Error('not now')
      const known = byId.get(msgUuid)
      const signed = known ?? { message, signature: { type: 2, data: new Uint8Array(96) } }
      byId.set(msgUuid, signed)
      if (known === undefined) sent.push(message)
      await holdUntil(() => state.answers, signal)
      return signed
    }) as never,
    stateWaitMsg: (async (_: unknown, { signal }: { signal: AbortSignal }) => {
      state.waited++
      await holdUntil(() => state.executed, signal)
      return { receipt: { exitCode: state.exitCode } }
    }) as never,
    syncIncomingBlocks: async function* (_: unknown, { signal }: { signal: AbortSignal }) {
      signal.addEventListener('abort', () => wake())
      while (!signal.aborted) {
        const next = incoming.shift()
        if (next !== undefined) yield next
        else
          await new Promise<void>((resolve) => {
            wake = resolve
          })
      }
    } as never,
  })
  return {
    api,
    sent,
    asked,
    state,
    come: (...blocks: BlockHeader[]) => {
      incoming.push(...blocks)
      wake()
    },
  }
}

t.test('a fault is reported once, when the head is above it, by a message as Lotus sends it', async (t) => {
  const { api, sent, asked, state, come } = world()
  let now = 0
  const clock = {
    now: () => now,
    // Each wait is an epoch of the chain.
    sleep: async (ms: number, signal?: AbortSignal) => {
      signal?.throwIfAborted()
      now += ms
      state.height++
      state.headSecs = BigInt(Math.floor(now / 1000))
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
  const from = Address.fromId(77n)
  const reporter = new FaultReporter({ api, records: await recordsOf(t), clock }, { from, blockDelaySecs: 30 })
  const { first, second } = slashablePair('double fork', 1000n, 0)
  state.executed = false
  state.failures = 2
  come(first.block, second.block)
  await until(() => sent.length === 1)
  t.ok(state.height > second.block.height)
  const [message] = sent as [Message]
  t.match(message, { from, to: Address.fromId(1000n), method: 15n, value: 0n, gasLimit: 0n, nonce: 0n })
  t.same(decode(reportConsensusFaultParams, message.params), {
    blockHeader1: encode(blockHeader, first.block),
    blockHeader2: encode(blockHeader, second.block),
    blockHeaderExtra: new Uint8Array(0),
  })
  // Others of the same miner while the first report is under way, then while it is being punished.
  come({ ...second.block, forkSignaling: 5n })
  const other = slashablePair('double fork', 1001n, 0)
  come(other.first.block, other.second.block)
  await until(() => sent.length === 2)
  t.ok(sent[1]?.to.equals(Address.fromId(1001n)), 'but another miner is reported')
  state.elapsed = 900
  state.executed = true
  const third = slashablePair('double fork', 1002n, 0)
  come({ ...second.block, forkSignaling: 6n }, third.first.block, third.second.block)
  await until(() => asked.includes('f01002'))
  await reporter.close()
  t.equal(sent.length, 2)
})

t.test('a report that a killed process left is taken up, and sent once', async (t) => {
  const from = Address.fromId(77n)
  const { first, second } = slashablePair('double fork', 1000n, 0)
  const clock = {
    now: () => 1_000_000_000,
    sleep: async (_: number, signal?: AbortSignal) => {
      signal?.throwIfAborted()
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
  const now = 1_000_000n
  const above = second.block.height + 1
  const begin = async (t: Test) => {
    const w = world()
    w.state.headSecs = now
    const records = await recordsOf(t)
    const start = () => new FaultReporter({ api: w.api, records, clock }, { from, blockDelaySecs: 30 })
    const open = async (): Promise<number> => {
      let n = 0
      for await (const _ of records.iterate('/nelumbo/fault-reporter/open/')) n++
      return n
    }
    const reporter = start()
    w.come(first.block, second.block)
    // An abort leaves what a kill leaves: nothing is tidied up.
    return { ...w, start, open, reporter, done: () => until(async () => (await open()) === 0) }
  }

  t.test('killed before it was sent', async (t) => {
    const w = await begin(t)
    await until(async () => (await w.open()) === 1)
    await w.reporter.close()
    t.equal(w.sent.length, 0, 'the head was not above it')
    w.state.height = above
    const next = w.start()
    await w.done()
    await next.close()
    t.equal(w.sent.length, 1)
    t.same(decode(reportConsensusFaultParams, (w.sent[0] as Message).params), {
      blockHeader1: encode(blockHeader, first.block),
      blockHeader2: encode(blockHeader, second.block),
      blockHeaderExtra: new Uint8Array(0),
    })
    const last = w.start()
    await last.close()
    t.equal(w.sent.length, 1, 'what has its verdict is not taken up again')
  })

  t.test('killed before it was told that it was sent', async (t) => {
    const w = await begin(t)
    w.state.height = above
    w.state.answers = false
    await until(() => w.sent.length === 1)
    await w.reporter.close()
    w.state.answers = true
    const next = w.start()
    await w.done()
    await next.close()
    t.equal(w.sent.length, 1)
    t.equal(w.state.waited, 1)
  })

  t.test('killed while it waited for the verdict, and others of the same miner came later', async (t) => {
    const w = await begin(t)
    w.state.height = above
    w.state.executed = false
    await until(() => w.state.waited === 1)
    await w.reporter.close()
    const next = w.start()
    await until(() => w.state.waited === 2)
    w.come({ ...second.block, forkSignaling: 5n })
    const other = slashablePair('double fork', 1001n, 0)
    w.come(other.first.block, other.second.block)
    await until(() => w.sent.length === 2)
    t.ok(w.sent[1]?.to.equals(Address.fromId(1001n)), 'the first is not reported twice')
    w.state.executed = true
    await w.done()
    await next.close()
  })

  t.test('punished meanwhile, seen only on a head that is not an old one', async (t) => {
    const w = await begin(t)
    await until(async () => (await w.open()) === 1)
    await w.reporter.close()
    w.state.height = above
    w.state.headSecs = now - 3600n
    const next = w.start()
    for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve))
    t.same(w.asked, [], 'the node is not in sync')
    w.state.headSecs = now
    w.state.elapsed = second.block.height + 900
    await w.done()
    await next.close()
    t.same(w.asked, ['f01000'])
    t.equal(w.sent.length, 0)
  })

  t.test('too old for the chain', async (t) => {
    const w = await begin(t)
    await until(async () => (await w.open()) === 1)
    await w.reporter.close()
    w.state.height = second.block.height + 900
    const next = w.start()
    await w.done()
    await next.close()
    t.equal(w.sent.length, 0)
  })

  t.test('what could not be sent is tried again at the next start', async (t) => {
    const w = await begin(t)
    w.state.failures = 3
    w.state.height = above
    await until(() => w.state.failures === 0)
    await w.reporter.close()
    t.equal(await w.open(), 1)
    w.state.failures = 0
    const next = w.start()
    await w.done()
    await next.close()
    t.equal(w.sent.length, 1)
  })
})
