// A node under attack in a process of its own (net-target.ts), as the test sees it.

import { type ChildProcess, fork } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import type { Test } from 'tap'
import type { NetInit } from '../../src/net/service.ts'
import { sharedData } from './shared-data.ts'

export interface TargetStart {
  readonly chainFolder: string
  readonly init: Partial<NetInit>
}

export type TargetRequest = { readonly ask: 'measure' | 'self' } | { readonly ask: 'peer' | 'fetch'; readonly peer: string }

/** What the node holds; garbage is collected first. Delays and the most requests at a time are those since the last time. */
export interface Measured {
  readonly heapBytes: number
  readonly rssBytes: number
  /** Work of the main thread between two turns of its loop, processor time, 99th percentile. */
  readonly busyP99Ms: number
  /** Delay of the loop by the clock. */
  readonly lagP99Ms: number
  readonly lagMaxMs: number
  readonly mostActive: number
  readonly topics: number
  readonly connections: number
  readonly streamsIn: number
  readonly exchangeBytesIn: number
  /** Blocks of gossip that it took. */
  readonly blocks: number
}

export interface PeerState {
  readonly blocked: boolean
  /** Points for misconduct. */
  readonly points: number
  /** Gossip score. */
  readonly score: number
  readonly connected: boolean
}

export class TargetProcess {
  readonly #child: ChildProcess
  readonly #open = new Map<number, { resolve: (v: unknown) => void; reject: (e: Error) => void }>()
  #next = 0
  #ended: string | undefined
  id = ''
  addrs: readonly Multiaddr[] = []
  blocksTopic = ''

  private constructor(start: TargetStart) {
    this.#child = fork(fileURLToPath(new URL('./net-target.ts', import.meta.url)), [JSON.stringify(start)])
    this.#child.on('message', ({ id, result, error }: { id: number; result?: unknown; error?: string }) => {
      const call = this.#open.get(id)
      this.#open.delete(id)
      if (error === undefined) call?.resolve(result)
      else call?.reject(new Error(error))
    })
    this.#child.on('exit', (code, signal) => {
      this.#ended = `the node ended with ${code ?? signal}`
      for (const { reject } of this.#open.values()) reject(new Error(this.#ended))
    })
  }

  static async start(t: Test, init: Partial<NetInit> = {}): Promise<TargetProcess | undefined> {
    const chainFolder = sharedData(t, 'chains', 'lotus-devnet-proofs')
    if (chainFolder === undefined) return undefined
    const target = new TargetProcess({ chainFolder, init })
    t.teardown(() => target.#child.kill('SIGKILL'))
    await new Promise((resolve, reject) => target.#open.set(0, { resolve, reject }))
    const self = (await target.#ask({ ask: 'self' })) as { id: string; addrs: string[]; blocksTopic: string }
    target.id = self.id
    target.addrs = self.addrs.map((a) => multiaddr(`${a}/p2p/${self.id}`))
    target.blocksTopic = self.blocksTopic
    return target
  }

  /** Undefined while it runs. */
  get ended(): string | undefined {
    return this.#ended
  }

  get pid(): number {
    return this.#child.pid as number
  }

  #ask(request: TargetRequest): Promise<unknown> {
    if (this.#ended !== undefined) return Promise.reject(new Error(this.#ended))
    const id = ++this.#next
    return new Promise((resolve, reject) => {
      this.#open.set(id, { resolve, reject })
      this.#child.send({ ...request, id })
    })
  }

  measure(): Promise<Measured> {
    return this.#ask({ ask: 'measure' }) as Promise<Measured>
  }

  peer(peer: string): Promise<PeerState> {
    return this.#ask({ ask: 'peer', peer }) as Promise<PeerState>
  }

  /** Lets it ask a peer for two tipsets; what went wrong, empty where nothing did. */
  fetch(peer: string): Promise<{ readonly error: string; readonly ms: number }> {
    return this.#ask({ ask: 'fetch', peer }) as Promise<{ error: string; ms: number }>
  }

  /** Open file descriptors. */
  fds(): number {
    return readdirSync(`/proc/${this.pid}/fd`).length
  }

  /** Most memory that it held since the last call, bytes. */
  peakRss(): number {
    const peak = peakOf(this.pid)
    resetPeak(this.pid)
    return peak
  }
}

export function peakOf(pid: number): number {
  return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024
}

export function resetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5')
}
