// Runs bin/nelumbo as a user does.

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const launcher = fileURLToPath(new URL('../../bin/nelumbo', import.meta.url))

export interface CliResult {
  /** Exit code; null when a signal ended it. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** What comes on its standard input; nothing where it is not given. */
  readonly input?: string
}

/** Runs a command line to its end. Nothing of the caller's environment that the CLI reads gets through. */
export function runCli(args: readonly string[], { env = {}, cwd, input }: CliOptions = {}): Promise<CliResult> {
  const { PATH = '', HOME = '/nowhere', NODE_COMPILE_CACHE } = process.env
  const cache = NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE }
  return new Promise((resolve, reject) => {
    const child = spawn(launcher, args, {
      env: { PATH, HOME, TZ: 'UTC', ...cache, ...env },
      cwd,
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    })
    child.stdin?.end(input)
    let stdout = ''
    let stderr = ''
    child.stdout?.on('data', (data) => {
      stdout += data
    })
    child.stderr?.on('data', (data) => {
      stderr += data
    })
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
}
