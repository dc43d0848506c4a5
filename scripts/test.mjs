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

const root = fileURLToPath(new URL('../', import.meta.url))
const runNode = join(root, 'bin', 'run-node')
const tap = join(root, 'node_modules', 'tap', 'dist', 'esm', 'run.mjs')

/** Lines of one diagnosis. */
const shownLines = 40

prepareTap()
const files = process.argv.slice(2)
const child = spawn(runNode, [tap, '--reporter=tap', ...files], {
  cwd: root,
  stdio: ['ignore', 'pipe', 'inherit'],
  // tap starts the test files with the Node that it runs on, and what they start in turn finds the same one.
  env: { ...process.env, PATH: `${join(root, 'node_modules', '.bin')}:${process.env.PATH ?? ''}` },
})

const total = { passed: 0, failed: 0, skipped: 0 }
const parser = new Parser()
follow(parser, [], total)
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

/**
 * @typedef {{ passed: number, failed: number, skipped: number }} Count
 *
 * Counts the single assertions below a parser into `count`; the line that sums up a subtest is not one.
 *
 * @param {import('tap-parser').Parser} from
 * @param {string[]} path names of the subtests around it, the file's first
 * @param {Count} count
 */
function follow(from, path, count) {
  /** @type {Count | undefined} */
  let inner
  from.on('child', (below) => {
    inner = { passed: 0, failed: 0, skipped: 0 }
    follow(below, [...path, below.name.replace(/^Subtest: /, '')], inner)
  })
  from.on('assert', (/** @type {import('tap-parser').Result} */ result) => {
    const own = inner ?? { passed: 0, failed: 0, skipped: 0 }
    const isSubtest = inner !== undefined
    inner = undefined
    const failed = !result.ok && !result.todo && !result.skip
    if (!isSubtest && result.skip) own.skipped++
    else if (!isSubtest && !failed && !result.todo) own.passed++
    else if (failed && own.failed === 0) {
      // A single assertion, or a subtest that failed by itself: it threw, ran out of time, or had no plan.
      own.failed++
      showFailure([...path, result.name], result.diag)
    }
    if (typeof result.skip === 'string' && result.skip !== '')
      console.log(`  skipped: ${[...path, result.name].join(' > ')}: ${result.skip}`)
    count.passed += own.passed
    count.failed += own.failed
    count.skipped += own.skipped
    if (path.length === 0) {
      const seconds = result.time === null || result.time === undefined ? '' : `, ${(result.time / 1000).toFixed(1)} s`
      console.log(
        `${own.failed === 0 ? 'ok    ' : 'FAILED'} ${result.name}: ${own.passed} passed, ${own.failed} failed${seconds}`,
      )
    }
  })
  from.on('bailout', (reason) => console.log(`bail out: ${reason}`))
}

/**
 * The parts of a diagnosis that help: what differs, what was thrown, and where.
 *
 * @param {string[]} path
 * @param {any} diagnosis
 */
function showFailure(path, diagnosis) {
  console.log(`  FAILED: ${path.join(' > ')}`)
  if (diagnosis === null || typeof diagnosis !== 'object') return
  const { diff, found, wanted, code, signal, exitCode, stack, at, ...rest } = diagnosis
  if (typeof diff === 'string') show(diff)
  else for (const [name, value] of Object.entries({ found, wanted })) if (value !== undefined) show(`${name}: ${asText(value)}`)
  for (const [name, value] of Object.entries({ code, signal, exitCode, expired: rest.expired, reason: rest.reason })) {
    if (value !== undefined && value !== null) show(`${name}: ${asText(value)}`)
  }
  if (typeof stack === 'string') show(stack)
  else if (at?.fileName !== undefined) show(`${at.fileName}:${at.lineNumber}`)
}

/** @param {unknown} value */
function asText(value) {
  if (typeof value === 'string') return value
  return JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? `${inner}n` : inner)) ?? String(value)
}

/** @param {string} text */
function show(text) {
  const lines = text
    .trimEnd()
    .split('\n')
    .filter((line) => !/node_modules|^--- expected|^\+\+\+ actual/.test(line))
  for (const line of lines.slice(0, shownLines)) console.log(`    ${line}`)
  if (lines.length > shownLines) console.log(`    … ${lines.length - shownLines} more lines`)
}
