// @ts-check
// Runs the tests: all of them, or the files given. Prints a line for each file as it ends, every failure with its diagnosis,
// and last `N passed, N failed`, counted in single assertions.
//
//   npm test [-- test/unit/codec/cbor.test.ts …]

import { spawn, spawnSync } from 'node:child_process'
import { existsSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Parser } from 'tap-parser'
import { countAssertions } from './tap-count.mjs'

const root = fileURLToPath(new URL('../', import.meta.url))
const runNode = join(root, 'bin', 'run-node')
const tap = join(root, 'node_modules', 'tap', 'dist', 'esm', 'run.mjs')

prepareTap()
const files = process.argv.slice(2)
const child = spawn(runNode, [tap, '--reporter=tap', ...files], {
  cwd: root,
  stdio: ['ignore', 'pipe', 'inherit'],
  // tap starts the test files with the Node that it runs on, and what they start in turn finds the same one.
  env: { ...process.env, PATH: `${join(root, 'node_modules', '.bin')}:${process.env.PATH ?? ''}` },
})

const parser = new Parser()
const total = countAssertions(parser, console.log)
child.stdout.pipe(parser)
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.on(signal, () => child.kill(signal))

const code = await new Promise((resolve) => child.on('close', resolve))
// The runner itself failed without a failing test: a bad option, a file that does not exist.
if (code !== 0 && total.failed === 0) total.failed = 1
if (total.passed + total.failed === 0) total.failed = 1
if (total.skipped > 0) console.log(`${total.skipped} skipped`)
console.log(`${total.passed} passed, ${total.failed} failed`)
process.exitCode = total.failed === 0 ? 0 : 1

/**
 * tap makes its own build when plug-ins are switched off. It would do so in the first run, but that run still uses the old
 * set, whose TypeScript loader does not work with this compiler.
 */
function prepareTap() {
  const built = join(root, '.tap', 'plugins', 'package.json')
  const inputs = [join(root, '.taprc'), join(root, 'node_modules', '.package-lock.json')]
  const builtAt = existsSync(built) ? statSync(built).mtimeMs : 0
  if (inputs.every((path) => existsSync(path) && statSync(path).mtimeMs < builtAt)) return
  rmSync(join(root, '.tap', 'plugins'), { recursive: true, force: true })
  const result = spawnSync(runNode, [tap, 'build'], { cwd: root, encoding: 'utf8' })
  if (result.status !== 0) {
    console.error(result.stdout + result.stderr)
    console.error('the test runner could not be prepared; type: npm run setup')
    process.exit(1)
  }
}
