import { t } from 'tap'
import { type Codec, encode, fromJson, toJson } from '../../../src/codec/codec.ts'
import type { Json } from '../../../src/codec/json.ts'
import { MemoryBlockstore } from '../../../src/store/blockstore.ts'
import { ChainReader, type HeadChange } from '../../../src/store/chain-reader.ts'
import { blockHeader } from '../../../src/types/block.ts'
import { type CID, cid, cidKey, cidOf } from '../../../src/types/cid.ts'
import { message, messageCid, signedMessage } from '../../../src/types/message.ts'
import { messageReceipt } from '../../../src/types/receipt.ts'
import { type Tipset, TipsetKey, tipsetKey, tipsetToJson } from '../../../src/types/tipset.ts'
import { readCar } from '../../kit/car.ts'
import { legacyAmt, testChain } from '../../kit/fork-chain.ts'
import { type RecordedAnswer, recordedAnswers, recordedChains } from '../../kit/rpc-answers.ts'
import { sharedData } from '../../kit/shared-data.ts'

const ctx = { addressPrefix: 't' } as const

function list<T>(codec: Codec<T>, values: readonly T[]): Json {
  return values.map((v) => toJson(codec, v, ctx))
}

function pathJson(path: readonly HeadChange[]): Json {
  return path.map((c) => ({ Type: c.type, Val: tipsetToJson(c.tipset, ctx) }))
}

for (const chain of recordedChains) {
  t.test(`${chain}: what Lotus answered about its chain`, async (t) => {
    const file = sharedData(t, 'chains', chain, 'chain.car.zst')
    const answers = recordedAnswers(t, chain)
    if (file === undefined || answers === undefined) return
    const { roots, store } = readCar(file)
    const reader = new ChainReader(store)
    const head = reader.tipset(new TipsetKey(roots))
    const at = (json: unknown): Tipset => {
      const key = fromJson(tipsetKey, json)
      return key.isEmpty ? head : reader.tipset(key)
    }
    const messages = (tipset: Tipset): Json =>
      reader.messagesForTipset(tipset).map((m) => {
        const bare = 'signature' in m ? m.message : m
        const known = 'signature' in m && m.signature.type !== 2 ? encodeSigned(m) : messageCid(bare)
        return { Cid: toJson(cid, known, ctx), Message: toJson(message, bare, ctx) }
      })
    const answer: Record<string, (p: unknown[]) => Json> = {
      ChainGetTipSet: (p) => tipsetToJson(at(p[0]), ctx),
      ChainGetGenesis: () => tipsetToJson(reader.genesisOf(head), ctx),
      ChainGetTipSetByHeight: (p) => tipsetToJson(reader.tipsetByHeight(p[0] as number, at(p[1]), { before: true }), ctx),
      ChainGetTipSetAfterHeight: (p) => tipsetToJson(reader.tipsetByHeight(p[0] as number, at(p[1]), { before: false }), ctx),
      ChainGetBlock: (p) => toJson(blockHeader, reader.block(fromJson(cid, p[0])), ctx),
      ChainGetPath: (p) => pathJson(reader.path(at(p[0]), at(p[1]))),
      ChainGetMessage: (p) => {
        const m = reader.message(fromJson(cid, p[0]))
        return toJson(message, 'signature' in m ? m.message : m, ctx)
      },
      ChainGetBlockMessages: (p) => {
        const m = reader.messages(reader.block(fromJson(cid, p[0])))
        return {
          BlsMessages: list(message, m.bls),
          SecpkMessages: list(signedMessage, m.secp),
          Cids: list(cid, [...m.blsCids, ...m.secpCids]),
        }
      },
      ChainGetMessagesInTipset: (p) => messages(at(p[0])),
      ChainGetParentMessages: (p) => {
        const block = reader.block(fromJson(cid, p[0]))
        return block.height === 0 ? null : messages(reader.tipset(new TipsetKey(block.parents)))
      },
      ChainGetParentReceipts: (p) => {
        const block = reader.block(fromJson(cid, p[0]))
        if (block.height === 0) return []
        // The chain's file holds no receipts but empty lists: those of the answer must give the header's root.
        const answered = (pending as Json[]).map((r) => encode(messageReceipt, fromJson(messageReceipt, r)))
        const root = legacyAmt((data) => put(store, data), answered)
        t.equal(String(root), String(block.parentMessageReceipts), 'root of the receipts')
        const all = reader.receipts(block.parentMessageReceipts)
        all.forEach((r, i) => {
          t.same(reader.receipt(block.parentMessageReceipts, i), r)
        })
        return list(messageReceipt, all)
      },
    }
    let pending: unknown
    const counts = new Map<string, number>()
    for (const a of answers as readonly RecordedAnswer[]) {
      const method = a.method.replace('Filecoin.', '')
      const ask = answer[method]
      if (ask === undefined || a.error !== undefined || a.path === '/rpc/v2') continue
      counts.set(method, (counts.get(method) ?? 0) + 1)
      pending = a.result
      const want = JSON.stringify(a.result ?? null)
      const found = JSON.stringify(ask(a.params))
      // Lotus prints no messages and no way as null where Go's list was never made; the handlers know which.
      const same = normal(found) === normal(want)
      if (!same) t.equal(normal(found).slice(0, 400), normal(want).slice(0, 400), `${method} ${JSON.stringify(a.params)}`)
    }
    for (const method of Object.keys(answer).filter((m) => m !== 'ChainGetTipSet'))
      t.ok((counts.get(method) ?? 0) > 0, `${method}: ${counts.get(method)} answers`)
  })

  t.test(`${chain}: null rounds, every height`, async (t) => {
    const file = sharedData(t, 'chains', chain, 'chain.car.zst')
    if (file === undefined) return
    const { roots, store } = readCar(file)
    const reader = new ChainReader(store)
    const head = reader.tipset(new TipsetKey(roots))
    const byHeight = new Map<number, Tipset>()
    for (let at = head; ; at = reader.parent(at)) {
      byHeight.set(at.height, at)
      if (at.height === 0) break
    }
    t.equal(byHeight.size, chain === 'lotus-devnet' ? 2695 : 355)
    const fresh = new ChainReader(store, { cachedTipsets: 64 })
    let after = head
    for (let height = head.height; height >= 0; height--) {
      const own = byHeight.get(height)
      if (own !== undefined) after = own
      const before = own ?? reader.parent(after)
      if (!fresh.tipsetByHeight(height, head, { before: true }).equals(before)) t.fail(`before ${height}`)
      if (!fresh.tipsetByHeight(height, head, { before: false }).equals(after)) t.fail(`after ${height}`)
    }
    t.throws(() => reader.tipsetByHeight(head.height + 1, head, { before: true }), { code: 'STORE_HEIGHT' })
    t.throws(() => reader.tipsetByHeight(-1, head, { before: true }), { code: 'STORE_HEIGHT' })
  })
}

function encodeSigned(m: Parameters<typeof signedMessage.toJson>[0]) {
  return fromJson(cid, (toJson(signedMessage, m, ctx) as { CID: Json }).CID)
}

function put(store: MemoryBlockstore, data: Uint8Array): CID {
  const c = cidOf(data)
  store.put(c, data)
  return c
}

function normal(json: string): string {
  return json === 'null' ? '[]' : json
}

t.test('forks: ways, ancestors and what is refused', async (t) => {
  const chain = testChain()
  const genesis = chain.genesis()
  const a1 = chain.extend(genesis)
  const a2 = chain.extend(a1, { nullRounds: 2 })
  const a3 = chain.extend(a2)
  const b2 = chain.extend(a1, { blocks: 3 })
  const b3 = chain.extend(b2)
  const reader = new ChainReader(chain.store)
  t.same(
    reader.path(a3, b3).map((c) => [c.type, c.tipset.key.id]),
    [
      ['revert', a3.key.id],
      ['revert', a2.key.id],
      ['apply', b2.key.id],
      ['apply', b3.key.id],
    ],
  )
  t.same(reader.path(a3, a3), [])
  t.throws(() => reader.path(a3, b3, { max: 3 }), { code: 'STORE_PATH_TOO_LONG' })
  t.equal(reader.path(a3, b3, { max: 4 }).length, 4)
  t.ok(reader.commonAncestor(a3, b3).equals(a1))
  t.ok(reader.commonAncestor(a1, b3).equals(a1))
  t.ok(reader.isAncestor(a1, b3))
  t.notOk(reader.isAncestor(a2, b3))
  t.notOk(reader.isAncestor(b3, b3), 'not its own')
  t.notOk(reader.isAncestor(b3, a1))
  t.ok(reader.genesisOf(b3).equals(genesis))

  t.throws(() => reader.tipset(TipsetKey.empty), { code: 'STORE_CHAIN_OBJECT' })
  t.throws(() => reader.tipset(new TipsetKey([...a1.cids, ...a2.cids])), { code: 'STORE_CHAIN_OBJECT' })
  t.throws(() => reader.block(a1.first.messages), { code: 'STORE_CHAIN_OBJECT' })
  t.throws(() => reader.parent(genesis), { code: 'STORE_BLOCK_MISSING' })
  const turned = reader.tipset(new TipsetKey([...b2.cids].reverse()))
  t.ok(turned.equals(b2), 'the order of the question does not matter')

  const lacking = new MemoryBlockstore()
  for (const block of chain.store.blocks()) {
    if (cidKey(block.cid) !== cidKey(a2.cids[0] as (typeof a2.cids)[0])) lacking.put(block.cid, block.data)
  }
  t.throws(() => new ChainReader(lacking).parent(a3), { code: 'STORE_BLOCK_MISSING', message: new RegExp(String(a2.cids[0])) })
  t.ok(encode(blockHeader, a1.first).length > 0)
})
