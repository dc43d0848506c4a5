// Market, registry, DataCap, multisig, channel and contract views: against what Lotus answered about states that it made,
// against mainnet states of the FVM vectors (actors v9 and v10), and over states written here for what neither has.

import t from 'tap'
import { Amt } from '../../../src/actors/amt.ts'
import { datacapState } from '../../../src/actors/datacap/state.ts'
import { DATACAP_GRANULARITY, DatacapView } from '../../../src/actors/datacap/view.ts'
import { EamView } from '../../../src/actors/eam/view.ts'
import { EthAccountView } from '../../../src/actors/ethaccount/view.ts'
import { EvmView } from '../../../src/actors/evm/view.ts'
import { Hamt } from '../../../src/actors/hamt.ts'
import { addressKey, uintKey } from '../../../src/actors/keys.ts'
import { ActorRegistry } from '../../../src/actors/manifest.ts'
import {
  clientBalanceRequirement,
  type DealProposal,
  dealProposal,
  dealProposalCid,
  dealState,
  dealStateV8,
  dealStateV9,
  labelFromText,
} from '../../../src/actors/market/deal.ts'
import { dealProposalProblem } from '../../../src/actors/market/proposal-rules.ts'
import { marketStateV8, marketStateV9 } from '../../../src/actors/market/state.ts'
import { MarketView } from '../../../src/actors/market/view.ts'
import { decodeParams, mustMethodOf } from '../../../src/actors/methods/index.ts'
import { amountLocked, MultisigView, proposalHash } from '../../../src/actors/multisig/view.ts'
import { laneState, paychState } from '../../../src/actors/paych/state.ts'
import { PaychView } from '../../../src/actors/paych/view.ts'
import { EMPTY_ARRAY_CID } from '../../../src/actors/placeholder/state.ts'
import { PlaceholderView } from '../../../src/actors/placeholder/view.ts'
import { type Actor, StateTree } from '../../../src/actors/state-tree.ts'
import { allocation, claim } from '../../../src/actors/verifreg/claim.ts'
import { verifregStateV8 } from '../../../src/actors/verifreg/state.ts'
import { VerifregView } from '../../../src/actors/verifreg/view.ts'
import { type Codec, decode, encode } from '../../../src/codec/codec.ts'
import type { Json } from '../../../src/codec/json.ts'
import { uint64 } from '../../../src/codec/primitives.ts'
import { type BlockReader, MemoryBlockstore } from '../../../src/store/blockstore.ts'
import { Address } from '../../../src/types/address.ts'
import { type CID, cid, cidFromBytes, cidFromString, cidOf } from '../../../src/types/cid.ts'
import { message } from '../../../src/types/message.ts'
import { FIL, storagePower, tokenAmount } from '../../../src/types/scalars.ts'
import { registryOfState } from '../../kit/chain-walk.ts'
import { bundleBlocks, readVector, vectorPaths } from '../../kit/fvm-vectors.ts'
import { LotusChain, readAnswers } from '../../kit/lotus-chain.ts'
import { sharedData, sharedJson } from '../../kit/shared-data.ts'

const ctx = { addressPrefix: 't' } as const
const id = (n: number | bigint): Address => Address.fromId(BigInt(n))

interface Views {
  readonly market: () => MarketView
  readonly verifreg: () => VerifregView
}

const byId = (entries: Iterable<[bigint, Json]>): unknown =>
  Object.fromEntries([...entries].sort(([a], [b]) => Number(a - b)).map(([n, v]) => [String(n), v]))
const claims = (entries: Iterable<[bigint, Parameters<typeof claim.toJson>[0]]>): unknown =>
  byId([...entries].map(([n, c]) => [n, claim.toJson(c, ctx)]))
const allocations = (entries: Iterable<[bigint, Parameters<typeof allocation.toJson>[0]]>): unknown =>
  byId([...entries].map(([n, a]) => [n, allocation.toJson(a, ctx)]))

const answers: Record<string, (v: Views, params: any[]) => unknown> = {
  StateMarketDeals: (v) =>
    byId(
      [...v.market().deals()].map(([n, d]) => [
        n,
        { Proposal: dealProposal.toJson(d.proposal, ctx), State: dealState.toJson(d.state, ctx) },
      ]),
    ),
  StateMarketBalance(v, [who]) {
    const { escrow, locked } = v.market().balance(Address.parse(who))
    return { Escrow: `${escrow}`, Locked: `${locked}` }
  },
  StateMarketParticipants: (v) =>
    Object.fromEntries(
      [...v.market().balances()].map(([who, b]) => [who.toString('t'), { Escrow: `${b.escrow}`, Locked: `${b.locked}` }]),
    ),
  StateGetAllClaims: (v) => claims(v.verifreg().allClaims()),
  StateGetClaims: (v, [who]) => claims(v.verifreg().claims(Address.parse(who).id as bigint)),
  StateGetAllAllocations: (v) => allocations(v.verifreg().allAllocations()),
  StateGetAllocations: (v, [who]) => allocations(v.verifreg().allocations(Address.parse(who).id as bigint)),
  StateVerifiedRegistryRootKey: (v) => v.verifreg().rootKey.toString('t'),
}

for (const name of ['lotus-devnet', 'lotus-devnet-proofs']) {
  t.test(`market and registry answer as Lotus does: ${name}`, async (t) => {
    const folder = sharedData(t, 'chains', name)
    if (folder === undefined) return
    const chain = new LotusChain(folder)
    const registry = chain.registry()
    let compared = 0
    for (const a of readAnswers(folder)) {
      const answer = answers[a.method.replace('Filecoin.', '')]
      if (answer === undefined || a.error !== undefined) continue
      const at = chain.at(a.params.at(-1))
      if (at === undefined) continue
      const views: Views = {
        market: () => MarketView.load(chain.store, registry, at.tree.mustGetActor(5n)),
        verifreg: () => VerifregView.load(chain.store, registry, at.tree.mustGetActor(6n)),
      }
      t.strictSame(answer(views, a.params), a.result, `${a.method} at ${at.height}`)
      compared++
    }
    t.ok(compared >= 10, `${compared} answers`)
    const tree = StateTree.load(chain.store, chain.head.parentStateRoot)
    const market = MarketView.load(chain.store, registry, tree.mustGetActor(5n))
    const [deal] = [...market.deals()]
    if (deal === undefined) throw new Error('the chain has no deals')
    const [dealId, { proposal, state }] = deal
    t.strictSame(market.sectorDeals(proposal.provider.id as bigint, state.sectorNumber), [dealId])
    t.strictSame([...market.providerSectors(proposal.provider.id as bigint)].flatMap(([, deals]) => deals).length, 2)
    t.strictSame(market.sectorDeals(77n, 1n), [])
    const pending = [...market.pendingProposals()]
    t.equal(pending.length, name === 'lotus-devnet' ? 1 : 0)
    t.equal(market.hasPendingProposal(dealProposalCid(proposal)), pending.length > 0)
    t.equal(market.hasPendingProposal(dealProposalCid({ ...proposal, label: 'another' })), false)
    t.equal(market.proposal(99n), undefined)
    t.equal(market.nextId, 4n)
    t.equal(market.totalLocked, 0n)
    t.equal(market.verifiedClaim(dealId), undefined)
    t.equal(market.pendingAllocation(dealId), undefined)
  })
}

t.test('storage of a contract on a Lotus chain', async (t) => {
  const folder = sharedData(t, 'chains', 'lotus-devnet')
  if (folder === undefined) return
  const chain = new LotusChain(folder)
  const tree = StateTree.load(chain.store, chain.head.parentStateRoot)
  const view = EvmView.load(chain.store, chain.registry(), tree.mustGetActor(1036n))
  // A contract with an array of 400 words in slot 0: word i is i modulo 100, at keccak-256 of the slot, plus i.
  const word = (n: bigint): Uint8Array => new Uint8Array(Buffer.from(n.toString(16).padStart(64, '0'), 'hex'))
  const value = (b: Uint8Array): bigint => BigInt(`0x${Buffer.from(b).toString('hex')}`)
  const base = 0x290decd9548b62a8d60345a988386fc84ba6bc95484008f6362f93160ef3e563n
  t.equal(value(view.storageAt(word(0n))), 400n)
  for (let i = 0n; i < 400n; i++)
    if (value(view.storageAt(word(base + i))) !== i % 100n) t.fail(`word ${i} is ${value(view.storageAt(word(base + i)))}`)
  for (const absent of [1n, base - 1n, base + 400n, base + (1n << 128n), (1n << 256n) - 1n])
    t.equal(value(view.storageAt(word(absent))), 0n, `nothing at ${absent}`)
  const entries = [...view.storage.entries()]
  t.equal(entries.length, 397, 'zeros are not stored')
  t.strictSame(
    entries.map(([k]) => value(k)),
    entries.map(([k]) => value(k)).sort((a, b) => (a < b ? -1 : 1)),
  )
  t.throws(() => view.storageAt(new Uint8Array(31)), { code: 'STATE_MALFORMED' })
  t.equal(view.isDead, false)
  t.equal(cidOf(view.bytecode(), 0x55).toString(), view.bytecodeCid.toString())
})

t.test('storage nodes that no actor writes', async (t) => {
  const registry = new ActorRegistry([{ version: 18, entries: [['evm', cidOf(Uint8Array.of(1), 0x55)]] }])
  const read = (hex: string): Uint8Array => {
    const store = new MemoryBlockstore()
    const root = put(store, Buffer.from(hex, 'hex'))
    const zero = '00'.repeat(32)
    const head = put(
      store,
      Buffer.concat([
        Buffer.from('86', 'hex'),
        encode(cid, root),
        Buffer.from(`5820${zero}`, 'hex'),
        encode(cid, root),
        Buffer.from('f601f6', 'hex'),
      ]),
    )
    const code = cidOf(Uint8Array.of(1), 0x55)
    const view = EvmView.load(store, registry, { ...blank, code, head })
    return view.storageAt(new Uint8Array(32))
  }
  const link = Buffer.from(encode(cid, cidOf(Uint8Array.of(9)))).toString('hex')
  t.strictSame(read('824080'), new Uint8Array(32), 'an empty tree')
  t.strictSame(read('82410181a16176818240410a')[31], 10)
  for (const [hex, why] of [
    ['8240', 'cut short'],
    ['82410180', 'fewer pointers than bits'],
    ['82450100000000' + '81a16176818240410a', 'a slot beyond the width'],
    ['82410181a1617680', 'an empty bucket'],
    ['82410181a161768282404102824101410a', 'a bucket of two'],
    ['82410181a16178818240410a', 'another kind of pointer'],
    ['82410181a1617681824058210000000000000000000000000000000000000000000000000000000000000000ff', 'a word of 33 bytes'],
    [`82410181a1616c83${link}0340`, 'a skip that is no multiple of 5'],
    [`82410181a1616c83${link}18fb5820${'00'.repeat(32)}`, 'a skip past the end of the key'],
    [`82410181a1616c83${link}0540`, 'a path shorter than its skip'],
    ['82410181a16176818240410a00', 'a byte too many'],
  ] as const)
    t.throws(() => read(hex), { code: 'STATE_MALFORMED' }, why)
})

const blank = { nonce: 0n, balance: 0n, delegatedAddress: null } as const
function put(store: MemoryBlockstore, data: Uint8Array): CID {
  const at = cidOf(data)
  store.put(at, data)
  return at
}

t.test('mainnet states of actors v9 and v10, out of the FVM vectors', async (t) => {
  const seen = { deals: 0, transactions: 0, hashes: 0, grants: 0, balances: 0 }
  for (const [folder, bundle, version] of [
    ['nv17-actors-v9', 'v9.tar.zst', 9],
    ['nv18-actors-v10', 'v10.tar.zst', 10],
  ] as const) {
    const path = sharedData(t, 'fvm-vectors', folder)
    const bundlePath = sharedData(t, 'actors', bundle)
    if (path === undefined || bundlePath === undefined) return
    const actors = bundleBlocks(bundlePath)
    let registry: ActorRegistry | undefined
    for (const file of vectorPaths(path)) {
      const vector = readVector(file)
      const method = /_([a-z]+-[A-Za-z]+)-Ok-/.exec(vector.name)?.[1]
      if (method === undefined) continue
      const store: BlockReader = {
        get(c) {
          const key = Buffer.from(c.bytes).toString('hex')
          return vector.blocks.get(key) ?? actors.get(key)
        },
      }
      registry ??= registryOfState(store, cidFromBytes(vector.preRoot), version)
      const known = registry
      const before = StateTree.load(store, cidFromBytes(vector.preRoot))
      const after = StateTree.load(store, cidFromBytes(vector.postRoot))
      const m = decode(message, vector.messages[0] as Uint8Array)
      const kind = method.split('-')[0] as string
      const params = (): any => decodeParams(mustMethodOf(kind, version, m.method), m.params)
      const market = (tree: StateTree): MarketView => MarketView.load(store, known, tree.mustGetActor(5n))
      if (method === 'storagemarket-AddBalance') {
        const who = id(before.lookupId(params()) as bigint)
        const gain = market(after).escrow(who) - market(before).escrow(who)
        t.equal(gain, m.value, vector.name)
        seen.balances++
      } else if (method === 'storagemarket-PublishStorageDeals') {
        const first = market(before).nextId
        t.ok(market(after).nextId > first)
        const published = market(after).proposal(first) as DealProposal
        const given = (params().deals as { proposal: DealProposal }[]).map((d) => d.proposal)
        const match = given.find((p) => p.pieceCID.equals(published.pieceCID))
        t.ok(match, vector.name)
        t.equal(match?.endEpoch, published.endEpoch)
        t.ok(market(after).hasPendingProposal(dealProposalCid(published)), 'by the CID with id addresses')
        t.equal(dealProposalProblem(published, vector.epoch, version), undefined)
        if (published.verifiedDeal) t.ok(market(after).pendingAllocation(first), 'verified deals have an allocation')
        seen.deals++
      } else if (method === 'multisig-Approve') {
        const { id: txn, proposalHash: wanted } = params() as { id: bigint; proposalHash: Uint8Array }
        const pending = MultisigView.load(store, known, before.mustGetActor(m.to)).pendingTransaction(txn)
        if (pending === undefined) t.fail(`${vector.name}: no transaction ${txn}`)
        else if (wanted.length > 0) {
          t.strictSame(Buffer.from(proposalHash(pending)), Buffer.from(wanted), vector.name)
          seen.hashes++
        }
        seen.transactions++
      } else if (method === 'verifiedregistry-AddVerifiedClient') {
        const { address, allowance } = params() as { address: Address; allowance: bigint }
        const client = after.lookupId(address) as bigint
        const datacap = (tree: StateTree) => DatacapView.load(store, known, tree.mustGetActor(7n))
        const earlier = before.lookupId(address) === undefined ? 0n : datacap(before).balance(client)
        t.equal(datacap(after).balance(client) - earlier, allowance * DATACAP_GRANULARITY, vector.name)
        t.ok((datacap(after).dataCap(client) ?? 0n) >= allowance)
        t.equal(datacap(after).governor.toString('t'), 't06')
        const verifier = id(before.lookupId(m.from) as bigint)
        const registryAt = (tree: StateTree) => VerifregView.load(store, known, tree.mustGetActor(6n))
        t.equal(
          (registryAt(before).verifier(verifier) ?? 0n) - (registryAt(after).verifier(verifier) ?? 0n),
          allowance,
          'the verifier may give that much less',
        )
        seen.grants++
      }
    }
  }
  t.strictSame(seen, { deals: 9, transactions: 8, hashes: seen.hashes, grants: 5, balances: 13 })
  t.ok(seen.hashes > 0, `${seen.hashes} hashes of proposals`)
})

t.test('the hash of a multisig proposal', async (t) => {
  const v = sharedJson<any>(t, 'wallet', 'multisig.json')
  if (v === undefined) return
  const p = v.approve.proposal_params
  const transaction = {
    to: Address.parse(p.To),
    value: BigInt(p.Value),
    method: BigInt(p.Method),
    params: new Uint8Array(0),
    approved: [Address.parse(p.Requester)],
  }
  const hash = (x: typeof transaction): string => Buffer.from(proposalHash(x)).toString('base64')
  t.equal(hash(transaction), v.approve.approval_params.ProposalHashData)
  t.not(hash({ ...transaction, value: 1001n }), v.approve.approval_params.ProposalHashData)
  t.not(hash({ ...transaction, approved: [] }), v.approve.approval_params.ProposalHashData)
})

t.test('what a multisig has still locked', async (t) => {
  const vesting = { initialBalance: 100n, unlockDuration: 30 }
  t.strictSame(
    [-5, 0, 1, 15, 29, 30, 31].map((e) => amountLocked(vesting, e)),
    [100n, 100n, 97n, 50n, 4n, 0n, 0n],
    'rounded up',
  )
  t.equal(amountLocked({ initialBalance: 7n, unlockDuration: 0 }, 0), 0n)
  t.equal(amountLocked({ initialBalance: 10n ** 27n, unlockDuration: 3 }, 1), 666666666666666666666666667n)
})

const codeOf = (n: number): CID => cidOf(Uint8Array.of(n), 0x55)
const made = (store: MemoryBlockstore, codec: Codec<any>, value: unknown, code: CID): Actor => ({
  ...blank,
  code,
  head: put(store, encode(codec, value)),
})

const pieceCID = cidFromString('baga6ea4seaqpy7usqklokfx2vxuynmupslkeutzexe2uqurdg5vhtebhxqmpqmy')
const proposal: DealProposal = {
  pieceCID,
  pieceSize: 2048n,
  verifiedDeal: false,
  client: id(100),
  provider: id(1000),
  label: 'x',
  startEpoch: 1000,
  endEpoch: 1000 + 200 * 2880,
  storagePricePerEpoch: 3n,
  providerCollateral: 5n,
  clientCollateral: 7n,
}

t.test('market states of actors v8 and v9', async (t) => {
  const store = new MemoryBlockstore()
  const registry = new ActorRegistry([
    { version: 8, entries: [['storagemarket', codeOf(8)]] },
    { version: 9, entries: [['storagemarket', codeOf(9)]] },
  ])
  const none = new Hamt(store, undefined, { value: tokenAmount }).flush(store)
  const proposals = new Amt<DealProposal>(store, undefined, { bitWidth: 5, value: dealProposal as Codec<DealProposal> })
  proposals.set(3n, proposal)
  proposals.set(4n, { ...proposal, label: Uint8Array.of(0xff, 0xfe) })
  const pending = new Hamt(store, undefined, { value: uint64, key: uintKey })
  pending.set(3n, 12n)
  const escrow = new Hamt(store, undefined, { bitWidth: 6, value: tokenAmount, key: addressKey })
  escrow.set(id(100), 50n)
  const base = {
    proposals: proposals.flush(store),
    pendingProposals: none,
    escrowTable: escrow.flush(store),
    lockedTable: new Hamt(store, undefined, { bitWidth: 6, value: tokenAmount }).flush(store),
    nextID: 5n,
    dealOpsByEpoch: none,
    lastCron: 9,
    totalClientLockedCollateral: 1n,
    totalProviderLockedCollateral: 2n,
    totalClientStorageFee: 4n,
  }
  const course = { sectorStartEpoch: 11, lastUpdatedEpoch: -1, slashEpoch: -1 }
  const states8 = new Amt(store, undefined, { bitWidth: 6, value: dealStateV8 })
  states8.set(3n, course)
  const states9 = new Amt(store, undefined, { bitWidth: 6, value: dealStateV9 })
  states9.set(3n, { ...course, verifiedClaim: 77n })

  const v8 = MarketView.load(store, registry, made(store, marketStateV8, { ...base, states: states8.flush(store) }, codeOf(8)))
  const v9 = MarketView.load(
    store,
    registry,
    made(
      store,
      marketStateV9,
      { ...base, states: states9.flush(store), pendingDealAllocationIds: pending.flush(store) },
      codeOf(9),
    ),
  )
  for (const view of [v8, v9]) {
    t.strictSame(view.dealState(3n), { sectorNumber: 0n, ...course }, `v${view.actorsVersion}`)
    t.strictSame(
      [...view.deals()].map(([n, d]) => [n, d.state.sectorStartEpoch, d.proposal.label]),
      [
        [3n, 11, 'x'],
        [4n, -1, Uint8Array.of(0xff, 0xfe)],
      ],
    )
    t.strictSame(view.balance(id(100)), { escrow: 50n, locked: 0n })
    t.strictSame(view.balance(id(101)), { escrow: 0n, locked: 0n })
    t.equal(view.totalLocked, 7n)
    t.strictSame(view.sectorDeals(1000n, 1n), [], 'not known before v13')
  }
  t.equal(v8.verifiedClaim(3n), undefined)
  t.equal(v9.verifiedClaim(3n), 77n)
  t.equal(v8.pendingAllocation(3n), undefined)
  t.equal(v9.pendingAllocation(3n), 12n)
  t.strictSame([...v9.pendingAllocations()], [[3n, 12n]])
  t.equal((v9.toJson(ctx) as any).NextID, 5)

  const asOther = { ...made(store, marketStateV8, { ...base, states: none }, codeOf(9)) }
  t.throws(() => MarketView.load(store, registry, asOther), { code: 'STATE_MALFORMED' }, 'a state of another version')
  t.throws(() => MarketView.load(store, registry, { ...asOther, code: codeOf(1) }), { code: 'ACTOR_KIND' })
  t.throws(() => MarketView.load(new MemoryBlockstore(), registry, asOther), { code: 'STORE_BLOCK_MISSING' })
})

t.test('proposals that the market would refuse', async (t) => {
  t.equal(dealProposalProblem(proposal, 1000, 18), undefined)
  t.equal(clientBalanceRequirement(proposal), 7n + 3n * 200n * 2880n)
  const refused: [Partial<DealProposal>, RegExp][] = [
    [{ label: 'é'.repeat(129) }, /258 bytes/],
    [{ label: new Uint8Array(257) }, /257 bytes/],
    [{ pieceSize: 2047n }, /power of two/],
    [{ pieceSize: 64n }, /power of two/],
    [{ pieceCID: EMPTY_ARRAY_CID }, /not the CID of a piece/],
    [{ endEpoch: 1000 }, /ends before/],
    [{ startEpoch: 999 }, /has passed/],
    [{ endEpoch: 1000 + 180 * 2880 - 1 }, /lasts/],
    [{ endEpoch: 1000 + 1278 * 2880 + 1 }, /lasts/],
    [{ storagePricePerEpoch: -1n }, /price/],
    [{ providerCollateral: 2_000_000_001n * FIL }, /provider's collateral/],
    [{ clientCollateral: -1n }, /client's collateral/],
  ]
  for (const [change, why] of refused) t.match(dealProposalProblem({ ...proposal, ...change }, 1000, 18), why)
  const long = { ...proposal, endEpoch: 1000 + 1278 * 2880 }
  t.equal(dealProposalProblem(long, 1000, 11), undefined)
  t.match(dealProposalProblem(long, 1000, 10), /lasts/, 'up to 540 days before v11')
  t.equal(labelFromText('a'.repeat(256)), 'a'.repeat(256))
  t.throws(() => labelFromText('a'.repeat(257)), { code: 'CODEC_VALUE' })
})

t.test('DataCap of clients: in the registry in v8, as tokens later', async (t) => {
  const store = new MemoryBlockstore()
  const registry = new ActorRegistry([
    { version: 8, entries: [['verifiedregistry', codeOf(8)]] },
    { version: 9, entries: [['datacap', codeOf(9)]] },
  ])
  const caps = new Hamt(store, undefined, { value: storagePower, key: addressKey })
  caps.set(id(200), 1n << 40n)
  const root = caps.flush(store)
  const empty = new Hamt(store, undefined, { value: storagePower }).flush(store)
  const view = VerifregView.load(
    store,
    registry,
    made(
      store,
      verifregStateV8,
      { rootKey: id(80), verifiers: empty, verifiedClients: root, removeDataCapProposalIDs: empty },
      codeOf(8),
    ),
  )
  t.equal(view.verifiedClient(id(200)), 1n << 40n)
  t.equal(view.verifiedClient(id(201)), undefined)
  t.equal(view.verifier(id(200)), undefined)
  t.strictSame([...view.allClaims(), ...view.allAllocations(), ...view.claims(1n), ...view.allocations(1n)], [])
  t.equal(view.nextAllocationId, 0n)
  t.equal(view.claim(1n, 1n), undefined)
  t.equal(view.allocation(1n, 1n), undefined)

  const tokens = new Hamt(store, undefined, { bitWidth: 3, value: tokenAmount, key: uintKey })
  tokens.set(200n, 5n * FIL)
  const inner = new Hamt(store, undefined, { bitWidth: 3, value: tokenAmount, key: uintKey })
  inner.set(5n, 9n)
  const outer = new Hamt(store, undefined, { bitWidth: 3, value: cid, key: uintKey })
  outer.set(200n, inner.flush(store))
  const datacap = DatacapView.load(
    store,
    registry,
    made(
      store,
      datacapState,
      {
        governor: id(6),
        token: { supply: 5n * FIL, balances: tokens.flush(store), allowances: outer.flush(store), hamtBitWidth: 3n },
      },
      codeOf(9),
    ),
  )
  t.equal(datacap.dataCap(200n), 5n)
  t.equal(datacap.dataCap(201n), undefined)
  t.equal(datacap.balance(201n), 0n)
  t.equal(datacap.supply, 5n * FIL)
  t.equal(datacap.allowance(200n, 5n), 9n)
  t.equal(datacap.allowance(200n, 6n), 0n)
  t.equal(datacap.allowance(201n, 5n), 0n)
  t.strictSame([...datacap.allowances(200n)], [[5n, 9n]])
})

t.test('payment channels', async (t) => {
  const store = new MemoryBlockstore()
  const registry = new ActorRegistry([{ version: 18, entries: [['paymentchannel', codeOf(1)]] }])
  const lanes = new Amt(store, undefined, { bitWidth: 3, value: laneState })
  lanes.set(0n, { redeemed: 10n, nonce: 1n })
  lanes.set(9n, { redeemed: 20n, nonce: 4n })
  const state = { from: id(100), to: id(101), toSend: 30n, settlingAt: 0, minSettleHeight: 5, laneStates: lanes.flush(store) }
  const view = PaychView.load(store, registry, made(store, paychState, state, codeOf(1)))
  t.strictSame(
    [...view.lanes()].map(([n, l]) => [n, l.redeemed, l.nonce]),
    [
      [0n, 10n, 1n],
      [9n, 20n, 4n],
    ],
  )
  t.equal(view.laneCount, 2n)
  t.strictSame(view.lane(9n), { redeemed: 20n, nonce: 4n })
  t.equal(view.lane(1n), undefined)
  t.strictSame(
    [view.from.toString(), view.to.toString(), view.toSend, view.settlingAt, view.minSettleHeight],
    ['f0100', 'f0101', 30n, 0, 5],
  )
})

t.test('actors without a state', async (t) => {
  const store = new MemoryBlockstore()
  const kinds = ['eam', 'ethaccount', 'placeholder'] as const
  const registry = new ActorRegistry([{ version: 18, entries: kinds.map((k, i) => [k, codeOf(i)] as const) }])
  for (const [i, view] of [EamView, EthAccountView, PlaceholderView].entries()) {
    t.strictSame(view.load(store, registry, { ...blank, code: codeOf(i), head: EMPTY_ARRAY_CID }), {
      actorsVersion: 18,
      state: null,
    })
    t.throws(() => view.load(store, registry, { ...blank, code: codeOf(i), head: pieceCID }), { code: 'STATE_MALFORMED' })
    t.throws(() => view.load(store, registry, { ...blank, code: codeOf((i + 1) % 3), head: EMPTY_ARRAY_CID }), {
      code: 'ACTOR_KIND',
    })
  }
  t.equal(EMPTY_ARRAY_CID.toString(), 'bafy2bzacebc3bt6cedhoyw34drrmjvazhu4oj25er2ebk4u445pzycvq4ta4a', 'Lotus vm.EmptyObjectCid')
})
