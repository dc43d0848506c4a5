// @ts-check
// One set-up at a time per user: a lock file that names its owner, so that the lock of a killed set-up is taken over. It also
// names the program that the owner has started (npm, cargo), which outlives a kill of the owner and would get in the way.

import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const retryMs = 500
/** How long the takeover of a dead owner's lock may last; it is a few system calls. */
const takeoverMs = 10_000

/** @typedef {(child: { pid?: number | undefined }) => void} Hold */

/**
 * Runs `work` while holding the lock at `path`; waits for another owner, with a line of progress.
 *
 * @template T
 * @param {string} path
 * @param {import('./progress.mjs').Progress} progress
 * @param {(hold: Hold) => Promise<T>} work is given a function that makes the lock last as long as a child process, too
 * @returns {Promise<T>}
 */
export async function withLock(path, progress, work) {
  mkdirSync(dirname(path), { recursive: true })
  const own = { pid: process.pid, started: startOf(process.pid) }
  let waiting = false
  while (!tryCreate(path, JSON.stringify(own))) {
    const owner = readOwner(path)
    if (owner !== undefined && !isAlive(owner)) {
      takeOver(path)
      continue
    }
    if (!waiting) progress.start(`waiting for another set-up${owner === undefined ? '' : ` (process ${owner.pid})`}`)
    waiting = true
    await sleep(retryMs)
  }
  try {
    return await work(({ pid }) => {
      if (pid === undefined) return
      writeFileSync(`${path}.new`, JSON.stringify({ ...own, child: { pid, started: startOf(pid) } }))
      renameSync(`${path}.new`, path)
    })
  } finally {
    rmSync(path, { force: true })
  }
}

/** @param {string} path @param {string} content */
function tryCreate(path, content) {
  try {
    writeFileSync(path, content, { flag: 'wx' })
    return true
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false
    throw error
  }
}

/**
 * Removes a dead owner's lock. A second file guards it: without it, two waiters that both saw the dead owner could each
 * remove a lock, the second one the new owner's.
 *
 * @param {string} path
 */
function takeOver(path) {
  const guard = `${path}.takeover`
  if (!tryCreate(guard, '')) {
    const stat = statSync(guard, { throwIfNoEntry: false })
    if (stat !== undefined && Date.now() - stat.mtimeMs > takeoverMs) rmSync(guard, { force: true })
    return
  }
  try {
    const owner = readOwner(path)
    if (owner !== undefined && !isAlive(owner)) rmSync(path, { force: true })
  } finally {
    rmSync(guard, { force: true })
  }
}

/**
 * @typedef {{ pid: number, started?: string | undefined, child?: { pid: number, started?: string | undefined } }} Owner
 * @param {string} path
 * @returns {Owner | undefined}
 */
function readOwner(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return undefined
    // Being written just now, or left half written by a kill: old ones belong to nobody.
    const stat = statSync(path, { throwIfNoEntry: false })
    return stat !== undefined && Date.now() - stat.mtimeMs > takeoverMs ? { pid: 0, started: undefined } : undefined
  }
}

/**
 * @param {Owner} owner
 * @returns {boolean}
 */
function isAlive({ pid, started, child }) {
  if (child !== undefined && isAlive(child)) return true
  if (pid <= 0) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM'
  }
  return startOf(pid) === started
}

/**
 * When a process started, in the kernel's ticks, which tells a reused process number apart; undefined where /proc is missing.
 *
 * @param {number} pid
 */
function startOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The command's name is in parentheses and may hold spaces; the start is the 22nd field, the 20th after it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}
