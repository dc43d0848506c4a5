// A daemon's life around its chain: tokens, a second one on the same repo, ends of every kind, and starts that must be refused.
// It has no chain here, which must not keep it from running.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { runCli } from '../kit/cli.ts'
import { runDaemon, spawnDaemon, startDaemon, temporaryFolder } from '../kit/daemon.ts'

t.setTimeout(300_000)

const READ = 'Filecoin.Version'
const WRITE = 'Filecoin.LogList'
const ADMIN = 'Filecoin.LogAlerts'

t.test('a daemon without a chain', async (t) => {
  const repo = join(temporaryFolder(t), 'repo')
  const daemon = await startDaemon(t, { repo })
  const cli = (...args: string[]) => runCli(['--repo', repo, ...args])

  await t.test('runs, and says what to type next', async (t) => {
    t.match(await daemon.call('Version'), { result: { APIVersion: Number, BlockDelay: 4 } })
    t.match(await daemon.call('StateGetNetworkParams'), { result: { NetworkName: 'devnet' } })
    t.match((await daemon.call('StateListMiners', [null])).error?.message, /no chain of devnet yet: start the daemon again with/)
    t.match(daemon.process.stderr, /WARN .*no chain of devnet yet.*--genesis FILE or --import-snapshot/)
    t.match(await cli('chain', 'head'), { code: 1, stderr: /^ERROR: [^\n]+\n$/ })
    t.match(await cli('version'), { code: 0, stdout: /^Daemon: {2}\S+\+devnet\+api/ })
    t.equal((await cli('wait-api')).code, 0)
    t.match(readFileSync(join(repo, 'config.toml'), 'utf8'), /^\[API\]$/m, 'a new repo has a config to edit')
  })

  await t.test('each token can do what it says and no more', async (t) => {
    const may = async (token: string | null): Promise<boolean[]> => {
      const out: boolean[] = []
      for (const method of [READ, WRITE, ADMIN]) {
        const { error } = await daemon.call(method, [], { token })
        if (error !== undefined) t.match(error.message, /missing permission/)
        out.push(error === undefined)
      }
      return out
    }
    t.same(await may(null), [true, false, false], 'without a token')
    t.same(await may(daemon.token), [true, true, true], "the repo's own")
    const wanted = {
      read: [true, false, false],
      write: [true, true, false],
      sign: [true, true, false],
      admin: [true, true, true],
    }
    for (const [perm, rights] of Object.entries(wanted)) {
      const { code, stdout, stderr } = await cli('auth', 'create-token', '--perm', perm)
      t.equal(code, 0, stderr)
      t.same(await may(stdout.trim()), rights, perm)
    }
    const info = await cli('auth', 'api-info', '--perm', 'write')
    const [, value = ''] = /^FULLNODE_API_INFO=(\S+)\n$/.exec(info.stdout) ?? []
    t.ok(value.endsWith(`:${daemon.multiaddr}`))
    const elsewhere = { env: { FULLNODE_API_INFO: value } }
    t.equal((await runCli(['log', 'list'], elsewhere)).code, 0, 'it can be used from elsewhere')
    t.match(await runCli(['daemon', 'stop'], elsewhere), { code: 1, stderr: /^ERROR: [^\n]*permission[^\n]*\n$/ })
    t.match(await cli('auth', 'create-token', '--perm', 'everything'), { code: /[12]/, stderr: /^ERROR: [^\n]+\n$/ })
  })

  await t.test('a wrong token is refused', async (t) => {
    const [head, , signature] = daemon.token.split('.')
    const forged = `${head}.${Buffer.from('{"Allow":["admin"]}').toString('base64url')}.${signature}`
    for (const token of ['nonsense', forged, `${daemon.token}x`])
      t.equal((await daemon.post('{"jsonrpc":"2.0","id":1,"method":"Filecoin.Version","params":[]}', { token })).status, 401)
    const env = { FULLNODE_API_INFO: `${forged}:${daemon.multiaddr}` }
    t.match(await runCli(['version'], { env }), { code: 1, stderr: /^ERROR: [^\n]*does not accept the token[^\n]*\n$/ })
  })

  await t.test('a second daemon on the repo names the first', async (t) => {
    const second = await runDaemon(t, { repo })
    t.equal(second.ended?.code, 1)
    t.match(second.errors, [new RegExp(`pid ${daemon.process.pid}\\b`)])
    t.equal(second.errors.length, 1)
    t.ok(existsSync(join(repo, 'api')), 'and leaves its address alone')
    t.equal((await cli('version')).code, 0)
  })

  await t.test('its port is taken for others', async (t) => {
    const port = daemon.url.split(':').at(-1) as string
    const other = await runDaemon(t, { repo: join(temporaryFolder(t), 'repo'), args: ['--api', port] })
    t.equal(other.ended?.code, 1)
    t.match(other.errors, [new RegExp(`port ${port} is in use`)])
  })

  t.match(await cli('daemon', 'stop'), { code: 0 })
  t.same(await daemon.process.exited, { code: 0, signal: null })
  t.notOk(existsSync(join(repo, 'api')), 'its address goes with it')
  t.match(await cli('version'), { stderr: /^ERROR: no daemon is running[^\n]*\n$/ })

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const again = await startDaemon(t, { repo })
    t.equal(again.token, daemon.token, 'tokens outlive a restart')
    again.process.signal(signal)
    t.same(await again.process.exited, { code: 0, signal: null }, `${signal} ends it well`)
  }

  const killed = await startDaemon(t, { repo })
  await killed.process.kill9()
  t.ok(existsSync(join(repo, 'api')), 'a killed one cannot tidy up')
  t.match(await cli('version'), { code: 1, stderr: /^ERROR: [^\n]+\n$/ })
  const after = await startDaemon(t, { repo })
  t.match(await after.call('Version'), { result: {} }, 'the next start needs no hand')
  await after.process.stop()
})

t.test('an end that comes while it starts', async (t) => {
  for (const delay of [0, 20, 100, 200, 300, 400, 500]) {
    const daemon = spawnDaemon(t, { repo: join(temporaryFolder(t), 'repo') })
    await new Promise((resolve) => setTimeout(resolve, delay))
    const { code, signal } = await daemon.stop()
    // Before the program has begun to listen for it, the signal ends the process as it is.
    t.ok(code === 0 || code === 130 || signal === 'SIGTERM', `after ${delay} ms: code ${code}, signal ${signal}`)
    t.notMatch(daemon.stderr, /^\s+at /m)
  }
})

t.test('starts that are refused with one sentence', async (t) => {
  const folder = temporaryFolder(t)
  const file = (name: string, text: string): string => {
    const path = join(folder, name)
    writeFileSync(path, text)
    return path
  }
  const refuse = async (t: Test, args: readonly string[], code: number, why: RegExp, repo = join(folder, 'repo')) => {
    const daemon = await runDaemon(t, { repo, args })
    t.equal(daemon.ended?.code, code, args.join(' '))
    t.equal(daemon.stdout, '')
    t.equal(daemon.errors.length, 1, daemon.stderr)
    t.match(daemon.errors[0], why)
    t.notMatch(daemon.stderr, /^\s+at /m, 'no stack')
  }
  const config = '[Chainstore]\nEnableSplitstore = false\n'
  await refuse(t, ['--networ', 'mainnet'], 2, /unknown flag '--networ' \(did you mean --network\?\)/)
  await refuse(t, ['--network', 'atlantis'], 1, /no network called "atlantis"; choose one of mainnet, calibnet/)
  await refuse(t, ['--network-file', join(folder, 'none.json')], 2, /there is no such file/)
  await refuse(t, ['--network-file', file('broken.json', '{')], 1, /broken\.json is not JSON/)
  await refuse(t, ['--network-file', file('part.json', '{"name":"x"}')], 1, /part\.json: "bundle" is missing/)
  await refuse(t, ['--network', 'mainnet', '--network-file', file('two.json', '{}')], 2, /network/)
  await refuse(t, ['--api', '70000'], 2, /not a port number/)
  await refuse(t, ['--api', 'http'], 2, /not a port number/)
  await refuse(t, ['--config', file('broken.toml', '[API\n')], 1, /broken\.toml:1: this is not TOML/)
  await refuse(t, ['--config', file('kind.toml', `${config}[API]\nTimeout = "never"\n`)], 1, /kind\.toml:4: API\.Timeout must be/)
  await refuse(t, ['--config', file('unstated.toml', '[API]\nTimeout = "5s"\n')], 1, /must say Chainstore\.EnableSplitstore/)
  await refuse(t, ['--config', join(folder, 'none.toml')], 2, /there is no such file/)
  await refuse(t, ['--halt-after-import'], 2, /needs --import-chain or --import-snapshot/)
  await refuse(t, ['--import-chain', file('a', 'a'), '--import-snapshot', file('b', 'b')], 2, /import/)
  await refuse(t, ['--genesis', file('genesis.car', 'no genesis')], 1, /genesis\.car is damaged or no CAR file/)
  await refuse(t, ['--profile', 'hero'], 2, /hero/)
  await refuse(t, [], 1, /cannot be opened/, '/proc/nelumbo')
  await refuse(t, [], 1, /cannot be opened/, '/dev/null')
  const strange = join(folder, 'strange')
  mkdirSync(strange)
  writeFileSync(join(strange, 'letters.txt'), 'mine')
  await refuse(t, [], 1, /is not empty and holds no repo/, strange)
})

t.test('a config file decides what no flag says', async (t) => {
  const folder = temporaryFolder(t)
  const config = join(folder, 'config.toml')
  writeFileSync(
    config,
    '[API]\nListenAddress = "/ip4/127.0.0.1/tcp/0/http"\nNoSuchKey = 1\n[Chainstore]\nEnableSplitstore = false\n',
  )
  const daemon = await startDaemon(t, { repo: join(folder, 'repo'), args: ['--config', config] })
  t.match(daemon.process.stderr, /WARN .*config\.toml:3: API\.NoSuchKey is not a known setting/)
  await daemon.process.stop()
})
