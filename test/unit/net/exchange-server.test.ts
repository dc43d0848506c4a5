// What the exchange's server says, byte for byte, and whom it lets in.

import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { decode, encode } from '../../../src/codec/codec.ts'
import { configureLogging } from '../../../src/lib/log.ts'
import { Admission } from '../../../src/net/exchange/admission.ts'
import { readerSource } from '../../../src/net/exchange/source.ts'
import { Slice } from '../../../src/net/time-slice.ts'
import { blockHeader } from '../../../src/types/block.ts'
import {
  CHAIN_EXCHANGE_PROTOCOL,
  compactedMessages,
  ExchangeStatus,
  exchangeLimits,
  exchangeRequest,
  exchangeResponse,
} from '../../../src/types/wire/chain-exchange.ts'
import { compactMessages } from '../../kit/compact-messages.ts'
import { hostile, stillServes, target } from '../../kit/hostile-peer.ts'
import { readChain, until } from '../../kit/net-pair.ts'
import { sharedData } from '../../kit/shared-data.ts'
import { wireRecords } from '../../kit/wire-records.ts'

configureLogging({ level: 'fatal' })

const toHex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex')

t.test('headers and messages are sent as they are stored: the bytes of their encodings', async (t) => {
  for (const name of ['lotus-devnet-proofs', 'lotus-devnet']) {
    const folder = sharedData(t, 'chains', name)
    if (folder === undefined) return
    const { head, reader } = readChain(folder)
    const source = readerSource(reader)
    let differ = 0
    let shared = 0
    for (let x = head; x.height > 0; x = reader.parent(x)) {
      const compact = compactMessages(x.blocks.map((b) => reader.messages(b)))
      const all = [...compact.blsIncludes, ...compact.secpkIncludes].reduce((n, list) => n + list.length, 0)
      if (all > compact.bls.length + compact.secpk.length) shared++
      if (toHex(await source.messages(x, new Slice('serving'))) !== toHex(encode(compactedMessages, compact))) differ++
      const headers = x.blocks.map((b) => toHex(encode(blockHeader, b)))
      if ((source.headers(x) ?? []).map(toHex).join() !== headers.join()) differ++
    }
    t.equal(differ, 0, name)
    t.comment(`${name}: ${shared} tipsets with a message in two blocks`)
  }
})

t.test('asked as a Lotus was, it answers with the same bytes', async (t) => {
  const all = wireRecords(t)
  const at = await target(t)
  if (all === undefined || at === undefined) return
  const records = all.filter((r) => r.what === 'chain exchange')
  const peer = await hostile(t)
  const connection = await peer.dial(at.node)
  let equal = 0
  for (const record of records) {
    const request = Buffer.from(record.request!, 'hex')
    const lotus = decode(exchangeResponse, Buffer.from(record.response!, 'hex'), exchangeLimits)
    const bytes = await peer.ask(connection, CHAIN_EXCHANGE_PROTOCOL, request)
    const ours = decode(exchangeResponse, bytes as Uint8Array, exchangeLimits)
    if (lotus.status === ExchangeStatus.ok || lotus.status === ExchangeStatus.partial) {
      t.equal(toHex(bytes), record.response!)
      equal++
      continue
    }
    // Lotus calls a tipset that it lacks an internal error (chain/exchange/server.go); the protocol has a status of its own for it.
    const expected = lotus.status === ExchangeStatus.internalError ? ExchangeStatus.notFound : lotus.status
    t.equal(ours.status, expected, `${lotus.errorMessage}; ours: ${ours.errorMessage}`)
  }
  t.ok(equal >= 5, `${equal} of ${records.length} answers are chains`)
})

t.test('whoever has to wait is let in in order, within what one peer may have', async (t) => {
  const { signal } = new AbortController()
  const admission = new Admission({ maxConcurrent: 3, maxConcurrentPerPeer: 2, maxWaitMs: 60_000 })
  const log: string[] = []
  const enter = (peer: string, name: string): void => {
    void admission.enter(peer, signal).then((admitted) => log.push(`${name} ${admitted ? 'in' : 'away'}`))
  }
  for (const name of ['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'c1']) enter(name[0] as string, name)
  await sleep(0)
  t.same(log, ['a1 in', 'a2 in', 'b1 in'])
  t.equal(admission.active, 3)
  admission.leave('b')
  await sleep(0)
  t.same(log.slice(3), ['b2 in'], 'a3 came before, but its peer has two')
  admission.leave('a')
  await sleep(0)
  t.same(log.slice(4), ['a3 in'])
  admission.leave('b')
  admission.leave('a')
  admission.leave('a')
  await sleep(0)
  t.same(log.slice(5), ['c1 in', 'a4 in'])
  t.equal(admission.active, 2)
  admission.leave('a')
  admission.leave('c')
  t.equal(admission.active, 0)
})

t.test('who waits too long is turned away, and leaves no trace', async (t) => {
  const stopping = new AbortController()
  const admission = new Admission({ maxConcurrent: 1, maxConcurrentPerPeer: 1, maxWaitMs: 5 })
  t.equal(await admission.enter('a', stopping.signal), true)
  t.equal(await admission.enter('b', stopping.signal), false)
  admission.leave('a')
  t.equal(admission.active, 0, 'the place was not given to one who had gone')
  t.equal(await admission.enter('b', stopping.signal), true)
  const waiting = admission.enter('c', stopping.signal)
  stopping.abort()
  t.equal(await waiting, false)
  t.equal(await admission.enter('d', stopping.signal), false)
})

t.test('16 requests at once, as a Lotus that syncs sends them, are all answered', async (t) => {
  const at = await target(t)
  if (at === undefined) return
  const peer = await hostile(t)
  const connection = await peer.dial(at.node)
  const request = encode(exchangeRequest, { head: [...at.chain.head.cids], length: 8n, options: 2n })
  const answers = await Promise.all(
    Array.from({ length: 16 }, () => peer.ask(connection, CHAIN_EXCHANGE_PROTOCOL, request, 30_000)),
  )
  t.same(
    answers.map((a) => decode(exchangeResponse, a as Uint8Array, exchangeLimits).status),
    Array.from({ length: 16 }, () => ExchangeStatus.ok),
  )
})

t.test('a peer that opens streams without end is turned away', async (t) => {
  const at = await target(t)
  if (at === undefined) return
  const { node, chain } = at
  const peer = await hostile(t)
  const connection = await peer.dial(node)
  // Nothing is said on them; the node waits for 24 requests, and resets what is more.
  for (let i = 0; i < 2000 && !node.gater.isBlocked(peer.id); i++) {
    await connection.newStream(CHAIN_EXCHANGE_PROTOCOL, { maxOutboundStreams: 100_000 }).catch(() => {})
  }
  await until(() => node.view.connectedness(peer.id) === 0, 3000, 'the end of the connection')
  t.ok(node.gater.isBlocked(peer.id))
  await stillServes(t, node, chain)
})
