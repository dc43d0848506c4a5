// Waiting for messages over changes of the head, and double spends (limits-and-incidents S9; the incident of March 2021, when a
// replaced message was reported as executed).

import t from 'tap'
import { encode } from '../../../src/codec/codec.ts'
import { mainnet } from '../../../src/networks/mainnet.ts'
import { searchForWait, type WaitSearch, waitForMessage } from '../../../src/node/wait-message.ts'
import { NO_LIMIT, searchMessage } from '../../../src/state/message-search.ts'
import type { StateManager } from '../../../src/state/state-manager.ts'
import { ChainReader } from '../../../src/store/chain-reader.ts'
import type { ChainStore } from '../../../src/store/chain-store.ts'
import { blockHeader } from '../../../src/types/block.ts'
import { type CID, cidKey } from '../../../src/types/cid.ts'
import { type Message, type SignedMessage, signedMessage, signedMessageCid } from '../../../src/types/message.ts'
import { messageReceipt } from '../../../src/types/receipt.ts'
import { Tipset } from '../../../src/types/tipset.ts'
import { legacyAmt, testChain } from '../../kit/fork-chain.ts'
import { secpKey, seeded, transfer } from '../../kit/mpool.ts'

const key = secpKey(1)

/** A chain whose states are the nonce of one sender, which follows from the messages. */
class Chain {
  readonly blocks = testChain()
  readonly reader = new ChainReader(this.blocks.store)
  readonly #listeners = new Set<(changes: [], head: Tipset) => void>()
  readonly #nonces = new Map<string, bigint>()
  head = this.blocks.genesis()

  /** A tipset with messages on top of another; its receipts are told by the next one. */
  on(parent: Tipset, messages: readonly SignedMessage[] = [], nullRounds = 0): Tipset {
    const plain = this.blocks.extend(parent, { nullRounds, contents: [{ secp: messages }] })
    const receipts = this.reader
      .messagesForTipset(parent)
      .map((_, i) => encode(messageReceipt, { exitCode: 0, return: new Uint8Array(0), gasUsed: BigInt(i + 1), eventsRoot: null }))
    const root = legacyAmt(this.blocks.put, receipts)
    const header = { ...plain.first, parentMessageReceipts: root }
    this.blocks.put(encode(blockHeader, header))
    return Tipset.create([header])
  }

  put(m: SignedMessage): CID {
    return this.blocks.put(encode(signedMessage, m))
  }

  move(head: Tipset): void {
    this.head = head
    for (const listener of [...this.#listeners]) listener([], head)
  }

  /** The sender's nonce before a tipset's messages. */
  #nonce(tipset: Tipset): bigint {
    if (tipset.height === 0) return 0n
    const known = this.#nonces.get(tipset.key.id)
    if (known !== undefined) return known
    const parent = this.reader.parent(tipset)
    const own = this.reader.messagesForTipset(parent).filter((m) => 'signature' in m && m.message.from.equals(key.address))
    const nonce = this.#nonce(parent) + BigInt(own.length)
    this.#nonces.set(tipset.key.id, nonce)
    return nonce
  }

  readonly sm = {
    network: mainnet,
    chain: this.reader,
    parentState: (tipset: Tipset) => ({
      getActor: () => ({ nonce: this.#nonce(tipset) }),
      lookupId: () => 100n,
    }),
  } as unknown as StateManager

  readonly store = {
    requireHead: () => this.head,
    onHeadChange: (listener: (changes: [], head: Tipset) => void) => {
      this.#listeners.add(listener)
      return () => this.#listeners.delete(listener)
    },
  } as unknown as ChainStore

  get waiting(): number {
    return this.#listeners.size
  }

  readonly searches: WaitSearch[] = []

  wait(cid: CID, options: { confidence?: number; limit?: number; allowReplaced?: boolean; signal?: AbortSignal } = {}) {
    const { confidence = 0, limit = NO_LIMIT, allowReplaced = false, signal = new AbortController().signal } = options
    const search = async (s: WaitSearch): Promise<string | undefined> => {
      this.searches.push(s)
      return searchForWait(this.sm, s)
    }
    return waitForMessage({ chain: this.store, search }, { cid, confidence, limit, allowReplaced }, signal)
  }
}

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5))

t.test('a wait ends when the message stands deep enough, and starts anew when it is reverted', async (t) => {
  const c = new Chain()
  const m = transfer(key, 0)
  const cid = c.put(m)
  const one = c.on(c.head)
  c.move(one)
  let found: Awaited<ReturnType<Chain['wait']>> | undefined
  const waiting = c.wait(cid, { confidence: 2 }).then((f) => {
    found = f
  })
  await settle()
  const a = c.on(one, [m])
  c.move(a)
  const a1 = c.on(a)
  c.move(a1)
  c.move(c.on(a1))
  await settle()
  t.equal(found, undefined, 'executed one epoch ago')
  const b = c.on(one, [], 3)
  c.move(b)
  const b1 = c.on(b, [], 3)
  c.move(b1)
  await settle()
  t.equal(found, undefined, 'it was reverted, however high the new chain is')
  const b2 = c.on(b1, [m])
  c.move(b2)
  const b3 = c.on(b2)
  c.move(c.on(b3, [], 1))
  await waiting
  t.equal(found?.height, b3.height)
  t.equal(found?.tipset.id, b3.key.id, 'the tipset whose state holds it')
  t.equal(String(found?.message), String(cid))
  t.equal(found?.receipt.gasUsed, 1n)
  t.equal(c.waiting, 0, 'nothing is left behind')
})

t.test('what was executed before the call', async (t) => {
  const c = new Chain()
  const m = transfer(key, 0)
  const cid = c.put(m)
  let at = c.on(c.on(c.head, [m]))
  const executed = at
  for (let i = 0; i < 10; i++) at = c.on(at)
  c.move(at)
  t.equal((await c.wait(cid, { confidence: 5 })).height, executed.height)
  t.equal((await c.wait(cid, { limit: 11 })).height, executed.height)
  const stop = new AbortController()
  const near = c.wait(cid, { limit: 5, signal: stop.signal })
  await settle()
  c.move(c.on(at))
  await settle()
  t.same(
    c.searches.slice(-2).map((s) => s.limit),
    [5, 6],
    'the look-back starts at the first head',
  )
  stop.abort()
  await t.rejects(near, { code: 'API_CANCELLED' })
  t.equal(c.waiting, 0)
})

t.test('limits', async (t) => {
  const c = new Chain()
  const cid = c.put(transfer(key, 0))
  await t.rejects(c.wait(cid, { confidence: 901 }), { code: 'API_CONFIDENCE', message: /exceeds maximum: 901 > 900/ })
  const unknown = signedMessageCid(transfer(key, 77))
  await t.rejects(c.wait(unknown), { code: 'STORE_BLOCK_MISSING' }, 'a message that nobody has is not waited for')
  await t.rejects(c.wait(cid, { signal: AbortSignal.abort() }), { code: 'API_CANCELLED' })
})

t.test('200 double spends: one lands, and no other is ever reported as executed', async (t) => {
  const c = new Chain()
  const random = seeded(9)
  const pick = (n: number): number => Math.floor(random() * n)
  const rounds: { readonly all: readonly SignedMessage[]; readonly winner: SignedMessage }[] = []
  let at = c.head
  for (let nonce = 0; nonce < 200; nonce++) {
    // To three nodes: the same for another fee, or another amount.
    const all = [0, 1, 2].map((i) => {
      const changes: Partial<Message> = pick(2) === 0 ? { gasPremium: 100_000n + BigInt(i) } : { value: BigInt(10 + i) }
      const m = transfer(key, nonce, { ...changes, gasFeeCap: 2_000_000n + BigInt(i) })
      c.put(m)
      return m
    })
    const winner = all[pick(3)] as SignedMessage
    rounds.push({ all, winner })
    at = c.on(at, [winner], pick(2))
  }
  const head = c.on(at)
  c.move(head)
  let replaced = 0
  let foreign = 0
  for (const { all, winner } of rounds) {
    for (const m of all) {
      const cid = signedMessageCid(m)
      const look = (allowReplaced: boolean) => {
        try {
          return searchMessage(c.sm, head, cid, NO_LIMIT, allowReplaced)
        } catch (error) {
          return (error as { code: string }).code
        }
      }
      if (m === winner) {
        t.equal(String((look(false) as { message: CID }).message), String(cid))
        continue
      }
      t.equal(look(false), 'STATE_MESSAGE_REPLACED')
      await t.rejects(c.wait(cid), { code: 'STATE_MESSAGE_REPLACED' }, 'a wait for it ends at once')
      const instead = look(true)
      const same = m.message.value === winner.message.value
      if (same) {
        replaced++
        t.equal(
          cidKey((instead as { message: CID }).message),
          cidKey(signedMessageCid(winner)),
          'who asks for replacements learns which one it is',
        )
      } else {
        foreign++
        t.equal(instead, 'STATE_MESSAGE_REPLACED', 'another amount is no replacement')
      }
    }
  }
  t.ok(replaced > 5 && foreign > 5)
})
