import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { addonKey, chooseFeatures, readCargoProgress, sourceDigest } from '../../../scripts/setup/addon.mjs'
import { withLock } from '../../../scripts/setup/lock.mjs'
import { packagesAreFresh, projectNode } from '../../../scripts/setup/packages.mjs'
import { createProgress, elapsed } from '../../../scripts/setup/progress.mjs'

const toolsModule = new URL('../../../scripts/setup/tools.mjs', import.meta.url).href
const lockModule = new URL('../../../scripts/setup/lock.mjs', import.meta.url).href
const silent = { start() {}, update() {}, end() {} }

/** What the set-up says about the tools on a machine that has only the given programs. */
function toolMessages(
  test: Pick<typeof t, 'testdir' | 'equal'>,
  programs: Record<string, string>,
  features: string[] = [],
): string[] {
  const root = test.testdir({ bin: {}, home: {} })
  for (const [name, output] of Object.entries(programs))
    writeFileSync(join(root, 'bin', name), `#!/bin/sh\necho '${output}'\n`, { mode: 0o755 })
  const script = `import { checkTools } from '${toolsModule}'
    try { checkTools({ build: true, features: ${JSON.stringify(features)} }) } catch (error) { console.log(error.message) }`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    env: { PATH: join(root, 'bin'), HOME: join(root, 'home') },
  })
  test.equal(stderr, '')
  return stdout.split('\n').filter((line) => line !== '')
}

const complete = { git: 'git version 2.40.0', cargo: 'cargo 1.88.0 (873a06493 2025-05-10)', 'c++': 'c++ 12' }

t.test('a machine that has everything is told nothing', async (t) => {
  t.strictSame(toolMessages(t, complete), [])
  t.strictSame(toolMessages(t, { ...complete, cargo: 'cargo 2.0.0' }), [])
})

t.test('each missing program is one sentence with its command', async (t) => {
  const { git: _git, ...withoutGit } = complete
  t.strictSame(toolMessages(t, withoutGit).length, 1)
  t.match(toolMessages(t, withoutGit)[0], /^git is missing; type: /)
  const { cargo: _cargo, ...withoutCargo } = complete
  t.match(toolMessages(t, withoutCargo), [/^Rust is missing \(1\.88 or newer\); type: curl /])
  const { 'c++': _compiler, ...withoutCompiler } = complete
  t.match(toolMessages(t, withoutCompiler), [/^a C\+\+ compiler is missing; type: /])
  t.strictSame(toolMessages(t, {}).length, 3)
})

t.test('an old Rust is told how to become new', async (t) => {
  t.strictSame(toolMessages(t, { ...complete, cargo: 'cargo 1.87.9' }), [
    'Rust 1.87 is too old (1.88 or newer is needed); type: rustup update stable',
  ])
})

t.test('the cuda feature needs the toolkit', async (t) => {
  t.match(toolMessages(t, complete, ['cuda']), [/^the feature cuda needs the CUDA toolkit; /])
  t.strictSame(toolMessages(t, { ...complete, nvcc: 'Cuda compilation tools' }, ['cuda']), [])
})

t.test('the key changes with everything that may change the addon', async (t) => {
  const inputs = { sources: 'a', rustc: 'rustc 1.95.0', features: ['cuda'], platform: 'linux-x64', flags: '', cpu: 'one' }
  const key = addonKey(inputs)
  t.match(key, /^[0-9a-f]{32}$/)
  t.equal(addonKey({ ...inputs }), key)
  t.equal(addonKey({ ...inputs, cpu: 'two' }), key, 'a portable build runs on every processor')
  const changes = [
    { sources: 'b' },
    { rustc: 'rustc 1.96.0' },
    { features: [] },
    { features: ['cuda', 'opencl'] },
    { platform: 'linux-arm64' },
    { flags: '-O' },
  ]
  const keys = changes.map((change) => addonKey({ ...inputs, ...change }))
  t.equal(new Set([key, ...keys]).size, changes.length + 1)
  const native = { ...inputs, flags: '-C target-cpu=native' }
  t.not(addonKey(native), addonKey({ ...native, cpu: 'two' }))
  t.equal(addonKey({ ...inputs, features: ['a', 'b'] }), addonKey({ ...inputs, features: ['b', 'a'] }))
})

t.test('the digest of the sources sees contents and names, and no build output', async (t) => {
  const root = t.testdir({ 'Cargo.toml': 'x', src: { 'lib.rs': 'a' } })
  const before = sourceDigest(root)
  mkdirSync(join(root, 'target'))
  writeFileSync(join(root, 'target', 'x.rs'), 'y')
  writeFileSync(join(root, 'index.d.ts'), 'y')
  writeFileSync(join(root, 'nelumbo.node'), 'y')
  t.equal(sourceDigest(root), before)
  writeFileSync(join(root, 'src', 'lib.rs'), 'b')
  const changed = sourceDigest(root)
  t.not(changed, before)
  writeFileSync(join(root, 'src', 'new.rs'), '')
  t.not(sourceDigest(root), changed)
})

t.test('features are checked, remembered and reset', async (t) => {
  const withoutHwloc = (features: string[]) => features.filter((name) => name !== 'multicore-sdr')
  const root = t.testdir({ 'nelumbo.node.json': JSON.stringify({ key: 'x', features: ['opencl'] }) })
  t.strictSame(withoutHwloc(chooseFeatures(root, undefined)), ['opencl'])
  t.strictSame(withoutHwloc(chooseFeatures(root, 'none')), [])
  t.strictSame(withoutHwloc(chooseFeatures(root, 'opencl,cuda')), ['cuda', 'opencl'])
  t.throws(() => chooseFeatures(root, 'metal'), { message: /the addon has no feature metal/ })
})

t.test('cargo’s bar is read', async (t) => {
  t.equal(readCargoProgress('    Building [=====>     ] 123/421: fvm, blst(build)'), 'crate 123 of 421 (fvm, blst(build))')
  t.equal(readCargoProgress('    Building [=====>     ] 1/421'), 'crate 1 of 421')
  t.equal(readCargoProgress('   Compiling fvm v4.8.4'), undefined)
  t.equal(readCargoProgress('error: could not compile 1/2'), undefined)
})

t.test('packages are fresh only when npm has finished with the locked ones', async (t) => {
  const lock = {
    '': { version: '0.1.0' },
    'node_modules/a': { version: '1.0.0', integrity: 'x' },
    'node_modules/other-system': { version: '1.0.0', integrity: 'y', optional: true },
  }
  const root = t.testdir({ 'package-lock.json': JSON.stringify({ packages: lock }), node_modules: {} })
  const installed = join(root, 'node_modules', '.package-lock.json')
  t.equal(packagesAreFresh(root), false, 'the installation was killed')
  writeFileSync(installed, JSON.stringify({ packages: { 'node_modules/a': lock['node_modules/a'] } }))
  t.equal(packagesAreFresh(root), true)
  writeFileSync(installed, JSON.stringify({ packages: { 'node_modules/a': { version: '1.0.0', integrity: 'z' } } }))
  t.equal(packagesAreFresh(root), false)
  writeFileSync(installed, JSON.stringify({ packages: {} }))
  t.equal(packagesAreFresh(root), false)
})

t.test('an installed Node that does not run on this system gives way to another one', async (t) => {
  const root = t.testdir({ node_modules: { 'node-foreign': { bin: { node: 'not a program' } } } })
  t.equal(projectNode(root), process.execPath)
  t.equal(existsSync(join(root, 'node_modules', 'node-foreign', 'bin', 'node')), false)
})

t.test('the lock lets one in at a time', async (t) => {
  const path = join(t.testdir({}), 'setup.lock')
  const events: string[] = []
  const worker = async (name: string) => {
    events.push(`${name} in`)
    await sleep(20)
    events.push(`${name} out`)
    return name
  }
  const results = await Promise.all(['a', 'b'].map((name) => withLock(path, silent, () => worker(name))))
  t.strictSame(results, ['a', 'b'])
  t.strictSame(events, ['a in', 'a out', 'b in', 'b out'])
  t.equal(existsSync(path), false)
  await t.rejects(
    withLock(path, silent, async () => {
      throw new Error('no')
    }),
    { message: 'no' },
  )
  t.equal(existsSync(path), false, 'given back after a failure')
})

t.test('the lock of a killed set-up is taken over', async (t) => {
  const path = join(t.testdir({}), 'setup.lock')
  const script = `import { withLock } from '${lockModule}'
    withLock(${JSON.stringify(path)}, { start() {}, update() {}, end() {} }, () => new Promise(() => { console.log('in'); setInterval(() => {}, 1000) }))`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  t.equal(JSON.parse(readFileSync(path, 'utf8')).pid, child.pid)
  child.kill('SIGKILL')
  await once(child, 'exit')
  t.equal(await withLock(path, silent, async () => 'mine'), 'mine')
  t.equal(existsSync(`${path}.takeover`), false)
})

t.test('a program that a killed set-up has left running holds the lock until it ends', async (t) => {
  const path = join(t.testdir({}), 'setup.lock')
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
  await withLock(path, silent, async (hold) => {
    hold(child)
    t.equal(JSON.parse(readFileSync(path, 'utf8')).child.pid, child.pid)
    // What a killed owner leaves: its own number is of no process any more.
    writeFileSync(`${path}.left`, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), pid: 0 }))
  })
  writeFileSync(path, readFileSync(`${path}.left`))
  let ended = false
  const waiting = withLock(path, silent, async () => ended)
  await sleep(100)
  ended = true
  child.kill()
  t.equal(await waiting, true)
})

t.test('the lock of a process whose number was given to another one is taken over', async (t) => {
  if (!existsSync('/proc/self/stat')) {
    t.pass('lock of a reused process number', { skip: 'start times of processes are read from /proc' })
    return
  }
  const path = join(t.testdir({}), 'setup.lock')
  writeFileSync(path, JSON.stringify({ pid: process.pid, started: '1' }))
  t.equal(await withLock(path, silent, async () => 'mine'), 'mine')
})

t.test('progress off a terminal is whole lines', async (t) => {
  t.equal(elapsed(59_999), '59 s')
  t.equal(elapsed(130_000), '2 min 10 s')
  const lines: string[] = []
  const stream = { isTTY: false, write: (text: string) => lines.push(text) } as unknown as typeof process.stderr
  const progress = createProgress(stream)
  progress.start('building')
  progress.update('crate 1 of 2')
  progress.end()
  progress.end()
  t.strictSame(lines, ['set-up: building, 0 s\n', 'set-up: building, 0 s: crate 1 of 2\n'])
})

t.test('an unknown option is refused in one line', async (t) => {
  const ensure = fileURLToPath(new URL('../../../scripts/ensure.mjs', import.meta.url))
  const { status, stderr } = spawnSync(process.execPath, [ensure, '--fast'], { encoding: 'utf8' })
  t.equal(status, 1)
  t.match(stderr, /^set-up: unknown option --fast; type: .*\n$/)
})

t.test('a checkout without packages says what is missing and changes nothing', async (t) => {
  const repository = fileURLToPath(new URL('../../../', import.meta.url))
  const root = t.testdir({ native: { 'Cargo.toml': '' }, 'package-lock.json': '{"packages":{}}' })
  symlinkSync(join(repository, 'scripts'), join(root, 'scripts'))
  const { status, stdout } = spawnSync(
    process.execPath,
    ['--preserve-symlinks', '--preserve-symlinks-main', join(root, 'scripts', 'ensure.mjs'), '--check'],
    {
      encoding: 'utf8',
      env: { ...process.env, XDG_CACHE_HOME: join(root, 'cache') },
    },
  )
  t.equal(status, 1)
  t.strictSame(stdout.split('\n'), [
    'set-up: the packages are missing or old; type: npm run setup',
    'set-up: the native addon is missing or old; type: npm run setup',
    '',
  ])
  t.equal(existsSync(join(root, 'node_modules')), false)
})
