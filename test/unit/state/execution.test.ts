// Execution, calls, replay and search on the first epochs of a chain that Lotus made.

import t from 'tap'
import { encode } from '../../../src/codec/codec.ts'
import { callMessage, computeState, replayMessage, traceTipset } from '../../../src/state/call.ts'
import { executeTipset } from '../../../src/state/execute-tipset.ts'
import { NO_LIMIT, searchMessage } from '../../../src/state/message-search.ts'
import { StateManager } from '../../../src/state/state-manager.ts'
import { validateChain } from '../../../src/state/validate-chain.ts'
import { OverlayBlockstore } from '../../../src/store/blockstore.ts'
import { ChainReader } from '../../../src/store/chain-reader.ts'
import { Address } from '../../../src/types/address.ts'
import { blockCid, blockHeader } from '../../../src/types/block.ts'
import { type CID, cidOf } from '../../../src/types/cid.ts'
import { type Message, message, messageCid, type SignedMessage, signedMessageCid } from '../../../src/types/message.ts'
import { Tipset } from '../../../src/types/tipset.ts'
import { executeAt, importedChain } from '../../kit/executed-chain.ts'
import { sharedData, sharedDataRoot } from '../../kit/shared-data.ts'

/** The first call compiles the actors. */
t.setTimeout(240_000)
/** A tipset that holds several messages of the senders below; all up to the one after it are executed. */
const HEIGHT = 86

const bare = (m: Message | SignedMessage): Message => ('signature' in m ? m.message : m)
const cidOnChain = (m: Message | SignedMessage): CID => ('signature' in m ? signedMessageCid(m) : messageCid(m))

if (sharedData(t, 'chains', 'lotus-devnet-proofs') !== undefined) {
  const chain = await importedChain(sharedDataRoot, 'lotus-devnet-proofs')
  const { state: sm, tipsets, store, network } = chain
  const at = tipsets.findIndex((x) => x.height === HEIGHT)
  for (let i = 0; i <= at; i++) {
    const wrong = executeAt(chain, i)
    if (wrong !== undefined) t.fail(wrong)
  }
  const tipset = tipsets[at] as Tipset
  const next = tipsets[at + 1] as Tipset
  const messages = sm.chain.messagesForTipset(tipset)
  const senderOf = (prefix: string): Address => {
    const found = messages.map(bare).find((m) => m.from.toString('t').startsWith(prefix))
    if (found === undefined) throw new Error(`no message from ${prefix}`)
    return found.from
  }
  const bls = senderOf('t3w6jjz')
  const secp = senderOf('t1sgfg6')
  const before = sm.parentState(tipset)
  const nonceOf = (a: Address): bigint => before.getActor(a)?.nonce as bigint
  const send = (from: Address, fields: Partial<Message> = {}): Message => ({
    version: 0n,
    to: Address.fromId(1000n),
    from,
    nonce: 0n,
    value: 1n,
    gasLimit: 10_000_000n,
    gasFeeCap: 0n,
    gasPremium: 0n,
    method: 0n,
    params: new Uint8Array(0),
    ...fields,
  })
  const ownOf = (a: Address): number => messages.filter((m) => bare(m).from.equals(a)).length

  t.test('messages that run before a call', async (t) => {
    t.ok(ownOf(bls) > 1 && ownOf(secp) > 1 && messages.length > ownOf(bls) + ownOf(secp))
    const none = callMessage(sm, send(bls), tipset, { prior: 'none', withGas: false })
    t.equal(none.message.nonce, nonceOf(bls), 'the nonce is the next of the state that it runs on')
    const same = callMessage(sm, send(bls), tipset, { prior: 'same-sender', withGas: false })
    t.equal(same.message.nonce, nonceOf(bls) + BigInt(ownOf(bls)))
    const all = callMessage(sm, send(bls), tipset, { prior: 'all', withGas: false })
    t.equal(all.message.nonce, nonceOf(bls) + BigInt(ownOf(bls)))
    const after = send(bls, { nonce: nonceOf(bls) + BigInt(ownOf(bls)), gasFeeCap: 1_000_000n })
    const more = callMessage(sm, send(bls), tipset, { prior: 'all', withGas: false, before: [after] })
    t.equal(more.message.nonce, after.nonce + 1n, 'and after what the caller puts in between')
    for (const r of [none, same, all, more]) t.equal(r.receipt.exitCode, 0)
  })

  t.test('calls keep nothing', async (t) => {
    const blocks = store.size
    const balance = before.getActor(bls)?.balance
    callMessage(sm, send(bls, { value: 1000n }), tipset, { prior: 'all', withGas: true })
    t.equal(store.size, blocks)
    t.equal(sm.parentState(tipset).getActor(bls)?.balance, balance)
  })

  t.test('gas of calls', async (t) => {
    const free = callMessage(sm, send(secp), tipset, { prior: 'none', withGas: true })
    t.ok(free.receipt.gasUsed > 0n)
    t.equal(free.result.baseFeeBurn, 0n, 'a message that offers nothing pays nothing')
    const paid = callMessage(sm, send(secp, { gasFeeCap: 1_000_000n, gasPremium: 10n }), tipset, { prior: 'none', withGas: true })
    t.equal(paid.result.baseFeeBurn, paid.receipt.gasUsed * tipset.first.parentBaseFee)
    t.equal(paid.result.minerTip, 10n * 10_000_000n)
    t.ok(paid.gasAccounted)
    // A secp256k1 message stands on the chain with its signature, a BLS one without: the longer one costs more.
    const short = callMessage(sm, send(bls), tipset, { prior: 'none', withGas: true })
    const implicit = callMessage(sm, send(secp), tipset, { prior: 'none', withGas: false })
    t.ok(free.receipt.gasUsed > implicit.receipt.gasUsed, 'an implicit message pays for no bytes')
    t.not(short.receipt.gasUsed, free.receipt.gasUsed)
    const little = callMessage(sm, send(secp, { gasLimit: 100n }), tipset, { prior: 'none', withGas: true })
    t.equal(little.receipt.exitCode, 7, 'out of gas')
    const poor = callMessage(sm, send(secp, { value: 10n ** 30n }), tipset, { prior: 'none', withGas: false })
    t.equal(poor.receipt.exitCode, 6, 'insufficient funds')
  })

  t.test('senders that are not there', async (t) => {
    const nobody = Address.fromDelegated(10n, new Uint8Array(20).fill(7))
    t.throws(() => callMessage(sm, send(nobody), tipset, { prior: 'none', withGas: false }), {
      code: 'STATE_ACTOR_NOT_FOUND',
      message: /^sender t410f.* not found on chain: sender validation failed$/,
    })
    const made = callMessage(sm, send(nobody, { value: 0n }), tipset, { prior: 'none', withGas: true, anySender: true })
    t.equal(made.receipt.exitCode, 0, 'made for the call')
    t.equal(before.getActor(nobody), undefined)
  })

  t.test('a call does not run an expensive upgrade', async (t) => {
    const upgrades = { ...network.upgrades, fireHorse: tipset.height }
    const other = new StateManager({ ...sm, network: { ...network, upgrades, genesisNetworkVersion: 27 } })
    const wanted = { code: 'STATE_EXPENSIVE_FORK', rpcCode: -32002, message: new RegExp(`epoch ${tipset.height}$`) }
    t.throws(() => callMessage(other, send(bls), tipset, { prior: 'none', withGas: false }), wanted)
  })

  t.test('replay gives what the chain recorded', async (t) => {
    const { state, applied } = traceTipset(sm, tipset)
    t.equal(state.stateRoot.toString(), next.parentStateRoot.toString())
    t.equal(applied.filter((a) => !a.implicit).length, messages.length)
    t.equal(applied.filter((a) => a.implicit).length, tipset.blocks.length + 1, 'a reward for each block, and cron')
    const receipts = sm.chain.receipts(next.first.parentMessageReceipts)
    for (const [i, m] of messages.entries()) {
      if (i % 4 !== 0) continue
      const replayed = replayMessage(sm, tipset, cidOnChain(m))
      t.same(
        { ...replayed.receipt, eventsRoot: replayed.receipt.eventsRoot?.toString() },
        { ...receipts[i], eventsRoot: receipts[i]?.eventsRoot?.toString() },
      )
      t.ok(replayed.result.trace, 'traced')
    }
    t.throws(() => replayMessage(sm, tipset, tipset.parentStateRoot), { code: 'STATE_MESSAGE_NOT_FOUND' })
  })

  t.test('messages on top of a tipset', async (t) => {
    const nonce = nonceOf(bls) + BigInt(ownOf(bls))
    const extra = send(bls, { nonce, gasFeeCap: 1_000_000n })
    const { root, applied } = computeState(sm, tipset, tipset.height + 2, [extra])
    t.not(root.toString(), next.parentStateRoot.toString())
    t.equal(applied.at(-1)?.receipt.exitCode, 0)
    t.equal(applied.at(-1)?.cid.toString(), messageCid(extra).toString())
    const far = computeState(sm, tipset, Number.MAX_SAFE_INTEGER, [])
    t.equal(far.root.toString(), next.parentStateRoot.toString(), 'a height without end costs nothing')
    const empty = computeState(sm, tipset, tipset.height, [])
    t.equal(empty.root.toString(), next.parentStateRoot.toString())
  })

  t.test('finding messages', async (t) => {
    const m = messages.find((x) => bare(x).from.equals(secp)) as SignedMessage
    const cid = cidOnChain(m)
    const found = searchMessage(sm, next, cid, NO_LIMIT, true)
    t.equal(found?.tipset.height, next.height)
    t.equal(found?.message.toString(), cid.toString())
    t.equal(searchMessage(sm, tipset, cid, NO_LIMIT, true), undefined, 'not before it was executed')
    const early = sm.chain.messagesForTipset(tipsets.find((x) => x.height === 74) as Tipset).at(-1) as SignedMessage
    t.ok(searchMessage(sm, next, cidOnChain(early), NO_LIMIT, true), 'further back')
    t.equal(searchMessage(sm, next, cidOnChain(early), 1, true), undefined, 'not within one epoch')
    t.ok(searchMessage(sm, next, cidOnChain(early), 20, true))

    // Messages that took no place on this chain: the same call for another fee, and another call with the same nonce.
    const overlay = new OverlayBlockstore(store)
    const withOther = (fields: Partial<Message>): { sm: StateManager; cid: CID } => {
      const other = { ...m, message: { ...m.message, ...fields } }
      const data = encode(message, other.message)
      overlay.put(cidOf(data), data)
      return { sm: new StateManager({ ...sm, store: overlay, sink: overlay, chain: new ChainReader(overlay) }), cid: cidOf(data) }
    }
    const dearer = withOther({ gasFeeCap: m.message.gasFeeCap + 1n })
    t.equal(searchMessage(dearer.sm, next, dearer.cid, NO_LIMIT, true)?.message.toString(), cid.toString(), 'its replacement')
    const replaced = { code: 'STATE_MESSAGE_REPLACED' }
    t.throws(() => searchMessage(dearer.sm, next, dearer.cid, NO_LIMIT, false), replaced, 'where none is allowed')
    const another = withOther({ value: m.message.value + 1n })
    t.throws(() => searchMessage(another.sm, next, another.cid, NO_LIMIT, true), replaced, 'which does something else')
    const future = withOther({ nonce: 1_000_000n })
    t.equal(searchMessage(future.sm, next, future.cid, NO_LIMIT, true), undefined, 'a nonce that nobody used')
  })

  t.test('tipsets that cannot be', async (t) => {
    const { first } = tipset
    const twin = { ...first, forkSignaling: 1n }
    const double = { ...tipset, blocks: [first, twin], height: tipset.height } as unknown as Tipset
    t.throws(() => executeTipset(sm, double), { code: 'STATE_EXECUTION', message: /two blocks in the tipset/ })
    let seen = 0
    const stopped = executeTipset(sm, tipset, { onApplied: () => ++seen < 2 })
    t.equal(stopped, undefined)
    t.equal(seen, 2, 'execution ends where it is told to')
  })

  t.test('a chain whose headers state other roots', async (t) => {
    const early = tipsets.find((x) => x.height >= 5) as Tipset
    const flush = async (): Promise<void> => {}
    const overlay = new OverlayBlockstore(store)
    const lying = (fields: object): Tipset => {
      const header = { ...early.first, ...fields }
      overlay.put(blockCid(header), encode(blockHeader, header))
      return Tipset.create([header])
    }
    const other = new StateManager({ ...sm, store: overlay, sink: overlay, chain: new ChainReader(overlay) })
    t.ok((await validateChain(other, early, { flush })).tipsets > 1)
    const mismatch = (what: string): { code: string; message: RegExp } => ({
      code: 'STATE_MISMATCH',
      message: new RegExp(`height ${early.height} gives the ${what}`),
    })
    await t.rejects(validateChain(other, lying({ parentStateRoot: tipset.parentStateRoot }), { flush }), mismatch('state root'))
    const receipts = { parentMessageReceipts: next.first.parentMessageReceipts }
    await t.rejects(validateChain(other, lying(receipts), { flush }), mismatch('receipts root'))
    const gone = AbortSignal.abort()
    await t.rejects(validateChain(other, early, { flush, signal: gone }), { name: 'AbortError' })
  })

  t.test('looking back', async (t) => {
    t.equal(sm.lookback(tipset, 50).tipset.height, 0, 'near genesis it is the genesis')
    t.equal(sm.lookback(next, 900 + HEIGHT).tipset.height, HEIGHT)
    t.equal(sm.lookback(next, 900 + HEIGHT).stateRoot.toString(), next.parentStateRoot.toString())
    t.throws(() => sm.lookback(tipset, 900 + HEIGHT), { code: 'STATE_LOOKBACK' })
  })
}
