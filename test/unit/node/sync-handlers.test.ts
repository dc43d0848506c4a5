import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { encode } from '../../../src/codec/codec.ts'
import { configureLogging } from '../../../src/lib/log.ts'
import { SlashFilter } from '../../../src/miner/mining/slash-filter.ts'
import type { MinerRecords } from '../../../src/miner/records.ts'
import type { NetService } from '../../../src/net/service.ts'
import { IncomingBlocks } from '../../../src/node/incoming-blocks.ts'
import { netHandlers } from '../../../src/node/net-handlers.ts'
import { syncHandlers } from '../../../src/node/sync-handlers.ts'
import { MemoryBlockstore } from '../../../src/store/blockstore.ts'
import { ChainReader } from '../../../src/store/chain-reader.ts'
import { ChainStore } from '../../../src/store/chain-store.ts'
import { MetadataStore } from '../../../src/store/metadata.ts'
import { Syncer } from '../../../src/sync/syncer.ts'
import { Address } from '../../../src/types/address.ts'
import { type BlockHeader, type BlockMsg, blockCid, blockHeader } from '../../../src/types/block.ts'
import { type CID, cidOf } from '../../../src/types/cid.ts'
import { type Message, type SignedMessage, signedMessageCid } from '../../../src/types/message.ts'
import { SignatureType } from '../../../src/types/signature.ts'
import type { Tipset } from '../../../src/types/tipset.ts'
import { TipsetKey } from '../../../src/types/tipset.ts'
import { type TestChain, testChain } from '../../kit/fork-chain.ts'
import { connect, makeNode, until } from '../../kit/net-pair.ts'
import { type TestServer, testServer } from '../../kit/rpc-server.ts'

configureLogging({ level: 'fatal' })

interface Bed {
  readonly remote: TestChain
  readonly genesis: Tipset
  readonly chain: ChainStore
  readonly store: MemoryBlockstore
  readonly syncer: Syncer
  readonly server: TestServer
  /** CIDs of blocks that validation refuses. */
  readonly failing: Set<string>
}

/** A node that takes headers and messages from `remote` and believes every block but the failing ones. */
async function bed(
  t: Test,
  options: { remote?: TestChain; genesis?: Tipset; net?: NetService; slashFilter?: Pick<SlashFilter, 'pass'> } = {},
): Promise<Bed> {
  const remote = options.remote ?? testChain(0, 1 << 20)
  const genesis = options.genesis ?? remote.genesis()
  const folder = mkdtempSync(join(tmpdir(), 'nelumbo-sync-handlers-'))
  const metadata = await MetadataStore.open(join(folder, 'metadata'))
  const store = new MemoryBlockstore()
  store.put(genesis.cids[0] as CID, encode(blockHeader, genesis.first))
  const chain = await ChainStore.open({ store, metadata, reader: new ChainReader(store) })
  await chain.setGenesis(genesis.first, genesis.cids[0] as CID)
  const far = new ChainReader(remote.store)
  const failing = new Set<string>()
  const judge = (key: TipsetKey) => key.cids.map((c) => (failing.has(String(c)) ? 'the ticket is wrong' : undefined))
  const syncer = new Syncer({
    chain,
    store,
    metadata,
    source: {
      headers: async (key) => [far.tipset(key)],
      messages: async (tipsets) =>
        tipsets.map((tipset) => tipset.blocks.map((header) => ({ header, ...pick(far.messages(header)) }))),
    },
    validator: {
      validate: async (way) => way.map((key) => judge(key).map((e) => (e === undefined ? undefined : new Error(e)))),
      weigh: async (tipset) => BigInt(tipset.height) * 10n + BigInt(tipset.blocks.length),
    },
  })
  const server = await testServer(
    t,
    syncHandlers({
      chain,
      syncer,
      store,
      net: options.net,
      ...(options.slashFilter === undefined ? {} : { slashFilter: options.slashFilter }),
      pool: {
        validateWay: async (way) =>
          way.map((key) =>
            judge(key).map((message) => ({
              times: {} as never,
              ...(message === undefined
                ? {}
                : { failure: { code: 'BLOCK_TICKET', message, permanent: true, verdict: 'reject' as const } }),
            })),
          ),
      },
    }),
  )
  t.teardown(async () => {
    await syncer.close()
    await chain.close()
    await metadata.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return { remote, genesis, chain, store, syncer, server, failing }
}

const pick = ({ bls, secp }: { bls: readonly Message[]; secp: readonly SignedMessage[] }) => ({ bls, secp })

function sample(nonce: bigint): Message {
  return {
    version: 0n,
    to: Address.fromId(100n),
    from: Address.fromId(101n),
    nonce,
    value: 5n,
    gasLimit: 1000n,
    gasFeeCap: 1n,
    gasPremium: 1n,
    method: 0n,
    params: new Uint8Array(0),
  }
}

const signed: SignedMessage = {
  message: sample(7n),
  signature: { type: SignatureType.secp256k1, data: new Uint8Array(65).fill(1) },
}

/** The block of a tipset as a miner submits it. */
function submission(remote: TestChain, header: BlockHeader): BlockMsg {
  const { blsCids, secpCids } = new ChainReader(remote.store).messageCids(header)
  return { header, blsMessages: [...blsCids], secpkMessages: [...secpCids] }
}

/** Puts into a node's store what a block carries. */
function giveMessages(from: TestChain, to: MemoryBlockstore, block: BlockMsg): void {
  for (const cid of [...block.blsMessages, ...block.secpkMessages]) to.put(cid, from.store.get(cid) as Uint8Array)
}

t.test('the state of the syncer in the JSON of Lotus', async (t) => {
  const b = await bed(t)
  const call = async () => (await b.server.post('{"jsonrpc":"2.0","id":1,"method":"Filecoin.SyncState","params":[]}')).json.result
  t.same(await call(), { ActiveSyncs: null, VMApplied: 0 }, 'nothing yet')
  const one = b.remote.extend(b.genesis, { contents: [{ bls: [sample(0n), sample(1n)], secp: [signed] }] })
  const two = b.remote.extend(one)
  await b.syncer.sync(two.key, two.height)
  const unknown = new TipsetKey([cidOf(new Uint8Array([1]))])
  await t.rejects(b.syncer.sync(unknown, 99))
  const { ActiveSyncs, VMApplied } = await call()
  t.equal(VMApplied, 3, 'the messages below the new head')
  t.equal(ActiveSyncs.length, 2)
  const [done, failed] = ActiveSyncs
  t.same(Object.keys(done), ['WorkerID', 'Base', 'Target', 'Stage', 'Height', 'Start', 'End', 'Message'])
  t.same(done.Target.Cids, [{ '/': String(two.cids[0]) }])
  t.same(done.Base.Height, 0)
  t.match({ ...done, Base: 0, Target: 0 }, { WorkerID: 1, Stage: 4, Message: '', Base: 0, Target: 0 })
  t.ok(Date.parse(done.End) >= Date.parse(done.Start))
  t.match(failed, { WorkerID: 2, Target: null, Stage: 5, Message: /not in the store|no block|missing/i })
  const running = b.syncer.reports.begin({ base: two.key, baseHeight: 2, target: unknown, targetHeight: 3 })
  const third = (await call()).ActiveSyncs[2]
  t.equal(third.End, '0001-01-01T00:00:00Z', 'Go prints no time as its zero')
  b.syncer.reports.end(running)
})

t.test('a submitted block is validated, followed, published, and told to readers', async (t) => {
  const remote = testChain(0, 1 << 20)
  const genesis = remote.genesis()
  const wire = { store: remote.store, reader: new ChainReader(remote.store), head: genesis, genesis: genesis.cids[0] as CID }
  const [a, peer] = await Promise.all([makeNode(wire), makeNode(wire)])
  await Promise.all([a.start(), peer.start()])
  t.teardown(() => Promise.all([a.stop(), peer.stop()]))
  await connect(peer, a)
  await until(() => a.pubsub.subscribers(a.pubsub.blocksTopic).length === 1)
  const heard: string[] = []
  peer.events.on('block', ({ header }) => heard.push(String(blockCid(header))))

  const b = await bed(t, { remote, genesis, net: a })
  const { api } = b.server.client()
  const told: string[] = []
  const reading = (async () => {
    for await (const header of api.syncIncomingBlocks([])) {
      told.push(String(blockCid(header)))
      if (told.length === 2) return
    }
  })()
  await new Promise((resolve) => setTimeout(resolve, 100))

  const one = remote.extend(genesis, { contents: [{ bls: [sample(0n)], secp: [signed] }] })
  const first = submission(remote, one.first)
  giveMessages(remote, b.store, first)
  await api.syncSubmitBlock([first])
  t.ok(b.chain.head?.equals(one), 'it is the head')
  const two = remote.extend(one)
  await api.syncSubmitBlock([submission(remote, two.first)])
  await api.syncSubmitBlock([submission(remote, two.first)])
  t.ok(b.chain.head?.equals(two), 'taken twice it is not refused')
  await until(() => heard.length === 2)
  t.same(
    heard,
    [one, two].map((s) => String(s.cids[0])),
    'the peer got both, once',
  )
  await reading
  t.same(told, heard, 'so did the reader')
})

t.test('a block that its miner would be punished for is not taken, and the log says so', async (t) => {
  const lines: string[] = []
  configureLogging({ level: 'error', format: 'plain', write: (text) => text.includes('a submitted block') && lines.push(text) })
  t.teardown(() => configureLogging({ level: 'fatal' }))
  const stored = new Map<string, Uint8Array>()
  let full = false
  const records: Pick<MinerRecords, 'get' | 'batch'> = {
    get: (key) => stored.get(key),
    batch: async (changes) => {
      if (full) throw new Error('no space left')
      for (const { key, value } of changes) if (value !== undefined) stored.set(key, value)
    },
  }
  const b = await bed(t, { slashFilter: new SlashFilter({ records }) })
  const { api } = b.server.client()
  const one = b.remote.extend(b.genesis)
  const other: BlockHeader = { ...one.first, forkSignaling: 5n }
  await api.syncSubmitBlock([submission(b.remote, one.first)])
  await api.syncSubmitBlock([submission(b.remote, one.first)])
  t.same(lines, [])
  const [witness, cid] = [String(one.cids[0]), String(blockCid(other))]
  t.not(cid, witness)
  await t.rejects(api.syncSubmitBlock([submission(b.remote, other)]), {
    rpcCode: 1,
    message: `must not be published: at the same height the miner made ${witness}`,
  })
  t.ok(b.chain.head?.equals(one))
  t.notOk(b.store.has(blockCid(other)))
  const { miner } = other
  t.equal(lines.length, 1)
  t.match(
    lines[0],
    ` its miner would be punished for it miner=${miner} height=1 block=${cid} code=SLASH_DOUBLE_FORK witness=${witness}\n`,
  )
  full = true
  const two = b.remote.extend(one)
  await t.rejects(api.syncSubmitBlock([submission(b.remote, two.first)]), { message: 'no space left' })
  t.ok(b.chain.head?.equals(one), 'what cannot be remembered is not published')
  t.match(lines[1], ` the slash filter failed miner=${two.first.miner} height=2 `)
})

t.test('what is wrong with a submitted block is said in one sentence', async (t) => {
  const b = await bed(t)
  const { api } = b.server.client()
  const good = b.remote.extend(b.genesis, { contents: [{ bls: [sample(0n)], secp: [signed] }] })
  const block = submission(b.remote, good.first)
  const refused = (given: BlockMsg, message: RegExp, what: string) =>
    t.rejects(api.syncSubmitBlock([given]), { rpcCode: 1, message }, what)
  await refused(block, /^failed to load bls messages: .*bafy/, 'messages that nobody has')
  giveMessages(b.remote, b.store, block)
  await refused(
    { ...block, blsMessages: [] },
    /^provided messages did not match block: the messages make the root/,
    'a message less',
  )
  await refused(
    { ...block, blsMessages: [signedMessageCid(signed)] },
    /^failed to load bls messages: the message bafy\w+ is not of the kind of its list/,
    'a signed one among the unsigned',
  )
  await refused(
    { ...block, blsMessages: [block.header.messages] },
    /^failed to load bls messages: /,
    'an object that is no message',
  )
  await refused(
    { ...block, secpkMessages: Array.from({ length: 8193 }, () => signedMessageCid(signed)) },
    /^failed to load secpk message: a list of 8193 messages is longer than the 8192 of a block/,
    'more than a block may carry',
  )
  await refused({ ...block, header: { ...block.header, parents: [] } }, /^the submitted block has no parents/, 'no parents')
  await refused(
    { ...block, header: { ...block.header, parents: [cidOf(new Uint8Array([9]))] } },
    /^loading parent block: /,
    'a parent that is not here',
  )
  b.failing.add(String(good.cids[0]))
  await refused(block, /^sync to submitted block failed: the ticket is wrong$/, 'a block that is not valid')
  t.ok(b.chain.head?.equals(b.genesis), 'none of them moved the head')
})

t.test('bad blocks are marked, told and forgiven', async (t) => {
  const b = await bed(t)
  const { api } = b.server.client()
  const block = b.remote.extend(b.genesis)
  const cid = block.cids[0] as CID
  t.equal(await api.syncCheckBad([cid]), '')
  await api.syncMarkBad([cid])
  t.equal(await api.syncCheckBad([cid]), 'manually marked bad')
  await t.rejects(b.syncer.sync(block.key, block.height), { code: 'SYNC_BAD_BLOCK' })
  await api.syncUnmarkBad([cid])
  t.equal(await api.syncCheckBad([cid]), '')
  await api.syncMarkBad([cid])
  await api.syncUnmarkAllBad([])
  await b.syncer.sync(block.key, block.height)
  t.ok(b.chain.head?.equals(block))
})

t.test('checkpoints and the validation of one tipset', async (t) => {
  const b = await bed(t)
  const { api } = b.server.client()
  const trunk = [b.genesis]
  for (let i = 0; i < 5; i++) trunk.push(b.remote.extend(trunk.at(-1) as Tipset))
  const [head, fork] = [trunk[5] as Tipset, b.remote.extend(trunk[1] as Tipset)]
  await b.syncer.sync(head.key, head.height)
  await api.syncCheckpoint([fork.key])
  t.ok(b.chain.head?.equals(fork))
  t.ok(b.chain.checkpoint?.equals(fork))
  await t.rejects(api.syncCheckpoint([TipsetKey.empty]), { rpcCode: -32602, message: /not an empty one/ })
  await t.rejects(api.syncCheckpoint([new TipsetKey([cidOf(new Uint8Array([3]))])]), { message: /bafy\w+ is not in the store/ })

  t.equal(await api.syncValidateTipset([fork.key]), true)
  t.equal(await api.syncValidateTipset([b.genesis.key]), true)
  t.equal(await api.syncValidateTipset([TipsetKey.empty]), true, 'the head')
  b.failing.add(String(fork.cids[0]))
  await t.rejects(api.syncValidateTipset([fork.key]), { message: /^block bafy\w+ is not valid: the ticket is wrong$/ })
  await t.rejects(api.syncValidateTipset([new TipsetKey([cidOf(new Uint8Array([3]))])]), {
    message: /bafy\w+ is not in the store/,
  })
})

t.test('permissions, and parameters of the wrong form', async (t) => {
  const b = await bed(t)
  const reader = b.server.client(['read']).api
  const cid = b.genesis.cids[0] as CID
  for (const [call, need] of [
    [reader.syncMarkBad([cid]), 'admin'],
    [reader.syncUnmarkBad([cid]), 'admin'],
    [reader.syncUnmarkAllBad([]), 'admin'],
    [reader.syncCheckpoint([b.genesis.key]), 'admin'],
    [reader.syncSubmitBlock([{ header: b.genesis.first, blsMessages: [], secpkMessages: [] }]), 'write'],
  ] as const)
    await t.rejects(call, { message: new RegExp(`need '${need}'`) })
  for (const [method, params] of [
    ['SyncCheckBad', '["nonsense"]'],
    ['SyncCheckBad', '[{"/":"bafynonsense"}]'],
    ['SyncCheckBad', '[7]'],
    ['SyncValidateTipset', '[{"a":1}]'],
  ]) {
    const { json } = await b.server.post(`{"jsonrpc":"2.0","id":1,"method":"Filecoin.${method}","params":${params}}`)
    t.match(json.error, { code: -32700, message: /^unmarshaling params for 'Filecoin\.Sync\w+': .+/ }, `${method} ${params}`)
    t.notMatch(json.error.message, /\n/)
  }
})

t.test('a node without a chain or without peers says so', async (t) => {
  const nothing = {} as never
  const server = await testServer(t, [
    ...syncHandlers({ chain: nothing, store: nothing, syncer: undefined, pool: undefined, net: undefined }),
    ...netHandlers({ net: undefined }),
  ])
  const { api } = server.client()
  await t.rejects(api.syncState([]), { message: /^there is no chain yet/ })
  await t.rejects(api.netPeers([]), { message: /^this node takes no part in the network/ })
})

t.test('a reader of incoming blocks that does not keep up is dropped, the others are not', async (t) => {
  const incoming = new IncomingBlocks()
  const ended = new AbortController()
  const header = testChain().genesis().first
  const slow = incoming.read(ended.signal)
  const quick = incoming.read(ended.signal)[Symbol.asyncIterator]()
  let first = quick.next()
  let got = 0
  for (let i = 0; i < 100; i++) {
    incoming.push(header)
    if ((await first).value === header) got++
    first = quick.next()
  }
  t.equal(got, 100)
  let read = 0
  await t.rejects(
    (async () => {
      for await (const _ of slow) read++
    })(),
    { code: 'STORE_SLOW_READER' },
  )
  t.equal(read, 64, 'it got what was kept for it')
  ended.abort()
  t.same(await first, { value: undefined, done: true }, 'the signal ends the others')
})
