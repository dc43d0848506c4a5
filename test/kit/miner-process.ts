// A miner in a process of its own that lives in the test's time, and that can be killed.

import { type ChildProcess, fork } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FastTime } from './fast-time.ts'
import { until } from './net-pair.ts'

export interface MinerStart {
  readonly repoPath: string
  /** The storage path of its sectors. */
  readonly sectors: string
  /** As FULLNODE_API_INFO. */
  readonly fullNode: string
  /** Unix milliseconds. */
  readonly now: number
  /** Whether each window PoSt waits until it is let go. */
  readonly holdProofs: boolean
}

export type ToMiner = { readonly wake: number; readonly now: number } | { readonly now: number } | { readonly prove: true }

export type FromMiner =
  | { readonly sleep: number; readonly ms: number }
  | { readonly awake: number }
  | { readonly proving: true }
  | { readonly state: { readonly busy: boolean; readonly height: number } }

const PATIENCE_MS = 120_000

export class MinerProcess {
  readonly #child: ChildProcess
  readonly #time: FastTime
  readonly #repoPath: string
  readonly #sleeps = new Map<number, AbortController>()
  readonly exited: Promise<number | NodeJS.Signals | null>
  #ended = false
  #state = { busy: true, height: -1 }
  /** Window PoSts that were begun. */
  begun = 0
  /** Told at once when one is. */
  onProving: () => void = () => {}

  constructor(time: FastTime, start: Omit<MinerStart, 'now'>) {
    this.#time = time
    this.#repoPath = start.repoPath
    const args = JSON.stringify({ ...start, now: time.clock.now() } satisfies MinerStart)
    const child = fileURLToPath(new URL('./miner-child.ts', import.meta.url))
    this.#child = fork(child, [args], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
    this.#child.stderr?.on('data', (data: Buffer) => {
      this.stderr += data
    })
    this.#child.on('message', (message: FromMiner) => this.#heard(message))
    this.exited = new Promise((resolve) => {
      this.#child.on('close', (code, signal) => {
        this.#ended = true
        for (const sleep of this.#sleeps.values()) sleep.abort()
        this.#sleeps.clear()
        resolve(code ?? signal)
      })
    })
  }

  stderr = ''

  #heard(message: FromMiner): void {
    if ('sleep' in message) void this.#sleep(message.sleep, message.ms)
    else if ('awake' in message) this.#sleeps.get(message.awake)?.abort()
    else if ('state' in message) this.#state = message.state
    else {
      this.begun++
      this.onProving()
    }
  }

  async #sleep(id: number, ms: number): Promise<void> {
    const end = new AbortController()
    this.#sleeps.set(id, end)
    try {
      await this.#time.clock.sleep(ms, end.signal)
      this.#say({ wake: id, now: this.#time.clock.now() })
    } catch {
      // It was woken by its own signal, or has ended.
    } finally {
      this.#sleeps.delete(id)
    }
  }

  #say(message: ToMiner): void {
    if (!this.#ended) this.#child.send(message, () => {})
  }

  /** Whether it has done what a head of a height calls for. */
  isQuiet(height: number): boolean {
    return !this.#ended && !this.#state.busy && this.#state.height >= height
  }

  /** Lets the window PoSts go that wait. */
  prove(): void {
    this.#say({ prove: true })
  }

  /** Calls it over its API. @throws Error with the text of its error */
  async call(method: string, params: readonly unknown[]): Promise<unknown> {
    const text = (name: string): string => readFileSync(join(this.#repoPath, name), 'utf8').trim()
    const response = await fetch(`http://127.0.0.1:${text('api').split('/')[4]}/rpc/v0`, {
      method: 'POST',
      headers: { authorization: `Bearer ${text('token')}` },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: `Filecoin.${method}`, params }),
    })
    const { result, error } = (await response.json()) as { result?: unknown; error?: { message: string } }
    if (error !== undefined) throw new Error(error.message)
    return result
  }

  /** Settles when it makes blocks. @throws Error with what it printed when it ended */
  async ready(): Promise<this> {
    await until(() => this.#ended || this.stderr.includes('the miner is ready'), PATIENCE_MS, 'the start of the miner')
    if (this.#ended) throw new Error(`the miner ended:\n${this.stderr}`)
    return this
  }

  /** Ends it as a power cut does. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.exited
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM')
    await this.exited
  }
}
