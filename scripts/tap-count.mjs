// @ts-check
// Counts the single assertions of a TAP stream. Subtests are not counted, except one that fails by itself.

/** Lines of one diagnosis. */
const shownLines = 40

/** @typedef {{ passed: number, failed: number, skipped: number }} Count */

/**
 * Follows a TAP stream, whose outermost subtests are the test files; prints a line for each of them, and every failure.
 *
 * @param {import('tap-parser').Parser} parser
 * @param {(line: string) => void} print
 * @returns {Count} filled while the parser is fed
 */
export function countAssertions(parser, print) {
  const total = { passed: 0, failed: 0, skipped: 0 }
  follow(parser, [], total, print)
  return total
}

/**
 * Counts the single assertions below a parser into `count`; the line that sums up a subtest is not one.
 *
 * @param {import('tap-parser').Parser} from
 * @param {string[]} path names of the subtests around it, the file's first
 * @param {Count} count
 * @param {(line: string) => void} print
 */
function follow(from, path, count, print) {
  /** @type {Count | undefined} */
  let inner
  from.on('child', (below) => {
    inner = { passed: 0, failed: 0, skipped: 0 }
    follow(below, [...path, below.name.replace(/^Subtest: /, '')], inner, print)
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
      showFailure([...path, result.name], result.diag, print)
    }
    if (typeof result.skip === 'string' && result.skip !== '')
      print(`  skipped: ${[...path, result.name].join(' > ')}: ${result.skip}`)
    count.passed += own.passed
    count.failed += own.failed
    count.skipped += own.skipped
    if (path.length === 0) {
      const seconds = result.time === null || result.time === undefined ? '' : `, ${(result.time / 1000).toFixed(1)} s`
      print(`${own.failed === 0 ? 'ok    ' : 'FAILED'} ${result.name}: ${own.passed} passed, ${own.failed} failed${seconds}`)
    }
  })
  from.on('bailout', (reason) => print(`bail out: ${reason}`))
}

/**
 * The parts of a diagnosis that help: what differs, what was thrown, and where.
 *
 * @param {string[]} path
 * @param {any} diagnosis
 * @param {(line: string) => void} print
 */
function showFailure(path, diagnosis, print) {
  const show = (/** @type {string} */ text) => showLines(text, print)
  print(`  FAILED: ${path.join(' > ')}`)
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

/** @param {string} text @param {(line: string) => void} print */
function showLines(text, print) {
  const lines = text
    .trimEnd()
    .split('\n')
    .filter((line) => !/node_modules|^--- expected|^\+\+\+ actual/.test(line))
  for (const line of lines.slice(0, shownLines)) print(`    ${line}`)
  if (lines.length > shownLines) print(`    … ${lines.length - shownLines} more lines`)
}
