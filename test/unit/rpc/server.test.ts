import t from 'tap'
import { methods } from '../../../src/api/contract.ts'
import { actorNotFound, nullRound } from '../../../src/api/errors.ts'
import { allPermissions } from '../../../src/api/method.ts'
import { NodeError } from '../../../src/lib/errors.ts'
import { bind } from '../../../src/rpc/router.ts'
import { testServer } from '../../kit/rpc-server.ts'

const call = (method: string, params: unknown[] = [], id: unknown = 1): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method, params })

const logs: string[] = []
const handlers = [
  bind(methods.version, (_p, { apiVersion }) => ({
    version: '1.2.3',
    apiVersion: apiVersion === 'v0' ? 0x010500 : 0x020300,
    blockDelay: 30n,
    agent: 'test',
  })),
  bind(methods.logList, () => ['a', 'b']),
  bind(methods.logSetLevel, ([subsystem, level]) => {
    logs.push(`${subsystem}=${level}`)
  }),
  bind(methods.shutdown, () => {
    throw new Error('boom')
  }),
  bind(methods.chainDeleteObj, () => {
    throw actorNotFound()
  }),
  bind(methods.chainSetHead, () => {
    throw nullRound(7)
  }),
  bind(methods.authNew, async () => {
    throw new NodeError('TEST', 'it failed', { hint: 'do better', cause: new Error('disk') })
  }),
  bind(methods.stateWaitMsg, ([, confidence, limit, replaced]) => {
    throw new NodeError('TEST', `${confidence} ${limit} ${replaced}`)
  }),
]

t.test('endpoints, versions and errors', async (t) => {
  const s = await testServer(t, handlers)
  const admin = { Authorization: `Bearer ${s.token(allPermissions)}` }

  const version = await s.post(call('Filecoin.Version'))
  t.equal(version.status, 200)
  t.equal(
    version.text,
    '{"jsonrpc":"2.0","result":{"Version":"1.2.3","APIVersion":131840,"BlockDelay":30,"Agent":"test"},"id":1}',
  )
  t.equal((await s.post(call('Filecoin.Version'), '/rpc/v0')).json.result.APIVersion, 0x010500)
  t.equal((await s.post(call('Filecoin.Version'), '/rpc/v2')).json.error.code, -32601)
  t.equal((await s.post(call('Filecoin.Version'), '/rpc/v3')).status, 404)
  t.equal((await s.post(call('Filecoin.Version'), '/')).status, 404)
  t.equal((await fetch(`${s.url}/rpc/v1`)).status, 405)
  t.equal((await fetch(`${s.url}/health/livez`)).status, 200)
  t.equal((await fetch(`${s.url}/health/readyz`)).status, 200)

  t.same((await s.post(call('Filecoin.Nothing'))).json, {
    jsonrpc: '2.0',
    error: {
      code: -32601,
      message: "method 'Filecoin.Nothing' not found",
      data: { code: 'API_METHOD_NOT_FOUND' },
    },
    id: 1,
  })
  // Declared, but nobody answers it here.
  t.equal((await s.post(call('Filecoin.ChainHead'))).json.error.code, -32601)
  t.equal((await s.post(call('Filecoin.ChainNotify'))).json.error.code, -32601)
  t.match((await s.post(call('Filecoin.ChainNotify'))).json.error.message, 'no out channel support')
  t.equal((await s.post(call('__proto__'))).json.error.code, -32601)

  t.same(
    (
      await s.post(
        call('Filecoin.ChainDeleteObj', [{ '/': 'bafy2bzacea3wsdh6y3a36tb3skempjoxqpuyompjbmfeyf34fi3uy6uue42v4' }]),
        '/rpc/v1',
        admin,
      )
    ).json.error,
    {
      code: 11,
      message: 'actor not found',
      data: { code: 'API_ACTOR_NOT_FOUND' },
    },
  )
  t.equal((await s.post(call('Filecoin.ChainSetHead', [null]), '/rpc/v1', admin)).json.error.code, 12)
  t.same((await s.post(call('Filecoin.AuthNew', [['read']]), '/rpc/v1', admin)).json.error, {
    code: 1,
    message: 'it failed: disk',
    data: { code: 'TEST', hint: 'do better' },
  })
  t.same((await s.post(call('Filecoin.Shutdown'), '/rpc/v1', admin)).json.error, { code: -32603, message: 'boom' })
  t.equal((await s.post(call('Filecoin.AuthNew', [['root']]), '/rpc/v1', admin)).json.error.code, -32700)
  t.equal((await s.post(call('Filecoin.AuthNew', []), '/rpc/v1', admin)).json.error.code, -32602)

  // v0's shorter list reaches the same handler with the rest filled in.
  const cid = { '/': 'bafy2bzacea3wsdh6y3a36tb3skempjoxqpuyompjbmfeyf34fi3uy6uue42v4' }
  t.equal((await s.post(call('Filecoin.StateWaitMsg', [cid, 3]), '/rpc/v0')).json.error.message, '3 -1 true')
  t.equal((await s.post(call('Filecoin.StateWaitMsgLimited', [cid, 3, 9]), '/rpc/v0')).json.error.message, '3 9 true')
  t.equal((await s.post(call('Filecoin.StateWaitMsg', [cid, 3]), '/rpc/v1')).json.error.code, -32602)
  t.equal((await s.post(call('Filecoin.StateWaitMsg', [cid, 'x']), '/rpc/v0')).json.error.code, -32700)
})

t.test('permissions', async (t) => {
  const s = await testServer(t, handlers)
  const as = (...perms: Parameters<typeof s.token>[0]): Record<string, string> => ({ Authorization: `Bearer ${s.token(perms)}` })
  t.same((await s.post(call('Filecoin.LogList'))).json.error, {
    code: 1,
    message: "missing permission to invoke 'LogList' (need 'write')",
    data: { code: 'API_PERMISSION' },
  })
  t.equal((await s.post(call('Filecoin.LogList'), '/rpc/v1', as('read', 'sign', 'admin'))).json.error.code, 1)
  t.same((await s.post(call('Filecoin.LogList'), '/rpc/v1', as('write'))).json.result, ['a', 'b'])
  // The tags do not imply each other.
  t.match((await s.post(call('Filecoin.Version'), '/rpc/v1', as('write'))).json.error.message, "need 'read'")
  t.equal((await s.post(call('Filecoin.Version'), '/rpc/v1', { Authorization: 'Bearer x.y.z' })).status, 401)
  t.equal((await s.post(call('Filecoin.Version'), '/rpc/v1', { Authorization: s.token(['read']) })).status, 401)
  t.equal((await s.post(call('Filecoin.LogList'), `/rpc/v1?token=${s.token(['write'])}`)).json.result.length, 2)
  t.equal((await s.post(call('Filecoin.LogList'), '/rpc/v1?token=x')).status, 401)
  t.equal((await s.post(call('Filecoin.Version'), '/rpc/v1?token=')).status, 200)
})

t.test('envelopes', async (t) => {
  const s = await testServer(t, handlers)
  const admin = { Authorization: `Bearer ${s.token(allPermissions)}` }
  const id = async (body: string): Promise<string> => (await s.post(body)).text.replace(/.*"id":/, '').replace(/}$/, '')
  t.equal(await id(call('Filecoin.Version', [], 'abc')), '"abc"')
  t.equal(await id(call('Filecoin.Version', [], null)), 'null')
  t.equal(await id('{"id":12345678901234567890,"method":"Filecoin.Version"}'), '12345678901234567890')
  t.equal(await id('{"id":1.5,"method":"Filecoin.Version"}'), '1.5')
  t.equal((await s.post('{"id":{},"method":"Filecoin.Version"}')).json.error.code, -32600)
  t.equal((await s.post('{"id":1}')).json.error.code, -32600)
  t.equal((await s.post('{"id":1,"method":7}')).json.id, 1)
  t.equal((await s.post('7')).json.error.code, -32600)
  t.equal((await s.post('null')).json.error.code, -32600)
  t.same(await s.post(''), {
    status: 400,
    text: '{"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid request: it is empty","data":{"code":"API_INVALID_PARAMS"}},"id":null}',
    json: {
      jsonrpc: '2.0',
      error: { code: -32600, message: 'Invalid request: it is empty', data: { code: 'API_INVALID_PARAMS' } },
      id: null,
    },
  })
  t.equal((await s.post('{')).status, 400)
  t.equal((await s.post('{')).json.error.code, -32700)
  t.equal((await s.post('{"id":1,"method":"Filecoin.Version","params":{}}')).json.error.code, -32700)
  t.ok((await s.post('{"id":1,"method":"Filecoin.Version","params":null}')).json.result)

  // Notifications are carried out and not answered.
  const silent = await s.post('{"jsonrpc":"2.0","method":"Filecoin.LogSetLevel","params":["a","debug"]}', '/rpc/v1', admin)
  t.same(silent, { status: 200, text: '', json: undefined })
  t.same(logs, ['a=debug'])

  const batch = await s.post(`[${call('Filecoin.Version')},{"method":"Filecoin.Version"},${call('Nope', [], 'x')},3]`)
  t.same(
    batch.json.map((a: any) => [a.id, a.error?.code]),
    [
      [1, undefined],
      ['x', -32601],
      [null, -32600],
    ],
  )
  t.equal((await s.post('[]')).json.error.code, -32600)
  t.same(await s.post('[{"method":"Filecoin.Version"}]'), { status: 200, text: '', json: undefined })
})

t.test('queries go to the pool and their text is passed on as it is', async (t) => {
  const asked: unknown[] = []
  const s = await testServer(t, handlers, {
    query: {
      async call(id, params, ctx) {
        asked.push([id, params, ctx.apiVersion])
        if (id === 'Filecoin.StateSearchMsg') return '{"Receipt":{"ExitCode":0,"GasUsed":12345678901234567890}}'
        if (id === 'Filecoin.StateSectorPreCommitInfo') return 'null'
        return '{"exact":  12345678901234567890}'
      },
    },
  })
  const answer = await s.post(call('Filecoin.ChainTipSetWeight', [[]]))
  t.equal(answer.text, '{"jsonrpc":"2.0","result":{"exact":  12345678901234567890},"id":1}')
  await s.post(call('Filecoin.StateGetActor', ['t01', { tag: 'latest' }]), '/rpc/v2')
  t.same(asked, [
    ['Filecoin.ChainTipSetWeight', [[]], 'v1'],
    ['v2/Filecoin.StateGetActor', ['t01', { tag: 'latest' }], 'v2'],
  ])
  const cid = { '/': 'bafy2bzacea3wsdh6y3a36tb3skempjoxqpuyompjbmfeyf34fi3uy6uue42v4' }
  const receipt = await s.post(call('Filecoin.StateGetReceipt', [cid, []]), '/rpc/v0')
  t.equal(receipt.text, '{"jsonrpc":"2.0","result":{"ExitCode":0,"GasUsed":12345678901234567890},"id":1}')
  t.same(asked.at(-1), ['Filecoin.StateSearchMsg', [[], cid, -1, true], 'v0'])
  t.equal((await s.post(call('Filecoin.StateSectorPreCommitInfo', ['t01000', 1, []]), '/rpc/v0')).json.error.code, 1)
  t.equal((await s.post(call('Filecoin.StateSectorPreCommitInfo', ['t01000', 1, []]))).json.result, null)
})

t.test('further routes, health and origins', async (t) => {
  let ready = false
  const s = await testServer(t, handlers, {
    components: {
      health: { live: () => true, ready: () => ready },
      routes: [
        {
          match: (method, path) => method === 'GET' && path === '/debug/metrics',
          handle(_request, response, { perms }) {
            response.end(`metrics for ${perms.join(' ')}`)
          },
        },
        {
          match: (_method, path) => path === '/broken',
          handle() {
            throw new Error('broken')
          },
        },
      ],
    },
    init: { allowedOrigins: ['https://wallet.example'] },
  })
  t.equal(await (await fetch(`${s.url}/debug/metrics`)).text(), 'metrics for read')
  t.equal((await fetch(`${s.url}/broken`)).status, 500)
  t.equal((await fetch(`${s.url}/health/readyz`)).status, 503)
  ready = true
  t.equal((await fetch(`${s.url}/health/readyz`)).status, 200)
  const preflight = async (origin: string): Promise<string | null> => {
    const answer = await fetch(`${s.url}/rpc/v1`, { method: 'OPTIONS', headers: { Origin: origin } })
    t.equal(answer.status, 204)
    return answer.headers.get('access-control-allow-origin')
  }
  t.equal(await preflight('https://wallet.example'), 'https://wallet.example')
  t.equal(await preflight('https://evil.example'), null)
})

t.test('what ended is observed under names of the contract alone', async (t) => {
  const seen: unknown[] = []
  const s = await testServer(t, handlers, {
    components: { observer: { onCall: (method, ms, failed) => seen.push([method, ms >= 0, failed]) } },
  })
  await s.post(`[${call('Filecoin.Version')},${call('x'.repeat(1000))},${call('Filecoin.LogList')}]`)
  t.same(seen.sort(), [
    ['Filecoin.LogList', true, 1],
    ['Filecoin.Version', true, undefined],
    ['unknown', true, -32601],
  ])
})
