// Three nodes and two miners on a network of their own: one sender's nonce spent on each of the nodes, and a pool full of messages from
// which both miners take theirs at the same height.

import t from 'tap'
import { toJson } from '../../src/codec/codec.ts'
import type { FullNode } from '../../src/node/full-node.ts'
import { type CID, cidKey } from '../../src/types/cid.ts'
import { type SignedMessage, signedMessage, signedMessageCid } from '../../src/types/message.ts'
import { FIL } from '../../src/types/scalars.ts'
import type { Tipset } from '../../src/types/tipset.ts'
import { type Ensemble, ensemble } from '../kit/ensemble.ts'
import { figure } from '../kit/figures.ts'
import { type PoolKey, secpKey, transfer } from '../kit/mpool.ts'
import { until } from '../kit/net-pair.ts'
import { call } from '../kit/node-call.ts'
import { sharedData } from '../kit/shared-data.ts'

t.setTimeout(900_000)

const PATIENCE_MS = 400_000
const json = { addressPrefix: 't' } as const
const FEES = { gasFeeCap: 10_000_000n, gasPremium: 200_000n }

const linkOf = (cid: CID) => ({ '/': cid.toString() })
const push = (node: FullNode, m: SignedMessage) => call(node, 'MpoolPush', [toJson(signedMessage, m, json)])

/** Gives accounts their money and settles when all nodes know it. */
async function fund(net: Ensemble, keys: readonly PoolKey[], attoFil: bigint): Promise<void> {
  const [node] = net.nodes as [FullNode]
  let last: unknown
  for (const { address } of keys) {
    const message = {
      Version: 0,
      To: address.toString('t'),
      From: net.devnet.description.faucet,
      Nonce: 0,
      Value: attoFil.toString(),
      GasLimit: 20_000_000,
      GasFeeCap: '10000000',
      GasPremium: '200000',
      Method: 0,
      Params: null,
    }
    last = ((await call(node, 'MpoolPushMessage', [message, null])) as { CID: unknown }).CID
  }
  const { Height } = (await call(node, 'StateWaitMsg', [last, 0, -1, true])) as { Height: number }
  for (const n of net.nodes) await net.reached(n, Height + 1)
}

/** Stops the time and settles when every node has the first one's head. */
async function freeze(net: Ensemble): Promise<void> {
  const time = net.time as NonNullable<Ensemble['time']>
  time.limit = time.clock.now()
  const same = (): boolean => {
    const [first, ...others] = net.nodes.map((n) => n.chain.requireHead())
    return others.every((head) => head.equals(first as Tipset))
  }
  await until(same, PATIENCE_MS, 'one head')
}

function thaw(net: Ensemble): void {
  if (net.time !== undefined) net.time.limit = Number.POSITIVE_INFINITY
}

function* chainOf(node: FullNode): Generator<Tipset> {
  for (let at = node.chain.requireHead(); at.height > 0; at = node.chain.reader.parent(at)) yield at
}

/** Every message that blocks of the chain hold, each once for each block, with the height. */
function* mined(node: FullNode): Generator<{ signed: SignedMessage; height: number; block: number }> {
  for (const tipset of chainOf(node))
    for (const [block, header] of tipset.blocks.entries())
      for (const signed of node.chain.reader.messages(header).secp) yield { signed, height: tipset.height, block }
}

/** Settles when every sender's next nonce is `nonce` on every node's chain. */
async function spent(net: Ensemble, keys: readonly PoolKey[], nonce: number): Promise<void> {
  const nonceOf = async (node: FullNode, key: PoolKey): Promise<number> =>
    ((await call(node, 'StateGetActor', [key.address.toString('t'), []])) as { Nonce: number }).Nonce
  for (const node of net.nodes) {
    for (const key of keys) {
      let known = 0
      let asking: Promise<void> | undefined
      const look = (): boolean => {
        asking ??= nonceOf(node, key).then((n) => {
          known = n
          asking = undefined
        })
        return known >= nonce
      }
      await until(look, PATIENCE_MS, `nonce ${nonce} of ${key.address}`)
      await asking
    }
  }
}

t.test('double spends and a full pool on three nodes', async (t) => {
  if (sharedData(t, 'actors') === undefined) return
  const net = await ensemble(t, { blockDelaySecs: 30 })
    .fast()
    .fullNode()
    .miner()
    .miner()
    .fullNode()
    .fullNode()
    .start()
    .beginMining()
  const [node] = net.nodes as [FullNode, FullNode, FullNode]
  await net.reached(node, 2)

  await t.test('of a nonce that is spent on three nodes one message lands', async (t) => {
    const spends = figure(200, 60)
    const senders = Array.from({ length: 20 }, (_, i) => secpKey(i))
    const receivers = [300, 301, 302].map(secpKey)
    await fund(net, senders, FIL)
    await freeze(net)
    /** Every second one differs in its premium alone: the same call, as a sender makes it who is in a hurry. */
    const isSameCall = (nonce: number): boolean => nonce % 2 === 1
    const all: { variants: SignedMessage[]; accepted: boolean[]; nonce: number }[] = []
    for (let i = 0; i < spends; i++) {
      const key = senders[i % senders.length] as PoolKey
      const nonce = Math.floor(i / senders.length)
      const variants = receivers.map(({ address }, v) => {
        const changes = isSameCall(nonce)
          ? { to: receivers[0]?.address ?? address, gasPremium: FEES.gasPremium + BigInt(v) }
          : { to: address }
        return transfer(key, nonce, { ...FEES, gasLimit: 20_000_000n, ...changes })
      })
      const results = await Promise.allSettled(variants.map((m, v) => push(net.nodes[v] as FullNode, m)))
      all.push({ variants, accepted: results.map((r) => r.status === 'fulfilled'), nonce })
    }
    const conflicts = all.filter((s) => s.accepted.filter(Boolean).length > 1).length
    t.comment(`${conflicts} of ${spends} nonces had messages on more than one node at once`)
    t.ok(all.every((s) => s.accepted.some(Boolean)))
    thaw(net)
    await spent(net, senders, spends / senders.length)
    await freeze(net)

    const landed = new Map<string, Set<string>>()
    for (const { signed } of mined(net.nodes[2] as FullNode)) {
      const key = `${signed.message.from}/${signed.message.nonce}`
      landed.set(key, (landed.get(key) ?? new Set()).add(cidKey(signedMessageCid(signed))))
    }
    const search = (n: FullNode, m: SignedMessage, allowReplaced: boolean) =>
      call(n, 'StateSearchMsg', [[], linkOf(signedMessageCid(m)), -1, allowReplaced]) as Promise<{
        Message: { '/': string }
        Receipt: { ExitCode: number }
      } | null>
    let one = 0
    let told = 0
    let losers = 0
    for (const { variants, accepted, nonce } of all) {
      const onChain = landed.get(`${variants[0]?.message.from}/${nonce}`) ?? new Set()
      const won = variants.filter((m) => onChain.has(cidKey(signedMessageCid(m))))
      const [winner] = won
      if (onChain.size === 1 && won.length === 1) one++
      for (const [v, m] of variants.entries()) {
        // A node that refused a message does not know it.
        if (accepted[v] !== true) continue
        const n = net.nodes[v] as FullNode
        const found = await search(n, m, false)
        if (m === winner) {
          if (found?.Receipt.ExitCode === 0 && found.Message['/'] === String(signedMessageCid(m))) told++
          else t.fail('the winner is not told')
          continue
        }
        losers++
        if (found !== null) t.fail(`a loser is told as ${JSON.stringify(found)}`)
        if (isSameCall(nonce))
          t.equal((await search(n, m, true))?.Message['/'], winner && String(signedMessageCid(winner)), 'replaced')
        else await t.rejects(search(n, m, true), { message: /same nonce|equal nonce|replaced/ })
      }
    }
    t.equal(one, spends, 'exactly one of each lands')
    t.ok(told > 0)
    t.ok(losers > spends / 2, `${losers} losers are never told as a success`)
    for (const key of receivers) {
      const balances = await Promise.all(net.nodes.map((n) => call(n, 'WalletBalance', [key.address.toString('t')])))
      t.equal(new Set(balances).size, 1, 'all nodes agree on what was received')
    }
    const pending = await Promise.all(net.nodes.map((n) => call(n, 'MpoolPending', [[]])))
    t.same(pending.flat(), [], 'no loser stays in a pool')
    thaw(net)
  })

  await t.test('the blocks of two winners at a height hold no message twice', async (t) => {
    const senders = Array.from({ length: 40 }, (_, i) => secpKey(500 + i))
    const each = 10
    await fund(net, senders, FIL)
    await freeze(net)
    const from = node.chain.requireHead().height
    const sent = new Set<string>()
    for (const [i, key] of senders.entries()) {
      // Two blocks of a height have room for less than a third of them.
      const messages = Array.from({ length: each }, (_, nonce) => transfer(key, nonce, { ...FEES, gasLimit: 160_000_000n }))
      for (const m of messages) {
        await push(net.nodes[i % net.nodes.length] as FullNode, m)
        sent.add(cidKey(signedMessageCid(m)))
      }
    }
    let pending = 0
    let asking: Promise<void> | undefined
    const together = (): boolean => {
      asking ??= call(node, 'MpoolPending', [[]]).then((list) => {
        pending = (list as unknown[]).length
        asking = undefined
      })
      return pending === sent.size
    }
    await until(together, PATIENCE_MS, 'all messages at the miners’ node')
    await asking
    thaw(net)
    await spent(net, senders, each)
    await freeze(net)

    const byHeight = new Map<number, string[][]>()
    const times = new Map<string, number>()
    for (const { signed, height, block } of mined(net.nodes[1] as FullNode)) {
      const key = cidKey(signedMessageCid(signed))
      if (height <= from || !sent.has(key)) continue
      const blocks = byHeight.get(height) ?? []
      byHeight.set(height, blocks)
      blocks[block] ??= []
      blocks[block].push(key)
      times.set(key, (times.get(key) ?? 0) + 1)
    }
    t.equal(times.size, sent.size, 'every message is in a block')
    t.ok(
      [...times.values()].every((n) => n === 1),
      'and in one alone',
    )
    const both = [...byHeight.values()].filter((blocks) => blocks.filter((b) => b !== undefined && b.length > 0).length === 2)
    t.comment(
      `${both.length} heights with messages in the blocks of both: ${both.map((b) => b.map((x) => x.length).join('+')).join(', ')}`,
    )
    t.ok(both.length >= 1, 'both made blocks with messages at the same height')
    for (const [height, blocks] of byHeight) t.equal(new Set(blocks.flat()).size, blocks.flat().length, `height ${height}`)
    thaw(net)
  })

  await t.test('what is asked of a miner’s base at its edges', async (t) => {
    await freeze(net)
    const { height } = node.chain.requireHead()
    const base = (epoch: number) => call(node, 'MinerGetBaseInfo', ['t01000', epoch, []])
    t.match(await base(height), { BeaconEntries: null, EligibleForMining: true }, 'at its own height')
    await t.rejects(base(height + 50), { message: /round \d+ of the drand network \w+ is not out yet: it is due at/ })
    thaw(net)
  })
})
