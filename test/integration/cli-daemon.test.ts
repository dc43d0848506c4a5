// The daemon as a user starts and stops it, on a snapshot that Lotus made.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { runCli } from '../kit/cli.ts'
import { sharedData } from '../kit/shared-data.ts'

const launcher = fileURLToPath(new URL('../../bin/nelumbo', import.meta.url))
const HEAD = 'bafy2bzacedlpp2en2btw22i5fcrqhtl365y63x4d5m2yhvinwimvstsdmy5ke'

const chain = sharedData(t, 'chains', 'lotus-devnet')
const bundles = sharedData(t, 'actors')
if (chain !== undefined && bundles !== undefined) suite(chain, bundles)

function suite(chain: string, bundles: string): void {
  const network = ['--network-file', `${chain}/network.json`, '--bundles', bundles]

  t.test('a snapshot is imported and served; a signal and a client stop the node', { timeout: 240_000 }, async (t) => {
    const repo = `${t.testdir({})}/repo`
    const start = async (...more: string[]): Promise<{ child: ChildProcess; printed: { out: string; err: string } }> => {
      const child = spawn(launcher, ['daemon', '--repo', repo, ...network, '--api', '0', ...more], { stdio: 'pipe' })
      t.teardown(() => child.kill('SIGKILL'))
      const printed = { out: '', err: '' }
      child.stdout?.on('data', (data) => {
        printed.out += data
      })
      child.stderr?.on('data', (data) => {
        printed.err += data
      })
      while (!existsSync(`${repo}/api`) && child.exitCode === null) await sleep(50)
      t.equal(child.exitCode, null, printed.err)
      return { child, printed }
    }
    const end = async (child: ChildProcess, stop: () => unknown) => {
      const ended = once(child, 'exit')
      await stop()
      t.same(await ended, [0, null])
      t.notOk(existsSync(`${repo}/api`), 'the api file is gone')
    }

    const first = await start('--import-snapshot', `${chain}/snapshot.car.zst`, '--bootstrap=false')
    // The API is up a moment before the line about the import is printed.
    while (!first.printed.out.includes('\n')) await sleep(50)
    t.match(first.printed.out, new RegExp(`^imported in \\d+\\.\\d s, head 3001 ${HEAD}\\n$`))
    t.match(first.printed.err, /importing: .* of 3\.684 MiB, 20957 blocks/)
    t.notMatch(first.printed.err, /\r/, 'no drawing where there is no terminal')
    t.same(await runCli(['chain', 'head', '--repo', repo]), { code: 0, stdout: `${HEAD}\n`, stderr: '' })
    const height = await runCli(['chain', 'head', '--height'], { env: { LOTUS_PATH: repo } })
    t.same(height, { code: 0, stdout: '3001\n', stderr: '' })
    const second = await runCli(['daemon', '--repo', repo, ...network, '--api', '0'])
    t.match(second, { code: 1, stdout: '', stderr: /^ERROR: [^\n]*in use by the process with pid \d+[^\n]*\n$/ })
    await end(first.child, () => first.child.kill('SIGTERM'))
    t.match(first.printed.err, /\nstopping…\n/)

    const again = await start()
    await end(again.child, () => runCli(['daemon', 'stop', '--repo', repo]))
    const gone = await runCli(['chain', 'head', '--repo', repo])
    t.match(gone, { code: 1, stdout: '', stderr: /no daemon is running on the repository/ })
  })

  t.test('what cannot be imported is refused in one sentence', async (t) => {
    const dir = t.testdir({ 'not-a-car': 'hello', 'network.json': '{"name": 5}' })
    const broken = await runCli([
      'daemon',
      '--repo',
      `${dir}/repo`,
      ...network,
      '--import-snapshot',
      `${dir}/not-a-car`,
      '--halt-after-import',
    ])
    t.equal(broken.code, 1)
    t.equal(broken.stdout, '')
    t.match(broken.stderr.trimEnd().split('\n').at(-1), /^ERROR: \S/)
    t.notMatch(broken.stderr, /\n {4}at /)
    const unreadable = await runCli(['daemon', '--repo', `${dir}/repo`, '--network-file', `${dir}/network.json`])
    t.match(unreadable, { code: 1, stdout: '', stderr: /^ERROR: .*network\.json.*\n$/ })
  })
}
