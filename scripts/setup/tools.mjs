// @ts-check
// The programs that the set-up needs, and what to say when one is missing.

import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { SetupError } from './errors.mjs'

/** The oldest Rust that the addon's dependencies build with. */
const oldestRust = [1, 88]

/**
 * Output of a program, undefined when it cannot be run.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {string} [cwd]
 */
export function outputOf(program, args, cwd) {
  try {
    return execFileSync(program, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return undefined
  }
}

/** Puts rustup's folder on the path: a shell that is older than the installation of Rust does not have it there. */
export function addCargoToPath() {
  const folder = join(process.env.CARGO_HOME || join(homedir(), '.cargo'), 'bin')
  const path = process.env.PATH ?? ''
  if (existsSync(folder) && !path.split(delimiter).includes(folder)) process.env.PATH = path + delimiter + folder
}

/**
 * Throws a {@link SetupError} with one line for each program that is missing or too old.
 *
 * @param {{ build: boolean, features: readonly string[] }} wanted `build`: the addon has to be compiled
 */
export function checkTools({ build, features }) {
  /** @type {string[]} */
  const missing = []
  if (outputOf('git', ['--version']) === undefined) missing.push(`git is missing; ${install('git', 'git', 'git')}`)
  if (build) {
    addCargoToPath()
    const rust = rustProblem()
    if (rust !== undefined) missing.push(rust)
    if (compiler() === undefined) {
      missing.push(`a C++ compiler is missing; ${install('build-essential', 'gcc-c++ make', undefined)}`)
    }
    if (features.some((name) => name.startsWith('cuda')) && outputOf('nvcc', ['--version']) === undefined) {
      missing.push(
        'the feature cuda needs the CUDA toolkit; install it so that nvcc is on the path, or type: npm run setup -- --features=none',
      )
    }
  }
  if (missing.length > 0) throw new SetupError(missing.join('\nset-up: '))
}

function rustProblem() {
  const wanted = oldestRust.join('.')
  const version = outputOf('cargo', ['--version'])
  if (version === undefined) {
    return `Rust is missing (${wanted} or newer); type: curl --proto '=https' -sSf https://sh.rustup.rs | sh -s -- -y`
  }
  const found = /(\d+)\.(\d+)/.exec(version)
  const [major, minor] = [Number(found?.[1]), Number(found?.[2])]
  const [wantedMajor, wantedMinor] = /** @type {[number, number]} */ (oldestRust)
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return undefined
  return `Rust ${found?.[0] ?? 'of an unknown version'} is too old (${wanted} or newer is needed); type: rustup update stable`
}

function compiler() {
  const names = process.env.CXX ? [process.env.CXX] : ['c++', 'g++', 'clang++']
  return names.find((name) => outputOf(name, ['--version']) !== undefined)
}

/**
 * @param {string} apt
 * @param {string} dnf
 * @param {string | undefined} brew undefined: the system's own compiler package
 */
function install(apt, dnf, brew) {
  if (process.platform === 'darwin') return `type: ${brew === undefined ? 'xcode-select --install' : `brew install ${brew}`}`
  if (outputOf('dnf', ['--version']) !== undefined) return `type: sudo dnf install ${dnf}`
  return `type: sudo apt-get install ${apt}`
}
