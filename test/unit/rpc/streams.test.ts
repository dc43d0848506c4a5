import t from 'tap'
import { WebSocket } from 'ws'
import { methods } from '../../../src/api/contract.ts'
import { bind } from '../../../src/rpc/router.ts'
import { type TestServer, testServer } from '../../kit/rpc-server.ts'

/** A bare WebSocket that collects what comes, for tests of the protocol itself. */
async function rawSocket(
  s: TestServer,
  path = '/rpc/v1',
): Promise<{ ws: WebSocket; send(v: unknown): void; next(): Promise<any> }> {
  const ws = new WebSocket(`${s.url.replace('http', 'ws')}${path}`)
  const queue: unknown[] = []
  let wake: (() => void) | undefined
  ws.on('message', (data) => {
    queue.push(JSON.parse(String(data)))
    wake?.()
  })
  await new Promise((resolve, reject) => {
    ws.once('open', resolve)
    ws.once('error', reject)
  })
  return {
    ws,
    send: (v) => ws.send(typeof v === 'string' ? v : JSON.stringify(v)),
    async next() {
      while (queue.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      return queue.shift()
    },
  }
}

const head = { cids: [], blocks: [], height: 5 }

/** A stream that ends when it was left; `state` tells. */
function ticking(state: { started: number; ended: number }, limit = Number.POSITIVE_INFINITY) {
  return async function* () {
    state.started++
    try {
      for (let i = 0; i < limit; i++) {
        yield [{ type: i === 0 ? ('current' as const) : ('apply' as const), val: { ...head, height: i } }]
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
    } finally {
      state.ended++
    }
  }
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 10))
}

t.test('the channel protocol as Lotus clients speak it', async (t) => {
  const state = { started: 0, ended: 0 }
  const s = await testServer(t, [bind(methods.chainNotify, ticking(state, 3)), bind(methods.session, () => crypto.randomUUID())])
  const c = await rawSocket(s)
  c.send({ jsonrpc: '2.0', id: 1, method: 'Filecoin.ChainNotify', params: [] })
  t.same(await c.next(), { jsonrpc: '2.0', result: 1, id: 1 })
  const item = { Type: 'current', Val: { Cids: [], Blocks: [], Height: 0 } }
  t.same(await c.next(), { jsonrpc: '2.0', method: 'xrpc.ch.val', params: [1, [item]] })
  t.equal((await c.next()).params[1][0].Val.Height, 1)
  t.equal((await c.next()).params[1][0].Val.Height, 2)
  t.same(await c.next(), { jsonrpc: '2.0', method: 'xrpc.ch.close', params: [1] })
  t.same(state, { started: 1, ended: 1 })

  // Channels are numbered on; calls run beside them; answers of a peer and unknown control words are passed over.
  c.send({ jsonrpc: '2.0', id: 'two', method: 'Filecoin.ChainNotify', params: [] })
  t.same(await c.next(), { jsonrpc: '2.0', result: 2, id: 'two' })
  c.send({ jsonrpc: '2.0', id: 9, result: 1 })
  c.send({ jsonrpc: '2.0', method: 'xrpc.unknown', params: [] })
  c.send({ jsonrpc: '2.0', id: 3, method: 'Filecoin.Session' })
  const seen = []
  for (let i = 0; i < 5; i++) seen.push(await c.next())
  t.ok(seen.some((m) => m.id === 3 && typeof m.result === 'string'))
  t.same(seen.find((m) => m.method === 'xrpc.ch.close')?.params, [2])

  c.send('{')
  t.equal((await c.next()).error.code, -32700)
  c.send([
    { id: 4, method: 'Filecoin.Session' },
    { id: 5, method: 'Nope' },
  ])
  t.same(
    (await c.next()).map((a: any) => a.id),
    [4, 5],
  )
  c.send({ id: 6, method: 'Filecoin.ChainNotify', params: [1] })
  t.equal((await c.next()).error.code, -32602)
  c.ws.close()
})

t.test('cancel ends a channel and its source, also when the source is stuck', async (t) => {
  const state = { started: 0, ended: 0 }
  const signals: AbortSignal[] = []
  const s = await testServer(t, [
    bind(methods.chainNotify, ticking(state)),
    bind(methods.chainExport, async function* (_params, { signal }) {
      signals.push(signal)
      yield new Uint8Array([1])
      await new Promise(() => undefined)
    }),
    bind(
      methods.stateWaitMsg,
      (_params, { signal }) =>
        new Promise((_resolve, reject) => {
          signals.push(signal)
          signal.addEventListener('abort', () => reject(signal.reason), { once: true })
        }),
    ),
  ])
  const c = await rawSocket(s)
  c.send({ id: 1, method: 'Filecoin.ChainNotify' })
  await c.next()
  await c.next()
  c.send({ method: 'xrpc.cancel', params: [1] })
  while ((await c.next()).method !== 'xrpc.ch.close');
  await until(() => state.ended === 1)
  t.equal(state.ended, 1)

  c.send({ id: 2, method: 'Filecoin.ChainExport', params: [900, true, []] })
  t.equal((await c.next()).result, 2)
  t.same((await c.next()).params, [2, 'AQ=='])
  c.send({ method: 'xrpc.cancel', params: [2] })
  t.same((await c.next()).params, [2])
  t.equal(signals[0]?.aborted, true)

  const cid = { '/': 'bafy2bzacea3wsdh6y3a36tb3skempjoxqpuyompjbmfeyf34fi3uy6uue42v4' }
  c.send({ id: 3, method: 'Filecoin.StateWaitMsg', params: [cid, 1, -1, true] })
  await until(() => signals.length === 2)
  c.send({ method: 'xrpc.cancel', params: [3] })
  t.same((await c.next()).id, 3)

  // A client that goes takes its calls along.
  c.send({ id: 4, method: 'Filecoin.StateWaitMsg', params: [cid, 1, -1, true] })
  await until(() => signals.length === 3)
  c.ws.terminate()
  await until(() => signals[2]?.aborted === true)
  t.equal(signals[2]?.aborted, true)
  await until(() => s.server.openCalls === 0)
  t.equal(s.server.openCalls, 0)
})

t.test('a WebSocket needs a token that counts, and an endpoint', async (t) => {
  const s = await testServer(t, [bind(methods.logList, () => ['x'])])
  await t.rejects(rawSocket(s, '/rpc/v1?token=bad'), { message: /401/ })
  await t.rejects(rawSocket(s, '/rpc/v9'), { message: /404/ })
  const none = await rawSocket(s)
  none.send({ id: 1, method: 'Filecoin.LogList' })
  t.match((await none.next()).error.message, 'missing permission')
  const write = await rawSocket(s, `/rpc/v1?token=${s.token(['write'])}`)
  write.send({ id: 1, method: 'Filecoin.LogList' })
  t.same((await write.next()).result, ['x'])
  none.ws.close()
  write.ws.close()
})

t.test('the source is asked for no more than the client takes, and a client that takes nothing is dropped', async (t) => {
  let made = 0
  let ended = false
  const chunk = new Uint8Array(1 << 20)
  const s = await testServer(
    t,
    [
      bind(methods.chainExport, async function* () {
        try {
          for (;;) {
            made++
            yield chunk
          }
        } finally {
          ended = true
        }
      }),
    ],
    { init: { limits: { slowClientMs: 300 } } },
  )
  const c = await rawSocket(s)
  let closed = false
  c.ws.on('close', () => {
    closed = true
  })
  c.ws.pause()
  c.send({ id: 1, method: 'Filecoin.ChainExport', params: [900, true, []] })
  await until(() => made > 1)
  await new Promise((resolve) => setTimeout(resolve, 200))
  const early = made
  t.ok(early < 64, `${early} chunks of 1 MiB were made for a client that reads nothing`)
  await until(() => ended)
  t.ok(ended, 'the source was left')
  t.ok(made < 64)
  c.ws.resume()
  await until(() => closed)
  t.ok(closed, 'the connection was dropped')
})

t.test('silent connections are dropped, living ones are not', async (t) => {
  const s = await testServer(t, [bind(methods.session, () => crypto.randomUUID())], { init: { limits: { pingIntervalMs: 100 } } })
  const alive = await rawSocket(s)
  const deaf = new WebSocket(`${s.url.replace('http', 'ws')}/rpc/v1`, { autoPong: false })
  await new Promise((resolve) => deaf.once('open', resolve))
  await new Promise((resolve) => deaf.once('close', resolve))
  t.equal(alive.ws.readyState, WebSocket.OPEN)
  alive.send({ id: 1, method: 'Filecoin.Session' })
  t.equal((await alive.next()).id, 1)
  alive.ws.close()
})

t.test('closing ends streams and calls and says goodbye', async (t) => {
  const state = { started: 0, ended: 0 }
  const s = await testServer(t, [
    bind(methods.chainNotify, ticking(state)),
    bind(methods.closing, async function* (_params, { signal }) {
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    }),
  ])
  const c = await rawSocket(s)
  c.send({ id: 1, method: 'Filecoin.ChainNotify' })
  c.send({ id: 2, method: 'Filecoin.Closing' })
  await c.next()
  await c.next()
  const code = new Promise((resolve) => c.ws.once('close', resolve))
  await s.server.close()
  t.equal(await code, 1001)
  t.equal(state.ended, 1)
  await t.rejects(fetch(s.url))
})
