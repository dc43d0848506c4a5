// The program of `miner-process.ts`: a miner in a process of its own, whose time its parent gives it and whose proofs its parent may
// hold back, so that it can be killed at any point.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../../src/lib/clock.ts'
import { FakeProver } from '../../src/miner/fake-prover.ts'
import type { Prover } from '../../src/miner/proving.ts'
import { startMinerNode } from '../../src/node/miner-node.ts'
import { parseApiInfo } from '../../src/rpc/api-info.ts'
import { RpcClient } from '../../src/rpc/client.ts'
import type { FromMiner, MinerStart, ToMiner } from './miner-process.ts'

const { repoPath, sectors, fullNode, now, holdProofs } = JSON.parse(process.argv[2] as string) as MinerStart
const tell = (message: FromMiner): void => void process.send?.(message)

/** The parent's time: as it was when it last said so. */
class ParentClock implements Clock {
  #now = now
  #last = 0
  readonly #sleepers = new Map<number, () => void>()
  go: () => void = () => {}

  constructor() {
    process.on('message', (message: ToMiner) => {
      if ('now' in message) this.#now = message.now
      if ('wake' in message) {
        this.#sleepers.get(message.wake)?.()
        this.#sleepers.delete(message.wake)
      }
      if ('prove' in message) this.go()
    })
  }

  now(): number {
    return this.#now
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted()
      if (ms <= 0) return resolve()
      const id = this.#last++
      const onAbort = (): void => {
        this.#sleepers.delete(id)
        tell({ awake: id })
        reject(signal?.reason)
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#sleepers.set(id, () => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      })
      tell({ sleep: id, ms })
    })
  }
}

const clock = new ParentClock()

/** Proofs that mean nothing, of sectors whose files are there. */
class FileProver implements Prover {
  readonly #fake = new FakeProver()

  winningPost: Prover['winningPost'] = () => this.#fake.winningPost()

  async windowPost(miner: bigint, type: number, wanted: Parameters<Prover['windowPost']>[2], randomness: Uint8Array) {
    const skipped = wanted.filter((s) => !there(miner, s.number)).map((s) => s.number)
    if (skipped.length > 0) return { proofs: [], skipped: skipped as never[] }
    tell({ proving: true })
    if (holdProofs)
      await new Promise<void>((resolve) => {
        clock.go = resolve
      })
    return this.#fake.windowPost(miner, type, wanted, randomness)
  }

  async checkProvable(miner: bigint, _type: number, wanted: Parameters<Prover['checkProvable']>[2]) {
    return new Map(wanted.filter((s) => !there(miner, s.number)).map((s) => [s.number, 'its file is missing']))
  }
}

function there(miner: bigint, sector: bigint): boolean {
  return existsSync(join(sectors, 'sealed', `s-t0${miner}-${sector}`))
}

const client = new RpcClient(parseApiInfo(fullNode), { json: { addressPrefix: 't' }, timeoutMs: 0 })
const miner = await startMinerNode(
  { repoPath, noSync: true, acceptUnknownPast: true, apiPort: 0 },
  { api: client.api, clock, prover: new FileProver() },
)
let told = ''
setInterval(() => {
  const posts = [...miner.windowPosts.values()]
  const state = { busy: posts.some((s) => s.busy), height: Math.min(...posts.map((s) => s.height ?? -1)) }
  const text = JSON.stringify(state)
  if (text === told) return
  told = text
  tell({ state })
}, 1)
process.on('SIGTERM', () => void miner.close())
await miner.closed
await client.close()
process.exit(0)
