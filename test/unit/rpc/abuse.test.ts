import { connect, type Socket } from 'node:net'
import t from 'tap'
import { WebSocket } from 'ws'
import { methods } from '../../../src/api/contract.ts'
import { isDeeper } from '../../../src/rpc/envelope.ts'
import { Gate } from '../../../src/rpc/gate.ts'
import { bind } from '../../../src/rpc/router.ts'
import { testServer } from '../../kit/rpc-server.ts'

const session = bind(methods.session, () => '00000000-0000-4000-8000-000000000000')
const call = (id: number): string => `{"jsonrpc":"2.0","id":${id},"method":"Filecoin.Session"}`

/** Sends raw bytes and gives everything that comes back until the server closes the connection. */
function raw(port: number, send: (socket: Socket) => void): Promise<{ text: string; ms: number }> {
  return new Promise((resolve) => {
    const started = performance.now()
    const socket = connect(port, '127.0.0.1')
    let text = ''
    socket.on('data', (d) => {
      text += d
    })
    socket.on('error', () => undefined)
    socket.on('close', () => resolve({ text, ms: performance.now() - started }))
    send(socket)
  })
}

t.test('a request that is too large is refused, declared or not', async (t) => {
  const s = await testServer(t, [session], { init: { limits: { maxRequestBytes: 100_000 } } })
  const fits = `{"id":1,"method":"Filecoin.Session","x":"${'a'.repeat(99_900)}"}`
  t.equal((await s.post(fits)).status, 200)
  const refused = await s.post(' '.repeat(100_001))
  t.equal(refused.status, 413)
  t.equal(refused.json.error.code, -32700)
  t.match(refused.json.error.message, 'request bigger than maximum 100000 allowed')

  // Without a declared length: the server stops counting at the limit, however much would follow.
  const chunked = await raw(s.server.port, (socket) => {
    socket.write('POST /rpc/v1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n')
    const piece = `8000\r\n${'b'.repeat(0x8000)}\r\n`
    const push = (): void => {
      while (socket.writable && socket.write(piece));
    }
    socket.on('drain', push)
    push()
  })
  t.match(chunked.text, /^HTTP\/1.1 413/)

  // A declared length alone costs nothing.
  const declared = await raw(s.server.port, (socket) =>
    socket.write('POST /rpc/v1 HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n{'),
  )
  t.match(declared.text, /^HTTP\/1.1 413/)
  t.equal((await s.post(call(1))).status, 200, 'the server lives')
})

t.test('without a token less is taken, and all bodies together have a limit', async (t) => {
  const s = await testServer(t, [session], { init: { limits: { maxAnonymousRequestBytes: 1000, maxBodyBytes: 200_000 } } })
  const body = `{"id":1,"method":"Filecoin.Session","x":"${'a'.repeat(1000)}"}`
  t.equal((await s.post(body)).status, 413)
  t.equal((await s.post(body, '/rpc/v1', { Authorization: `Bearer ${s.token(['read'])}` })).status, 200)
  const dial = async (query: string): Promise<WebSocket> => {
    const ws = new WebSocket(`${s.url.replace('http', 'ws')}/rpc/v1${query}`)
    ws.on('error', () => undefined)
    await new Promise((resolve) => ws.once('open', resolve))
    ws.send(body)
    return ws
  }
  const stranger = await dial('')
  t.equal(await new Promise((resolve) => stranger.once('close', resolve)), 1009)
  const known = await dial(`?token=${s.token(['read'])}`)
  t.equal(JSON.parse(String(await new Promise((resolve) => known.once('message', resolve)))).id, 1)
  known.terminate()

  const large = `{"id":1,"method":"Filecoin.Session","x":"${'a'.repeat(300_000)}"}`
  const refused = await s.post(large, '/rpc/v1', { Authorization: `Bearer ${s.token(['read'])}` })
  t.equal(refused.status, 503)
  t.equal(refused.json.error.code, -32005)
  t.equal((await s.post(call(1))).status, 200, 'what was received is given back')
})

t.test('JSON that is nested 100,000 deep', async (t) => {
  const s = await testServer(t, [session])
  for (const body of [
    '['.repeat(100_000) + ']'.repeat(100_000),
    `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`,
    `{"id":1,"method":"Filecoin.Session","params":[${'['.repeat(100_000)}${']'.repeat(100_000)}]}`,
    '['.repeat(100_000),
  ]) {
    const answer = await s.post(body)
    t.equal(answer.status, 400)
    t.match(answer.json.error, { code: -32700, message: /nested deeper than 128/ })
  }
  // Brackets within text do not count.
  t.equal((await s.post(`{"id":1,"method":"Filecoin.Session","x":"\\"${'['.repeat(1000)}\\\\"}`)).status, 200)
  t.equal(isDeeper('[[["]]]"]]]', 3), false)
  t.equal(isDeeper('[[[["]]]"]]]]', 3), true)
  t.equal(isDeeper('"\\"[[[[', 3), false)
  t.equal(isDeeper('["\\\\",[[[]]]]', 3), true)
})

t.test('batches', async (t) => {
  const s = await testServer(t, [session])
  const many = await s.post(`[${Array.from({ length: 10_000 }, (_, i) => call(i)).join(',')}]`)
  t.equal(many.json.error.code, -32600)
  t.match(many.json.error.message, 'a batch of 10000 calls is larger than the limit of 1000')
  const allowed = await s.post(`[${Array.from({ length: 1000 }, (_, i) => call(i)).join(',')}]`)
  t.equal(allowed.json.length, 1000)
  t.same(
    allowed.json.map((a: any) => a.id),
    Array.from({ length: 1000 }, (_, i) => i),
  )
  const nested = await s.post(`[[${call(1)}]]`)
  t.equal(nested.json[0].error.code, -32600)

  const small = await testServer(t, [session], { init: { limits: { maxBatchAnswerBytes: 200, batchParallel: 1 } } })
  const cut = await small.post(`[${Array.from({ length: 10 }, (_, i) => call(i)).join(',')}]`)
  t.equal(cut.json.length, 10)
  t.ok(cut.json[0].result)
  t.equal(cut.json[9].error.code, -32005)
})

t.test('text that is not UTF-8, and JSON that is none', async (t) => {
  const s = await testServer(t, [session])
  for (const bytes of [
    Buffer.from([0xff, 0xfe, 0x00]),
    Buffer.concat([Buffer.from('{"id":1,"method":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]),
    Buffer.concat([Buffer.from('{"id":1,"method":"'), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('"}')]),
    Buffer.from('{"id":1,"method":"Filecoin.Session",}'),
    Buffer.from("{'id':1}"),
    Buffer.from('{"id":1}{"id":2}'),
    Buffer.from('NaN'),
  ]) {
    const answer = await s.post(bytes)
    t.equal(answer.status, 400)
    t.equal(answer.json.error.code, -32700)
  }
})

t.test('slow senders', async (t) => {
  const s = await testServer(t, [session], { init: { limits: { headersTimeoutMs: 300, requestTimeoutMs: 600 } } })
  const started: Promise<{ text: string; ms: number }>[] = []
  const drip = (head: string, piece: string) =>
    raw(s.server.port, (socket) => {
      socket.write(head)
      const timer = setInterval(() => socket.writable && socket.write(piece), 50)
      socket.once('close', () => clearInterval(timer))
    })
  started.push(drip('POST /rpc/v1 HTTP/1.1\r\nHost: x\r\n', 'X-A: b\r\n'))
  started.push(drip('POST /rpc/v1 HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n', ' '))
  for (const { text, ms } of await Promise.all(started)) {
    t.ok(ms < 3_000, `dropped after ${Math.round(ms)} ms`)
    t.match(text, /^(HTTP\/1.1 408|$)/)
  }
  t.equal((await s.post(call(1))).status, 200)
})

t.test('WebSocket messages', async (t) => {
  let open = 0
  const s = await testServer(
    t,
    [
      session,
      bind(methods.chainHead, () => {
        open++
        return new Promise(() => undefined)
      }),
    ],
    { init: { limits: { maxRequestBytes: 10_000, maxOpenCallsPerConnection: 10 } } },
  )
  const dial = async (): Promise<WebSocket> => {
    const ws = new WebSocket(`${s.url.replace('http', 'ws')}/rpc/v1`)
    await new Promise((resolve, reject) => ws.once('open', resolve).once('error', reject))
    return ws
  }
  const large = await dial()
  large.on('error', () => undefined)
  large.send(' '.repeat(10_001))
  t.equal(await new Promise((resolve) => large.once('close', resolve)), 1009, 'a message that is too large ends the connection')

  const badText = await dial()
  badText.on('error', () => undefined)
  badText.send(Buffer.from([0xff]), { binary: false })
  t.equal(await new Promise((resolve) => badText.once('close', resolve)), 1007)

  const busy = await dial()
  const answers: any[] = []
  busy.on('message', (d) => answers.push(JSON.parse(String(d))))
  for (let i = 0; i < 30; i++) busy.send(`{"id":${i},"method":"Filecoin.ChainHead"}`)
  for (let i = 0; i < 200 && answers.length < 20; i++) await new Promise((resolve) => setTimeout(resolve, 5))
  t.equal(open, 10, 'no more calls are begun than one connection may have')
  t.equal(answers.length, 20)
  t.ok(answers.every((a) => a.error.code === -32005))
  busy.send('{"method":"xrpc.cancel","params":"x"}')
  busy.send('{"method":"xrpc.cancel","params":[{}]}')
  busy.send('{"method":"xrpc.cancel"}')
  t.equal((await s.post(call(1))).status, 200, 'the server lives')
  busy.terminate()
})

t.test('more queries than the node takes', async (t) => {
  let running = 0
  let peak = 0
  let finish: () => void = () => undefined
  const decided = new Promise<void>((resolve) => {
    finish = resolve
  })
  const s = await testServer(t, [], {
    query: {
      async call() {
        peak = Math.max(peak, ++running)
        await decided
        running--
        return '1'
      },
    },
    init: { limits: { maxQueries: 4, maxWaitingQueries: 20 } },
  })
  const body = '{"id":1,"method":"Filecoin.ChainTipSetWeight","params":[[]]}'
  let refused = 0
  const answers = Array.from({ length: 60 }, async () => {
    const { json } = await s.post(body)
    // None of the others ends before the last refusal, so that no place is given twice.
    if (json.error?.code === -32005 && ++refused === 36) finish()
    return json
  })
  const all = await Promise.all(answers)
  t.equal(peak, 4)
  t.equal(all.filter((a) => a.result === 1).length, 24)
  t.equal(refused, 36)
})

t.test('integers of a million digits cost no more than their bytes', async (t) => {
  const s = await testServer(t, [session])
  const started = performance.now()
  const answer = await s.post(`{"id":1,"method":"Filecoin.Session","params":[${'9'.repeat(5_000_000)}]}`)
  t.equal(answer.json.error.code, -32602)
  const id = await s.post(`{"id":${'9'.repeat(5_000_000)},"method":"Filecoin.Session"}`)
  t.equal(id.json.error.code, -32600)
  t.ok(performance.now() - started < 2_000)
})

t.test('the gate', async (t) => {
  const gate = new Gate(1, 2)
  const never = new AbortController()
  let free: () => void = () => undefined
  const first = gate.run(
    () =>
      new Promise<void>((resolve) => {
        free = resolve
      }),
    never.signal,
  )
  const order: string[] = []
  const leaver = new AbortController()
  const second = gate.run(async () => order.push('second'), leaver.signal)
  const third = gate.run(async () => order.push('third'), never.signal)
  await t.rejects(
    gate.run(async () => order.push('fourth'), never.signal),
    { code: 'API_LIMIT' },
  )
  leaver.abort(new Error('gone'))
  await t.rejects(second, { message: 'gone' })
  t.equal(gate.waiting, 1)
  free()
  await Promise.all([first, third])
  t.same(order, ['third'])
  await t.rejects(
    gate.run(() => Promise.reject(new Error('failed')), never.signal),
    { message: 'failed' },
  )
  t.equal(gate.active, 0, 'a task that fails gives its place back')
  const gone = new AbortController()
  gone.abort(new Error('late'))
  await t.rejects(
    gate.run(async () => 1, gone.signal),
    { message: 'late' },
  )
})

t.test('wrong types in every parameter of every method are refused before anything runs', async (t) => {
  const { contract } = await import('../../../src/api/contract.ts')
  const { decodeParams } = await import('../../../src/api/method.ts')
  const { anyJson } = await import('../../../src/api/types/shape.ts')
  const wrong: unknown[] = [{ a: { b: [] } }, ['x'], 'not what it should be!', 1.5, -(2n ** 70n), 2n ** 70n]
  for (const def of contract.values()) {
    for (const [i, p] of def.params.entries()) {
      if ((p.codec as unknown) === anyJson) continue
      let refused = 0
      for (const value of wrong) {
        try {
          p.codec.fromJson(value, '')
        } catch {
          refused++
          const params: unknown[] = def.params.map(() => null)
          params[i] = value
          t.throws(() => decodeParams(def, params), { code: 'API_INVALID_PARAMS', rpcCode: -32700 }, `${def.id} ${p.name}`)
        }
      }
      t.ok(refused >= 4, `${def.id} ${p.name} refuses ${refused} of ${wrong.length}`)
    }
  }
})
