import t from 'tap'
import { getLogger, logLevelOf } from '../../../src/lib/log.ts'
import { TokenAuth } from '../../../src/rpc/auth.ts'
import { RpcClient } from '../../../src/rpc/client.ts'
import { commonHandlers } from '../../../src/rpc/handlers/common.ts'
import { testServer } from '../../kit/rpc-server.ts'

t.test('the methods about the node itself', async (t) => {
  const auth = new TokenAuth(new Uint8Array(32).fill(9))
  const closing = new AbortController()
  let stopped = 0
  const startTime = new Date()
  const s = await testServer(
    t,
    commonHandlers(
      {
        auth,
        peerId: () => '12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf',
        alerts: () => [
          {
            type: { system: 'process', subsystem: 'fd-limit' },
            active: true,
            lastActive: { type: 'raised', message: { soft: 1024 }, time: startTime },
            lastResolved: null,
          },
        ],
        shutdown: () => {
          stopped++
        },
        closing: closing.signal,
      },
      { version: '0.1.0', agent: 'nelumbo-0.1.0', blockDelay: 30, startTime },
    ),
    { components: { auth } },
  )
  const admin = new RpcClient({ url: s.url, token: auth.create(['read', 'write', 'sign', 'admin']) })
  const { api } = admin

  t.same(await api.version([]), { version: '0.1.0', apiVersion: 0x020300, blockDelay: 30n, agent: 'nelumbo-0.1.0' })
  t.equal((await new RpcClient({ url: s.url, token: undefined }, { version: 'v0' }).api.version([])).apiVersion, 0x010500)
  t.equal(await api.id([]), '12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf')
  t.equal(await api.session([]), await api.session([]))
  t.equal((await api.startTime([])).getTime(), startTime.getTime())

  const token = new TextDecoder().decode(await api.authNew([['sign', 'read']]))
  t.same(await api.authVerify([token]), ['read', 'sign'])
  await t.rejects(api.authVerify(['x']), { rpcCode: 1, message: /JWT Verification failed/ })

  getLogger('test-subsystem')
  t.ok((await api.logList([])).includes('test-subsystem'))
  await api.logSetLevel(['test-subsystem', 'error'])
  t.equal(logLevelOf('test-subsystem'), 'error')
  await t.rejects(api.logSetLevel(['test-subsystem', 'loud']), { code: 'RPC_ERROR', rpcCode: 1 })
  t.equal((await api.logAlerts([]))[0]?.type.subsystem, 'fd-limit')

  const v1 = (await admin.callJson('rpc.discover', [])) as { methods: { name: string }[] }
  const v2 = (await admin.callJson('rpc.discover', [], { version: 'v2' })) as { methods: { name: string }[] }
  t.ok(v1.methods.some((x) => x.name === 'Filecoin.ChainHead'))
  t.notOk(v2.methods.some((x) => x.name === 'Filecoin.ChainHead'))

  await api.shutdown([])
  t.equal(stopped, 1)
  const end = (async () => {
    for await (const _ of api.closing([])) t.fail('no item')
    return 'ended'
  })()
  setTimeout(() => closing.abort(), 50)
  t.equal(await end, 'ended')
  await admin.close()
})
