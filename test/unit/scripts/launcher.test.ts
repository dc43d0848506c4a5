import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const repository = fileURLToPath(new URL('../../../', import.meta.url))

/** A checkout of the launcher alone, with a command line that the test writes. */
function checkout(test: Pick<typeof t, 'testdir'>, main: string, { setUp = true } = {}): string {
  const root = test.testdir({ src: { cli: { 'main.ts': main } } })
  cpSync(join(repository, 'bin'), join(root, 'bin'), { recursive: true, verbatimSymlinks: true })
  writeFileSync(join(root, 'package.json'), '{"type":"module"}')
  if (setUp) {
    mkdirSync(join(root, 'node_modules', 'commander'), { recursive: true })
    mkdirSync(join(root, 'node_modules', 'node-here', 'bin'), { recursive: true })
    symlinkSync(process.execPath, join(root, 'node_modules', 'node-here', 'bin', 'node'))
  }
  return root
}

/** A folder with the few programs that the launcher itself may use, and a `node` that prints `version`. */
function pathWith(root: string, version?: string): string {
  const folder = join(root, `path-${version}`)
  mkdirSync(folder)
  for (const name of ['readlink'])
    symlinkSync(spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim(), join(folder, name))
  if (version !== undefined) writeFileSync(join(folder, 'node'), `#!/bin/sh\necho ${version}\n`, { mode: 0o755 })
  return folder
}

const echo = 'const args: string[] = process.argv.slice(2)\nconsole.log(JSON.stringify(args))\nprocess.exitCode = 7\n'

t.test('runs the command line with its arguments and its exit code', async (t) => {
  const root = checkout(t, echo)
  for (const name of ['nelumbo', 'node']) {
    const { status, stdout, stderr } = spawnSync(join(root, 'bin', name), ['wallet list', '--x', ''], { encoding: 'utf8' })
    t.equal(stdout, '["wallet list","--x",""]\n')
    t.equal(stderr, '', 'no warning of the type stripping')
    t.equal(status, 7)
  }
})

t.test('works through absolute and relative links and from another folder', async (t) => {
  const root = checkout(t, echo)
  mkdirSync(join(root, 'a', 'b'), { recursive: true })
  symlinkSync(join(root, 'bin', 'nelumbo'), join(root, 'a', 'absolute'))
  symlinkSync('../absolute', join(root, 'a', 'b', 'relative'))
  for (const link of ['a/absolute', 'a/b/relative']) {
    t.equal(spawnSync(join(root, link), ['1'], { encoding: 'utf8', cwd: '/' }).stdout, '["1"]\n')
  }
  t.equal(spawnSync('sh', ['nelumbo', '2'], { encoding: 'utf8', cwd: join(root, 'bin') }).stdout, '["2"]\n')
  t.equal(
    spawnSync('relative', ['3'], { encoding: 'utf8', env: { ...process.env, PATH: `${join(root, 'a/b')}:${process.env.PATH}` } })
      .stdout,
    '["3"]\n',
  )
})

t.test('a signal reaches the command line itself', async (t) => {
  const root = checkout(t, "process.on('SIGTERM', () => process.exit(42))\nconsole.log('ready')\nsetInterval(() => {}, 1000)\n")
  const child = spawn(join(root, 'bin', 'nelumbo'), { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  child.kill('SIGTERM')
  const [code] = await once(child, 'exit')
  t.equal(code, 42)
})

t.test('without a set-up it says in one line what to type', async (t) => {
  const root = checkout(t, echo, { setUp: false })
  for (const version of [undefined, 'v20.1.0', 'v24.0.0']) {
    const PATH = pathWith(root, version)
    const { status, stdout, stderr } = spawnSync('/bin/sh', [join(root, 'bin', 'nelumbo')], { encoding: 'utf8', env: { PATH } })
    t.equal(status, 1)
    t.equal(stdout, '')
    t.match(stderr, /^nelumbo: the set-up has not been run; type: npm --prefix '[^']+' run setup\n$/)
  }
})

t.test('NELUMBO_NODE chooses another Node', async (t) => {
  const root = checkout(t, echo)
  const other = join(root, 'other')
  writeFileSync(other, '#!/bin/sh\necho other "$@"\n', { mode: 0o755 })
  const { stdout } = spawnSync(join(root, 'bin', 'run-node'), ['script.ts'], {
    encoding: 'utf8',
    env: { ...process.env, NELUMBO_NODE: other },
  })
  t.equal(stdout, 'other --disable-warning=ExperimentalWarning --max-semi-space-size=16 script.ts\n')
})
