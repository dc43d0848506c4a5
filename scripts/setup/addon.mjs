// @ts-check
// The native addon: what it is made of (its key), where it is kept, and its build.
//
// A built addon is kept in the user's cache under native/<key>, so that a second checkout, a branch change or a fresh clone
// costs a copy. Cargo's target folder is kept there too: a changed source compiles our own crate and not the 400 others.

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { cpus } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { cacheDirectory } from './cache.mjs'
import { SetupError } from './errors.mjs'
import { addCargoToPath, outputOf } from './tools.mjs'

const knownFeatures = ['cuda', 'cuda-supraseal', 'opencl', 'multicore-sdr']
/** How many built addons the cache keeps; each is about 20 MB. */
const keptAddons = 6
const shownLines = 30
const crateName = 'nelumbo-native'

/**
 * Features to build with: the ones asked for, else those of the addon that is installed, and `multicore-sdr` where the
 * machine has the library that it links with.
 *
 * @param {string} nativeRoot
 * @param {string | undefined} asked comma-separated, `none` for none
 * @returns {string[]} sorted
 */
export function chooseFeatures(nativeRoot, asked) {
  const names =
    asked === undefined || asked === '' ? (readStamp(nativeRoot)?.features ?? []) : asked === 'none' ? [] : asked.split(',')
  const unknown = names.find((name) => !knownFeatures.includes(name))
  if (unknown !== undefined) throw new SetupError(`the addon has no feature ${unknown}; choose from ${knownFeatures.join(', ')}`)
  const hasHwloc = outputOf('pkg-config', ['--atleast-version=2.0', 'hwloc']) !== undefined
  const features = new Set(names)
  if (hasHwloc) features.add('multicore-sdr')
  else features.delete('multicore-sdr')
  return [...features].sort()
}

/**
 * Key of the addon that these inputs give: any difference in it may give another library.
 *
 * @param {object} inputs
 * @param {string} inputs.sources digest of the sources, see {@link sourceDigest}
 * @param {string} inputs.rustc what `rustc -vV` prints
 * @param {readonly string[]} inputs.features
 * @param {string} inputs.platform `linux-x64`
 * @param {string} inputs.flags RUSTFLAGS
 * @param {string} inputs.cpu model of the processor; it only counts where the flags compile for this very one
 */
export function addonKey({ sources, rustc, features, platform, flags, cpu }) {
  const baseline = flags.includes('target-cpu=native') ? cpu : 'generic'
  return createHash('sha256')
    .update(JSON.stringify([sources, rustc, [...features].sort(), platform, flags, baseline]))
    .digest('hex')
    .slice(0, 32)
}

/**
 * Digest of everything in `native/` that cargo reads: names and contents, in the order of the names.
 *
 * @param {string} nativeRoot
 */
export function sourceDigest(nativeRoot) {
  const hash = createHash('sha256')
  for (const path of sourceFiles(nativeRoot)) {
    const content = readFileSync(path)
    hash.update(`${relative(nativeRoot, path)}\0${content.length}\0`).update(content)
  }
  return hash.digest('hex')
}

/** @param {string} nativeRoot */
function sourceFiles(nativeRoot) {
  /** @type {string[]} */
  const files = []
  /** @param {string} folder */
  const walk = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) {
        if (entry.name !== 'target') walk(path)
      } else if (/\.(rs|toml|lock|c|h|S|wat|wasm)$/.test(entry.name)) files.push(path)
    }
  }
  walk(nativeRoot)
  return files.sort()
}

/** @param {string} nativeRoot */
function currentKey(nativeRoot, features = /** @type {readonly string[]} */ ([])) {
  addCargoToPath()
  return addonKey({
    sources: sourceDigest(nativeRoot),
    // Asked in the folder itself: a rust-toolchain file there chooses the version.
    rustc: outputOf('rustc', ['-vV'], nativeRoot) ?? '',
    features,
    platform: `${process.platform}-${process.arch}`,
    flags: process.env.RUSTFLAGS ?? '',
    cpu: cpus()[0]?.model ?? '',
  })
}

/**
 * Whether the right addon is installed in the checkout, and whether the cache has it.
 *
 * @param {string} nativeRoot
 * @param {readonly string[]} features
 */
export function addonState(nativeRoot, features) {
  const key = currentKey(nativeRoot, features)
  const stamp = readStamp(nativeRoot)
  const library = statSync(join(nativeRoot, 'nelumbo.node'), { throwIfNoEntry: false })
  return {
    key,
    // The size and time tell a library that was put there by hand from the one that the stamp speaks of.
    installed: library !== undefined && stamp?.key === key && stamp.size === library.size && stamp.mtimeMs === library.mtimeMs,
    cached: existsSync(cachedAddon(nativeRoot, key)),
  }
}

/** @param {string} nativeRoot @param {string} key */
function cachedAddon(nativeRoot, key) {
  return join(cacheDirectory(dirname(nativeRoot)), 'native', key, 'nelumbo.node')
}

/**
 * Where the derive macros write what the addon exports. One folder per checkout: cargo compiles a checkout's crate only when
 * it has changed, and then the description of another checkout's crate would be taken for its own.
 *
 * @param {string} target
 * @param {string} nativeRoot
 */
function typesFolder(target, nativeRoot) {
  return join(target, 'napi-types', createHash('sha256').update(nativeRoot).digest('hex').slice(0, 16))
}

/**
 * Folder with the description of what the installed addon exports; undefined where the addon was not put there by the set-up.
 *
 * @param {string} nativeRoot
 */
export function installedTypes(nativeRoot) {
  const folder = join(dirname(cachedAddon(nativeRoot, readStamp(nativeRoot)?.key ?? 'none')), 'types')
  return existsSync(join(folder, crateName)) ? folder : undefined
}

/**
 * @param {string} nativeRoot
 * @returns {{ key: string, features: string[], size: number, mtimeMs: number } | undefined}
 */
function readStamp(nativeRoot) {
  try {
    return JSON.parse(readFileSync(join(nativeRoot, 'nelumbo.node.json'), 'utf8'))
  } catch {
    return undefined
  }
}

/**
 * Puts the addon into the checkout, from the cache or by building it. Every step can be killed and done again: files appear
 * by renaming, and cargo goes on from the crates that it has finished.
 *
 * @param {string} nativeRoot
 * @param {readonly string[]} features
 * @param {import('./progress.mjs').Progress} progress
 * @param {import('./lock.mjs').Hold} hold
 */
export async function buildAddon(nativeRoot, features, progress, hold) {
  const { key, cached } = addonState(nativeRoot, features)
  const kept = cachedAddon(nativeRoot, key)
  if (!cached) {
    const target = join(cacheDirectory(dirname(nativeRoot)), 'target')
    await runCargo(nativeRoot, target, features, progress, hold)
    mkdirSync(dirname(kept), { recursive: true })
    const types = join(dirname(kept), 'types')
    mkdirSync(types, { recursive: true })
    copyFileSync(join(typesFolder(target, nativeRoot), crateName), join(types, crateName))
    copyAtomically(join(target, 'release', libraryName()), kept)
  }
  const now = new Date()
  utimesSync(dirname(kept), now, now)
  pruneCache(dirname(dirname(kept)))

  // A copy and not a link: whoever overwrites the checkout's file must not change the cache's.
  const installed = join(nativeRoot, 'nelumbo.node')
  copyAtomically(kept, installed)
  const { size, mtimeMs } = statSync(installed)
  const stamp = join(nativeRoot, 'nelumbo.node.json')
  writeFileSync(`${stamp}.new`, `${JSON.stringify({ key, features, size, mtimeMs })}\n`)
  renameSync(`${stamp}.new`, stamp)
}

function libraryName() {
  return process.platform === 'darwin' ? 'libnelumbo_native.dylib' : 'libnelumbo_native.so'
}

/** @param {string} from @param {string} to */
function copyAtomically(from, to) {
  const part = `${to}.${process.pid}.new`
  copyFileSync(from, part)
  renameSync(part, to)
}

/** @param {string} folder */
function pruneCache(folder) {
  const entries = readdirSync(folder).map((name) => ({ path: join(folder, name), usedAt: statSync(join(folder, name)).mtimeMs }))
  entries.sort((a, b) => b.usedAt - a.usedAt)
  for (const { path } of entries.slice(keptAddons)) rmSync(path, { recursive: true, force: true })
}

/**
 * @param {string} nativeRoot
 * @param {string} target
 * @param {readonly string[]} features
 * @param {import('./progress.mjs').Progress} progress
 * @param {import('./lock.mjs').Hold} hold
 */
async function runCargo(nativeRoot, target, features, progress, hold) {
  const first = existsSync(join(target, 'release')) ? '' : ' for the first time, which takes 5 to 10 minutes'
  progress.start(`building the native addon${first}`)
  const args = ['build', '--release', '--locked', '--lib', '--target-dir', target]
  if (features.length > 0) args.push('--features', features.join(','))
  const types = typesFolder(target, nativeRoot)
  mkdirSync(types, { recursive: true })
  const child = spawn('cargo', args, {
    cwd: nativeRoot,
    stdio: ['ignore', 'ignore', 'pipe'],
    // Cargo draws its bar off a terminal too when told to; "123/421: fvm, blst" is read from it.
    env: {
      ...process.env,
      // Where the derive macros describe what the addon exports; native/index.d.ts is made of it and checked against it.
      NAPI_TYPE_DEF_TMP_FOLDER: types,
      CARGO_TERM_PROGRESS_WHEN: 'always',
      CARGO_TERM_PROGRESS_WIDTH: '100',
      CARGO_TERM_COLOR: 'never',
    },
  })
  hold(child)
  /** @type {string[]} */
  let lines = []
  child.stderr.setEncoding('utf8')
  child.stderr.on('data', (/** @type {string} */ chunk) => {
    for (const line of chunk.split(/[\r\n]+/)) {
      const bar = readCargoProgress(line)
      if (bar !== undefined) progress.update(bar)
      else if (line.trim() !== '') lines = [...lines.slice(1 - shownLines), line]
    }
  })
  const code = await new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  if (code !== 0) {
    throw new SetupError('the native addon could not be built; see the lines above, mend it and type: npm run setup', {
      cause: lines.join('\n'),
    })
  }
}

/**
 * What cargo's progress bar says, undefined for any other line.
 *
 * @param {string} line
 */
export function readCargoProgress(line) {
  const match = /^\s*(Building|Downloading)\s*\[[^\]]*\]\s*(\d+)\/(\d+)(?::\s*(.*?))?\s*$/.exec(line)
  if (match === null) return undefined
  const names = match[4] === undefined || match[4] === '' ? '' : ` (${match[4]})`
  return `crate ${match[2]} of ${match[3]}${names}`
}
