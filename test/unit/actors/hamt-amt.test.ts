import t from 'tap'
import { Amt } from '../../../src/actors/amt.ts'
import { buildEventsAmt } from '../../../src/actors/amt-build.ts'
import { Hamt } from '../../../src/actors/hamt.ts'
import { intKey, uintKey } from '../../../src/actors/keys.ts'
import { CborReader } from '../../../src/codec/cbor-reader.ts'
import { decode } from '../../../src/codec/codec.ts'
import { deferred, textMap } from '../../../src/codec/combinators.ts'
import { safeInt, text } from '../../../src/codec/primitives.ts'
import { MemoryBlockstore, mustGet } from '../../../src/store/blockstore.ts'
import { Address } from '../../../src/types/address.ts'
import { decodeBlock, msgMeta } from '../../../src/types/block.ts'
import { type CID, cid, cidOf } from '../../../src/types/cid.ts'
import { messageReceipt, type StampedEvent, stampedEvent } from '../../../src/types/receipt.ts'
import { readCar } from '../../kit/car.ts'
import { readAnswers } from '../../kit/lotus-chain.ts'
import { rebuildAmt, rebuildHamt } from '../../kit/rebuild.ts'
import { sharedData } from '../../kit/shared-data.ts'

/** The state's HAMT of actors; [version, actors, info] since actors v2, the bare HAMT before. */
function actorsRoot(data: Uint8Array): CID {
  const r = new CborReader(data)
  r.tuple(3, 'state root')
  r.uint()
  return cid.read(r)
}

t.test('HAMTs and AMTs of a Lotus chain come out byte for byte', async (t) => {
  const path = sharedData(t, 'chains', 'lotus-devnet', 'snapshot.car.zst')
  if (path === undefined) return
  const { roots, store } = readCar(path)
  let head = decodeBlock(mustGet(store, roots[0] as CID))
  let events = 0
  const wanted = { receipts: 0, messages: 0, states: 0 }
  for (let i = 0; head.height > 0; i++) {
    // The export leaves out the receipts of tipsets without messages.
    if (store.has(head.parentMessageReceipts)) {
      if (rebuildAmt(store, head.parentMessageReceipts, { legacy: true }) !== head.parentMessageReceipts.toString())
        t.fail(`receipts at ${head.height}`)
      wanted.receipts++
      for (const receipt of new Amt(store, head.parentMessageReceipts, { legacy: true, value: messageReceipt }).values()) {
        if (!receipt.eventsRoot) continue
        events += [...new Amt(store, receipt.eventsRoot, { bitWidth: 5, value: stampedEvent }).values()].length
        if (rebuildAmt(store, receipt.eventsRoot, { bitWidth: 5 }) !== receipt.eventsRoot.toString()) t.fail('events')
      }
    }
    const meta = decode(msgMeta, mustGet(store, head.messages))
    for (const c of [meta.blsMessages, meta.secpkMessages]) {
      if (rebuildAmt(store, c, { legacy: true }) !== c.toString()) t.fail(`messages at ${head.height}`)
      wanted.messages++
    }
    if (i < 700 && i % 100 === 0) {
      const actors = actorsRoot(mustGet(store, head.parentStateRoot))
      t.equal(rebuildHamt(store, actors), actors.toString(), `state at ${head.height}`)
      wanted.states++
    }
    head = decodeBlock(mustGet(store, head.parents[0] as CID))
  }
  t.ok(wanted.receipts > 50, 'there are receipts')
  t.equal(wanted.states, 7)
  t.equal(events, 0, 'exports leave events out')
})

t.test('genesis states, old node form included', async (t) => {
  for (const [network, legacy] of [
    ['mainnet', true],
    ['calibnet', true],
    ['butterflynet', false],
  ] as const) {
    const path = sharedData(t, 'genesis', `${network}.car.zst`)
    if (path === undefined) return
    const { roots, store } = readCar(path)
    const genesis = decodeBlock(mustGet(store, roots[0] as CID))
    const actors = legacy ? genesis.parentStateRoot : actorsRoot(mustGet(store, genesis.parentStateRoot))
    t.equal(rebuildHamt(store, actors, { legacy }), actors.toString(), network)
  }
})

t.test('HAMT: set, get, delete, unhappy paths', async (t) => {
  const store = new MemoryBlockstore()
  const hamt = new Hamt(store, undefined, { value: safeInt, key: uintKey, bitWidth: 3 })
  t.equal(hamt.flush(store).toString(), cidOf(Uint8Array.of(0x82, 0x40, 0x80)).toString())
  for (let i = 0n; i < 500n; i++) hamt.set(i, Number(i))
  const root = hamt.flush(store)
  const again = new Hamt(store, root, { value: safeInt, key: uintKey, bitWidth: 3 })
  t.equal(again.get(123n), 123)
  t.equal(again.get(500n), undefined)
  t.equal([...again.keys()].length, 500)
  t.equal(again.delete(777n), false)
  t.equal(again.flush(store).toString(), root.toString())
  for (let i = 0n; i < 500n; i++) t.ok(again.delete(i) || true)
  t.equal(again.isEmpty, true)
  t.equal(again.flush(store).toString(), cidOf(Uint8Array.of(0x82, 0x40, 0x80)).toString())
  t.throws(() => new Hamt(store, undefined, { value: safeInt, bitWidth: 9 }), { code: 'STATE_VALUE' })
  t.throws(() => new Hamt(store, root, { value: text, key: uintKey, bitWidth: 3 }).get(1n), { code: 'STATE_MALFORMED' })
  t.throws(() => new Hamt(store, cidOf(Uint8Array.of(1)), { value: text }).get(Uint8Array.of(1)), { code: 'STORE_BLOCK_MISSING' })
  for (const n of [0n, -1n, 1n, -64n, 64n, 1n << 40n]) t.equal(intKey.fromBytes(intKey.toBytes(n)), n)
})

function put(store: MemoryBlockstore, hex: string): CID {
  const data = new Uint8Array(Buffer.from(hex, 'hex'))
  const c = cidOf(data)
  store.put(c, data)
  return c
}

t.test('malformed HAMT nodes', async (t) => {
  const store = new MemoryBlockstore()
  const cases: Record<string, string> = {
    'bits without slots': '82410180',
    'a slot without a bit': '82408181824101f6',
    'leading zero byte': '824200018181824101f6',
    'empty bucket': '8241018180',
    'bucket of four': '82410181848241 01f6824102f6824103f6824104f6'.replace(' ', ''),
    'unsorted bucket': '82410181828241 02f6824101f6'.replace(' ', ''),
    'same key twice': '82410181828241 01f6824101f6'.replace(' ', ''),
    'three fields': '83410180f6',
    'trailing byte': '82408000',
    'bit beyond the width': '824501000000008181824101f6',
    'old form': '824101 81a1613181824101f6'.replace(' ', ''),
  }
  for (const [name, hex] of Object.entries(cases)) {
    const hamt = new Hamt(store, put(store, hex), { value: deferred })
    t.throws(() => [...hamt.rawEntries()], { code: 'STATE_MALFORMED' }, name)
  }
  // A child that holds a single entry should have been folded into its parent.
  const child = put(store, '8241018181824101f6')
  const link = Buffer.from(child.bytes).toString('hex')
  const hamt = new Hamt(store, put(store, `82410181d82a582700${link}`), { value: deferred })
  t.throws(() => [...hamt.rawEntries()], { code: 'STATE_MALFORMED' }, 'child to fold')
  t.equal(
    [...new Hamt(store, put(store, '824101 81a1613181824101f6'.replace(' ', '')), { value: deferred, legacy: true }).rawEntries()]
      .length,
    1,
  )
  t.throws(() => decode(textMap(text), Uint8Array.of(0xa1)), { code: 'CODEC_CBOR' })
})

t.test('AMT: unhappy paths and sparse indices', async (t) => {
  const store = new MemoryBlockstore()
  const amt = new Amt(store, undefined, { value: safeInt, bitWidth: 5 })
  const far = 0x7fff_ffff_ffff_ffffn
  amt.set(far, 1)
  amt.set(3, 2)
  const root = amt.flush(store)
  const again = new Amt(store, root, { value: safeInt, bitWidth: 5 })
  t.same(
    [...again.entries()],
    [
      [3n, 2],
      [far, 1],
    ],
  )
  t.same([...again.entries(4)], [[far, 1]])
  t.equal(again.count, 2n)
  t.equal(again.delete(far), true)
  t.equal(again.delete(far), false)
  t.equal(again.delete(3), true)
  t.equal(again.flush(store).toString(), new Amt(store, undefined, { value: safeInt, bitWidth: 5 }).flush(store).toString())
  t.throws(() => amt.set(0xffff_ffff_ffff_ffffn, 1), { code: 'STATE_VALUE' })
  t.throws(() => amt.set(-1, 1), { code: 'STATE_VALUE' })
  t.throws(() => new Amt(store, root, { value: safeInt, bitWidth: 3 }).count, { code: 'STATE_MALFORMED' })
  t.throws(() => new Amt(store, undefined, { value: safeInt, bitWidth: 5, legacy: true }), { code: 'STATE_VALUE' })
  const cases: Record<string, string> = {
    'height too large': '84031818 0083410080 80'.replaceAll(' ', ''),
    'bits without values': '8403000183410180 80'.replaceAll(' ', ''),
    'leaf with links': '840300018341008180'.concat('80'),
    'empty inner root': '8403010083410080 80'.replaceAll(' ', ''),
    'long bit field': '84030000834200008080',
    'trailing byte': '8403000083410080 8000'.replaceAll(' ', ''),
  }
  for (const [name, hex] of Object.entries(cases))
    t.throws(() => [...new Amt(store, put(store, hex), { value: deferred }).entries()], { code: 'STATE_MALFORMED' }, name)
})

t.test('events come out under the roots that the receipts have', async (t) => {
  const folder = sharedData(t, 'chains', 'lotus-devnet-proofs')
  if (folder === undefined) return
  const answers = readAnswers(folder)
  const wanted = new Map<string, string>()
  for (const { method, result } of answers)
    if (method === 'Filecoin.StateSearchMsg' && result?.Receipt?.EventsRoot)
      wanted.set(result.Message['/'], result.Receipt.EventsRoot['/'])
  const byMessage = new Map<string, StampedEvent[]>()
  for (const { method, result } of answers) {
    if (method !== 'Filecoin.GetActorEventsRaw' || result === undefined) continue
    for (const e of result) {
      const entries = e.entries.map((x: any) => ({
        flags: BigInt(x.Flags),
        key: x.Key,
        codec: BigInt(x.Codec),
        value: new Uint8Array(Buffer.from(x.Value, 'base64')),
      }))
      const list = byMessage.get(e.msgCid['/']) ?? []
      list.push({ emitter: Address.parse(e.emitter).id as bigint, entries })
      byMessage.set(e.msgCid['/'], list)
    }
  }
  t.equal(byMessage.size, 2)
  for (const [message, events] of byMessage)
    t.equal(buildEventsAmt(new MemoryBlockstore(), events).toString(), wanted.get(message), message)
})
