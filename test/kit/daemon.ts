// A real node as a child process: started as a user starts it, asked over its port, and stopped in every way there is.

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'

const launcher = fileURLToPath(new URL('../../bin/node', import.meta.url))

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A daemon, running or ended. */
export class DaemonProcess {
  readonly repo: string
  readonly exited: Promise<Exit>
  stdout = ''
  stderr = ''
  readonly #child: ChildProcess
  #ended: Exit | undefined

  constructor(repo: string, args: readonly string[], env: Readonly<Record<string, string>>) {
    this.repo = repo
    const { PATH = '', HOME = '/nowhere', NODE_COMPILE_CACHE } = process.env
    const cache = NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE }
    this.#child = spawn(launcher, ['--repo', repo, 'daemon', ...args], {
      // Peers could only come from this machine.
      env: { PATH, HOME, TZ: 'UTC', LOTUS_LIBP2P_LISTENADDRESSES: '/ip4/127.0.0.1/tcp/0', ...cache, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child.stdout?.on('data', (d) => {
      this.stdout += d
    })
    this.#child.stderr?.on('data', (d) => {
      this.stderr += d
    })
    this.exited = new Promise((resolve, reject) => {
      this.#child.on('error', reject)
      this.#child.on('close', (code, signal) => {
        this.#ended = { code, signal }
        resolve(this.#ended)
      })
    })
  }

  get pid(): number {
    return this.#child.pid as number
  }

  get ended(): Exit | undefined {
    return this.#ended
  }

  /** The last line on standard output. */
  get lastLine(): string {
    return this.stdout.trimEnd().split('\n').at(-1) ?? ''
  }

  /** The sentences on standard error that say why the command failed. */
  get errors(): string[] {
    return this.stderr.split('\n').filter((line) => line.startsWith('ERROR: '))
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  /** Ends it as an operator does. */
  async stop(): Promise<Exit> {
    this.signal('SIGTERM')
    return this.exited
  }

  /** Ends it as a power cut does. */
  async kill9(): Promise<Exit> {
    this.signal('SIGKILL')
    return this.exited
  }

  /** Waits until `done` gives something. @throws Error with what the daemon printed when it ended or the time is over */
  async until<T>(done: () => T | undefined, what: string, timeoutMs = 60_000): Promise<T> {
    const deadline = Date.now() + timeoutMs
    for (;;) {
      const found = done()
      if (found !== undefined) return found
      if (this.#ended !== undefined) throw new Error(`the daemon ended before ${what}:\n${this.stderr}`)
      if (Date.now() > deadline) throw new Error(`the daemon did not come to ${what} in ${timeoutMs} ms:\n${this.stderr}`)
      await sleep(20)
    }
  }

  /** Waits until it answers; its address and token. */
  async ready(timeoutMs?: number): Promise<RunningDaemon> {
    const read = (name: string): string | undefined => {
      const path = join(this.repo, name)
      return existsSync(path) ? readFileSync(path, 'utf8').trim() || undefined : undefined
    }
    await this.until(() => (this.stderr.includes('the node is ready') ? true : undefined), 'its start', timeoutMs)
    const api = read('api') ?? ''
    return new RunningDaemon(this, `http://127.0.0.1:${api.split('/')[4]}`, read('token') ?? '', api)
  }
}

export interface Answer {
  readonly status: number
  readonly text: string
}

/** A daemon that answers. */
export class RunningDaemon {
  readonly process: DaemonProcess
  /** `http://127.0.0.1:port` */
  readonly url: string
  /** The repo's own token, with all permissions. */
  readonly token: string
  readonly multiaddr: string

  constructor(process: DaemonProcess, url: string, token: string, multiaddr: string) {
    this.process = process
    this.url = url
    this.token = token
    this.multiaddr = multiaddr
  }

  /** Sends a body to an endpoint; `null` sends no token. */
  post(body: string, { token = this.token as string | null, path = '/rpc/v1' } = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const asked = request(
        `${this.url}${path}`,
        {
          method: 'POST',
          agent: false,
          headers: {
            'Content-Type': 'application/json',
            'Content-Length': Buffer.byteLength(body),
            ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
          },
        },
        (response) => {
          const chunks: Buffer[] = []
          response.on('data', (c: Buffer) => chunks.push(c))
          response.on('error', reject)
          response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }))
        },
      )
      asked.on('error', reject)
      asked.end(body)
    })
  }

  /** Calls one method; the parsed answer. */
  async call(
    method: string,
    params: readonly unknown[] = [],
    options: { token?: string | null; path?: string } = {},
  ): Promise<{ readonly result?: unknown; readonly error?: { readonly code: number; readonly message: string } }> {
    const { text } = await this.post(
      JSON.stringify({ jsonrpc: '2.0', id: 1, method: method.includes('.') ? method : `Filecoin.${method}`, params }),
      options,
    )
    return JSON.parse(text)
  }
}

/** A folder that the test removes when it ends. */
export function temporaryFolder(t: Pick<Test, 'teardown'>): string {
  const folder = mkdtempSync(join(tmpdir(), 'nelumbo-test-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export interface DaemonOptions {
  readonly repo: string
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Folder of a chain in the shared data: its network file and the actor bundles are given on the command line. */
  readonly chain?: string
  /** Instead of the chain's own network file. */
  readonly networkFile?: string
}

/** Starts a daemon on a free port; the test kills it when it ends, should it still be there. */
export function spawnDaemon(
  t: Pick<Test, 'teardown'>,
  { repo, args = [], env = {}, chain, networkFile }: DaemonOptions,
): DaemonProcess {
  const network =
    chain === undefined
      ? []
      : ['--network-file', networkFile ?? join(chain, 'network.json'), '--bundles', join(chain, '..', '..', 'actors')]
  const daemon = new DaemonProcess(repo, ['--api', '0', '--bootstrap=false', ...network, ...args], env)
  t.teardown(async () => {
    if (daemon.ended === undefined) await daemon.kill9()
  })
  return daemon
}

/** Starts a daemon and waits until it answers. */
export async function startDaemon(t: Pick<Test, 'teardown'>, options: DaemonOptions, timeoutMs?: number): Promise<RunningDaemon> {
  return spawnDaemon(t, options).ready(timeoutMs)
}

/** Runs a daemon that ends by itself. */
export async function runDaemon(t: Pick<Test, 'teardown'>, options: DaemonOptions): Promise<DaemonProcess> {
  const daemon = spawnDaemon(t, options)
  await daemon.exited
  return daemon
}
