// @ts-check
// The JavaScript packages: whether node_modules is what package-lock.json says, and the installation.

import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { SetupError } from './errors.mjs'
import { outputOf } from './tools.mjs'

const oldestNode = 24
const shownLines = 15

/**
 * Whether node_modules holds exactly the locked packages. npm writes its own list of what it installed as the last step, so
 * that an installation that was killed has none.
 *
 * @param {string} root
 */
export function packagesAreFresh(root) {
  const wanted = readPackages(join(root, 'package-lock.json'))
  const found = readPackages(join(root, 'node_modules', '.package-lock.json'))
  if (wanted === undefined || found === undefined) return false
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '') continue
    const installed = found[path]
    // Packages of other platforms are not installed.
    if (installed === undefined && entry.optional === true) continue
    if (installed?.version !== entry.version || installed?.integrity !== entry.integrity) return false
  }
  return true
}

/**
 * @typedef {{ version?: string, integrity?: string, optional?: boolean }} LockEntry
 * @param {string} path
 * @returns {Record<string, LockEntry> | undefined}
 */
function readPackages(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages
  } catch {
    return undefined
  }
}

/**
 * Runs `npm ci`.
 *
 * @param {string} root
 * @param {import('./progress.mjs').Progress} progress
 * @param {import('./lock.mjs').Hold} hold
 */
export async function installPackages(root, progress, hold) {
  progress.start('installing the packages')
  const args = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--no-progress', '--loglevel=error']
  // Started by npm, the same npm is used again; its path is a script for the Node that runs now.
  const npm = process.env.npm_execpath
  const [program, all] = npm?.endsWith('.js') ? [process.execPath, [npm, ...args]] : ['npm', args]
  const child = spawn(program, all, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  hold(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output = (output + chunk).slice(-20_000)
    })
  }
  const code = await new Promise((resolve, reject) => {
    child.on('error', () => reject(new SetupError('npm is missing; install Node.js 18 or newer together with npm')))
    child.on('close', resolve)
  })
  if (code !== 0) {
    const lines = output.trim().split('\n').slice(-shownLines).join('\n')
    throw new SetupError(`the packages could not be installed; see the lines above, mend it and type: npm run setup`, {
      cause: lines,
    })
  }
}

/**
 * Path of a Node that is new enough: the installed one, else the one that runs now or that is on the path. Throws a
 * {@link SetupError} where there is none: the installed one exists for Linux with glibc on x64 and arm64.
 *
 * @param {string} root
 */
export function projectNode(root) {
  const modules = join(root, 'node_modules')
  const installed = readdirSync(modules)
    .filter((name) => name.startsWith('node-'))
    .map((name) => join(modules, name, 'bin', 'node'))
  for (const path of [...installed, process.execPath, 'node']) {
    const version = outputOf(path, ['--version'])
    if (version !== undefined && Number(/^v(\d+)/.exec(version)?.[1]) >= oldestNode) return path
    // Installed but made for another C library: without it the launcher takes the one on the path.
    if (version === undefined && installed.includes(path)) rmSync(path, { force: true })
  }
  throw new SetupError(
    `Node.js ${oldestNode} or newer is missing and there is no package of it for this system; install it from https://nodejs.org`,
  )
}
