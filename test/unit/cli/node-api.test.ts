import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { findApi, nodeApi } from '../../../src/cli/node-api.ts'
import { FakeError, startFakeRpc } from '../../kit/fake-rpc.ts'

const nothing = { flag: undefined, repoFlag: undefined, env: undefined, repo: '/nowhere' }
const signal = new AbortController().signal

t.test('a flag comes before the environment, the environment before the repository', async (t) => {
  const repo = t.testdir({ api: '/ip4/127.0.0.1/tcp/1/http\n', token: 'aa.bb.cc\n' })
  const env = 'xx.yy.zz:/ip4/127.0.0.1/tcp/2/http'
  const port = (sources: Partial<typeof nothing> | object) => new URL(findApi({ ...nothing, ...sources }).url).port
  t.equal(port({ flag: 'http://127.0.0.1:3', repoFlag: repo, env, repo }), '3')
  t.equal(port({ repoFlag: repo, env }), '1')
  t.equal(port({ env, repo }), '2')
  t.equal(port({ repo }), '1')
  t.same(findApi({ ...nothing, repo }), {
    url: 'http://127.0.0.1:1',
    token: 'aa.bb.cc',
    address: '/ip4/127.0.0.1/tcp/1/http',
  })
  t.same(findApi({ ...nothing, env }).token, 'xx.yy.zz')
})

t.test('what is missing or malformed is named', async (t) => {
  t.throws(() => findApi(nothing), { code: 'CLI_NO_DAEMON', message: /no node repository at \/nowhere/ })
  const stopped = t.testdir({ token: 'aa.bb.cc' })
  t.throws(() => findApi({ ...nothing, repo: stopped }), { code: 'CLI_NO_DAEMON', message: /no daemon is running on/ })
  const miner = { ...nothing, program: 'miner' as const }
  t.throws(() => findApi({ ...miner, repo: stopped }), { message: /no miner is running on/ })
  for (const [text, sentence] of [
    ['sync\n', /waits until its full node is in sync, .*; nelumbo sync wait shows/],
    ['parameters\n', /checks the proof parameters, or fetches them/],
    ['something new\n', /serves no API: it is starting or ending/],
    ['', /serves no API: it is starting or ending/],
  ] as const) {
    writeFileSync(`${stopped}/repo.pid`, `${process.pid}\n${text}`)
    t.throws(() => findApi({ ...miner, repo: stopped }), { code: 'CLI_NO_DAEMON', message: sentence })
    t.throws(() => findApi({ ...miner, repo: stopped }), { message: `the process ${process.pid} on the repository ${stopped}` })
  }
  t.throws(() => findApi({ ...nothing, repo: stopped }), {
    code: 'CLI_NO_DAEMON',
    message: `the process ${process.pid} has the repository ${stopped} and serves no API: it is starting or ending`,
  })
  // What a killed process left: no process has such a number.
  writeFileSync(`${stopped}/repo.pid`, `${2 ** 31 - 1}\nsync\n`)
  t.throws(() => findApi({ ...miner, repo: stopped }), { message: /no miner is running on/ })
  writeFileSync(`${stopped}/repo.pid`, 'what?')
  t.throws(() => findApi({ ...miner, repo: stopped }), { message: /no miner is running on/ })
  const broken = t.testdir({ api: 'what?' })
  t.throws(() => findApi({ ...nothing, repo: broken }), { code: 'CLI_API_INFO', message: /api does not hold an API address/ })
  t.throws(() => findApi({ ...nothing, env: 'secret.token.text:nonsense' }), {
    code: 'CLI_API_INFO',
    message: /^FULLNODE_API_INFO does not hold/,
  })
  try {
    findApi({ ...nothing, env: 'secret.token.text:nonsense' })
  } catch (error) {
    t.notMatch(`${error} ${JSON.stringify(error)}`, /secret/)
  }
})

t.test('answers and errors of the node', async (t) => {
  const rpc = await startFakeRpc({
    token: 'aa.bb.cc',
    methods: {
      'Filecoin.Big': () => 1,
      'Filecoin.Denied': () => {
        throw new FakeError(1, "missing permission to invoke 'Denied' (need 'write')")
      },
      'Filecoin.Fails': () => {
        throw new FakeError(11, 'actor not found')
      },
    },
  })
  t.teardown(() => rpc.close())
  const node = nodeApi({ ...nothing, env: `aa.bb.cc:${rpc.multiaddr}` }, signal)
  t.teardown(() => node.close())
  t.equal(await node.call('Big', 1n << 70n), 1)
  await t.rejects(node.call('Denied'), { code: 'CLI_PERMISSION', message: /does not permit Denied, .* permission write/ })
  await t.rejects(node.call('Fails'), { code: 'CLI_RPC', message: 'actor not found', rpcCode: 11 })
  await t.rejects(node.call('Unknown'), { code: 'CLI_RPC', message: /does not know the method Unknown/ })
  const stranger = nodeApi({ ...nothing, env: rpc.url }, signal)
  t.teardown(() => stranger.close())
  await t.rejects(stranger.call('Big'), { code: 'CLI_PERMISSION', message: /does not accept the token/ })
})

t.test("the node is asked at /rpc/v1, the miner at the one endpoint that Lotus's serves", async (t) => {
  const paths: (string | undefined)[] = []
  const server = createServer((request, response) => {
    paths.push(request.url)
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ jsonrpc: '2.0', id: 1, result: 't01000' }))
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  t.teardown(() => server.close())
  const flag = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  for (const program of ['node', 'miner'] as const) {
    const api = nodeApi({ ...nothing, flag, program }, signal)
    t.equal(await api.call('ActorAddress'), 't01000')
    await api.close()
  }
  t.same(paths, ['/rpc/v1', '/rpc/v0'])
})

t.test('no daemon, and something else on the port', async (t) => {
  const other = createServer((_request, response) => response.end('<html>hello</html>'))
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const { port } = other.address() as AddressInfo
  const node = nodeApi({ ...nothing, env: `http://127.0.0.1:${port}` }, signal)
  await t.rejects(node.call('Version'), { code: 'CLI_RPC', message: /not as a Filecoin node/ })
  await node.close()
  await new Promise((resolve) => other.close(resolve))
  const gone = nodeApi({ ...nothing, env: `http://127.0.0.1:${port}` }, signal)
  await t.rejects(gone.call('Version'), { code: 'CLI_NO_DAEMON', message: /no daemon answers at 127\.0\.0\.1/ })
  await gone.close()
})
