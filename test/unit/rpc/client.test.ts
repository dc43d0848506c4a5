import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { methods } from '../../../src/api/contract.ts'
import { RpcClient } from '../../../src/rpc/client.ts'
import { bind } from '../../../src/rpc/router.ts'
import { Address } from '../../../src/types/address.ts'
import { cidFromString } from '../../../src/types/cid.ts'
import { TipsetKey } from '../../../src/types/tipset.ts'
import { recordedAnswers } from '../../kit/rpc-answers.ts'
import { testServer } from '../../kit/rpc-server.ts'

const cid = cidFromString('bafy2bzacea3wsdh6y3a36tb3skempjoxqpuyompjbmfeyf34fi3uy6uue42v4')

t.test('typed calls', async (t) => {
  const seen: unknown[] = []
  const s = await testServer(t, [
    bind(methods.stateGetActor, ([address, key]) => {
      seen.push(address.toString('f'), key.cids.length)
      return { code: cid, head: cid, nonce: 2n ** 63n, balance: 10n ** 30n, delegatedAddress: null }
    }),
    bind(methods.authNew, ([perms]) => new TextEncoder().encode(perms.join('+'))),
    bind(methods.startTime, () => new Date(1_700_000_000_000)),
    bind(methods.shutdown, () => undefined),
    bind(methods.stateSearchMsg, () => null),
  ])
  const { api } = s.client()
  const actor = await api.stateGetActor([Address.fromId(1000n), TipsetKey.empty])
  t.equal(actor?.nonce, 2n ** 63n)
  t.equal(actor?.balance, 10n ** 30n)
  t.equal(actor?.code.toString(), cid.toString())
  t.same(seen, ['f01000', 0])
  t.equal(new TextDecoder().decode(await api.authNew([['read', 'admin']])), 'read+admin')
  t.equal((await api.startTime([])).getTime(), 1_700_000_000_000)
  t.equal(await api.shutdown([]), undefined)
  t.equal(await api.stateSearchMsg([TipsetKey.empty, cid, -1, true]), null)
  // The same client reaches a method of another endpoint.
  t.equal(await api.stateSearchMsgV0([cid]), null)
  const raw = (await s.client().callJson('Filecoin.StateGetActor', ['f01000', null])) as any
  t.equal(raw.Nonce, 2n ** 63n)
  t.equal(raw.Balance, '1000000000000000000000000000000')
})

t.test("Lotus's recorded answers come through server and client as they are", async (t) => {
  const answers = recordedAnswers(t, 'lotus-devnet-proofs')?.filter((a) => a.method === 'Filecoin.ChainGetTipSetByHeight')
  if (answers === undefined) return
  const s = await testServer(t, [], {
    query: { call: async (_id, params) => JSON.stringify(answers.find((a) => a.params[0] === (params as number[])[0])?.result) },
  })
  const { api } = s.client()
  for (const a of answers) {
    const tipset = await api.chainGetTipSetByHeight([a.params[0] as number, TipsetKey.empty])
    t.equal(tipset.height, (a.result as any).Height)
    t.same(
      tipset.cids.map((c) => c.toString()),
      (a.result as any).Cids.map((c: any) => c['/']),
    )
  }
})

t.test('errors have the number and the text of the node', async (t) => {
  const s = await testServer(t, [])
  const { api } = s.client(['read'])
  await t.rejects(api.logList([]), {
    code: 'RPC_ERROR',
    rpcCode: 1,
    message: "missing permission to invoke 'LogList' (need 'write')",
  })
  await t.rejects(api.version([]), { code: 'RPC_ERROR', rpcCode: -32601 })
  const stranger = new RpcClient({ url: s.url, token: 'a.b.c' })
  await t.rejects(stranger.api.version([]), { code: 'RPC_UNAUTHORIZED' })
  await t.rejects(
    async () => {
      for await (const _ of stranger.api.chainNotify([])) t.fail('no item')
    },
    { code: 'RPC_UNAUTHORIZED' },
  )
  await stranger.close()
  const lost = new RpcClient({ url: 'http://127.0.0.1:1', token: undefined })
  await t.rejects(lost.api.version([]), {
    code: 'RPC_UNREACHABLE',
    message: 'cannot reach the node at http://127.0.0.1:1: is the daemon running?',
  })
  await t.rejects(lost.api.chainNotify([])[Symbol.asyncIterator]().next(), { code: 'RPC_UNREACHABLE' })
  await lost.close()
  await t.rejects(lost.api.version([]), { code: 'RPC_CLOSED' })
})

t.test('timeouts, cancelling, and servers that are none', async (t) => {
  const signals: AbortSignal[] = []
  const s = await testServer(t, [
    bind(methods.chainHead, (_p, { signal }) => {
      signals.push(signal)
      return new Promise(() => undefined)
    }),
  ])
  const client = s.client(undefined, { timeoutMs: 100 })
  await t.rejects(client.api.chainHead([]), { code: 'RPC_TIMEOUT', message: /did not answer within 100 ms/ })
  for (let i = 0; i < 200 && signals[0]?.aborted !== true; i++) await new Promise((resolve) => setTimeout(resolve, 5))
  t.equal(signals[0]?.aborted, true, 'the node hears that nobody waits any more')
  const abort = new AbortController()
  const call = client.api.chainHead([], { signal: abort.signal, timeoutMs: 0 })
  setTimeout(() => abort.abort(new Error('enough')), 20)
  await t.rejects(call, { message: 'enough' })

  const fake = createServer((_request, response) => response.end('<html>')).listen(0, '127.0.0.1')
  await new Promise((resolve) => fake.once('listening', resolve))
  const stranger = new RpcClient(
    { url: `http://127.0.0.1:${(fake.address() as AddressInfo).port}`, token: undefined },
    { maxAnswerBytes: 1000 },
  )
  await t.rejects(stranger.api.version([]), { code: 'RPC_BAD_ANSWER' })
  fake.removeAllListeners('request')
  fake.on('request', (_request, response) => response.end('x'.repeat(2000)))
  await t.rejects(stranger.api.version([]), { code: 'RPC_BAD_ANSWER', message: /larger than the limit/ })
  fake.removeAllListeners('request')
  fake.on('request', (_request, response) => response.end('{"jsonrpc":"2.0","id":99,"result":1}'))
  await t.rejects(stranger.api.version([]), { code: 'RPC_BAD_ANSWER' })
  await stranger.close()
  await new Promise((resolve) => fake.close(resolve))
})

t.test('streams', async (t) => {
  let ended = 0
  const s = await testServer(t, [
    bind(methods.chainNotify, async function* () {
      try {
        for (let i = 0; ; i++) {
          yield [{ type: 'apply' as const, val: { cids: [cid], blocks: [], height: i } }]
          await new Promise((resolve) => setTimeout(resolve, 1))
        }
      } finally {
        ended++
      }
    }),
    bind(methods.chainExport, async function* ([roots]) {
      for (let i = 0; i < roots; i++) yield new Uint8Array(1 << 20).fill(i)
      yield new Uint8Array(0)
    }),
  ])
  const client = s.client()
  const heights: number[] = []
  for await (const changes of client.api.chainNotify([])) {
    heights.push(changes[0]?.val.height ?? -1)
    if (heights.length === 5) break
  }
  t.same(heights, [0, 1, 2, 3, 4])
  for (let i = 0; i < 200 && ended === 0; i++) await new Promise((resolve) => setTimeout(resolve, 5))
  t.equal(ended, 1, 'leaving the loop ends the source')

  // Two streams beside each other on one connection; the larger than what either side keeps.
  let bytes = 0
  let last: Uint8Array | undefined
  for await (const chunk of client.api.chainExport([48, true, TipsetKey.empty])) {
    bytes += chunk.length
    last = chunk
  }
  t.equal(bytes, 48 << 20)
  t.equal(last?.length, 0)

  const abort = new AbortController()
  await t.rejects(
    async () => {
      for await (const _ of client.api.chainNotify([], { signal: abort.signal })) abort.abort(new Error('enough'))
    },
    { message: 'enough' },
  )
  for (let i = 0; i < 200 && ended === 1; i++) await new Promise((resolve) => setTimeout(resolve, 5))
  t.equal(ended, 2)

  const open = client.api.chainNotify([])[Symbol.asyncIterator]()
  await open.next()
  await s.server.close()
  await t.rejects(async () => {
    for (;;) if ((await open.next()).done) throw new Error('ended')
  })
  t.equal(ended, 3)
})
