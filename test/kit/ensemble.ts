// A network of its own for a test: nodes and miners in this process, fake proofs, epochs of a second. The first node has the
// miners beside it, as `nelumbo devnet` runs them; every other one joins by the network file.
//
//   const net = await ensemble(t).fullNode().miner().fullNode().start().beginMining()
//
// With `fast()` its time passes as fast as its work is done; `clock(hours * 3_600_000)` sets the clock of all of it back.

import { join } from 'node:path'
import type { Test } from 'tap'
import { clockBehind, type SharedClock, systemClock } from '../../src/lib/clock.ts'
import { loadNetworkFile } from '../../src/networks/network-file.ts'
import type { DevnetOptions } from '../../src/node/devnet/make.ts'
import { type Devnet, startDevnet } from '../../src/node/devnet/run.ts'
import type { FullNode } from '../../src/node/full-node.ts'
import { temporaryFolder } from './daemon.ts'
import { FastTime } from './fast-time.ts'
import { until } from './net-pair.ts'
import { call } from './node-call.ts'
import { sharedDataRoot } from './shared-data.ts'
import { LOOPBACK, startTestNode } from './test-node.ts'

export interface EnsembleOptions {
  /** Seconds. */
  readonly blockDelaySecs?: number
  readonly sectorsPerMiner?: number
  /** Those that check no proof, where it is not given. */
  readonly actors?: DevnetOptions['bundle']
}

/** How long anything may take on a busy machine, milliseconds. */
const PATIENCE_MS = 240_000

/** A running network. */
export interface Ensemble {
  readonly devnet: Devnet
  /** In the order in which they were asked for. */
  readonly nodes: readonly FullNode[]
  /** Undefined where time passes as it does. */
  readonly time: FastTime | undefined
  /** One more node, with settings of the config file as environment variables give them. */
  join(configOverrides?: Readonly<Record<string, string>>): Promise<FullNode>
  /** Settles when a node's head is at a height or above. */
  reached(node: FullNode, height: number): Promise<void>
  /** Sends from the faucet's account through a node and settles when that node has executed it. @returns the epoch */
  give(node: FullNode, to: string, attoFil: bigint): Promise<number>
}

/** A network that is being started. */
export interface StartingEnsemble {
  /** Settles when all nodes are connected. */
  readonly ready: Promise<Ensemble>
  /** Starts the miners, too. */
  beginMining(): Promise<Ensemble>
}

export class EnsembleBuilder {
  readonly #t: Test
  readonly #options: EnsembleOptions
  #nodes = 0
  #miners = 0
  #clock: SharedClock = systemClock
  #time: FastTime | undefined

  constructor(t: Test, options: EnsembleOptions) {
    this.#t = t
    this.#options = options
  }

  fullNode(): this {
    this.#nodes++
    return this
  }

  /** A miner of the genesis, which works with the first node. */
  miner(): this {
    this.#miners++
    return this
  }

  /** The clock of nodes, miners and beacon is behind by so many milliseconds. */
  clock(behindMs: number): this {
    this.#clock = clockBehind(behindMs)
    return this
  }

  /** Time jumps to what is waited for next when all nodes have the same head and no proof is being made. */
  fast(): this {
    this.#time = new FastTime(this.#clock.now())
    this.#clock = this.#time.clock
    return this
  }

  start(): StartingEnsemble {
    const ready = this.#start()
    ready.catch(() => {})
    return {
      ready,
      async beginMining() {
        const net = await ready
        await net.devnet.beginMining()
        return net
      },
    }
  }

  async #start(): Promise<Ensemble> {
    if (this.#nodes === 0 || this.#miners === 0) throw new Error('an ensemble needs a full node and a miner')
    const t = this.#t
    const folder = temporaryFolder(t)
    const stop = new AbortController()
    const clock = this.#clock
    const time = this.#time
    // The last one to end: whoever waits for a moment must see it come.
    if (time !== undefined) t.teardown(() => time.close())
    const devnet = await startDevnet(
      {
        folder: join(folder, 'devnet'),
        cacheDir: join(folder, 'cache'),
        miners: this.#miners,
        sectors: this.#options.sectorsPerMiner ?? 1,
        blockDelaySecs: this.#options.blockDelaySecs ?? 1,
        proofs: 'fake',
        ...(this.#options.actors === undefined ? {} : { bundle: this.#options.actors }),
        bundleFolders: [join(sharedDataRoot, 'actors')],
        host: '127.0.0.1',
        apiPort: 0,
        minerApiPort: 0,
        queryThreads: 1,
        signal: stop.signal,
        onStep: () => {},
      },
      { clock },
    )
    t.teardown(() => devnet.close())
    const nodes = [devnet.node]
    for (let i = 1; i < this.#nodes; i++) nodes.push(await this.#join(devnet, join(folder, `node-${i}`)))
    if (time !== undefined) {
      time.quiet = () => isQuiet(devnet, nodes)
      t.teardown(() => time.release())
      time.start()
    }
    const joinOne = async (overrides?: Readonly<Record<string, string>>) => {
      const node = await this.#join(devnet, join(folder, `node-${nodes.length}`), overrides)
      nodes.push(node)
      return node
    }
    return { devnet, nodes, time, join: joinOne, reached, give: (node, to, attoFil) => give(devnet, node, to, attoFil) }
  }

  async #join(devnet: Devnet, repoPath: string, overrides: Readonly<Record<string, string>> = {}): Promise<FullNode> {
    const node = await startTestNode(
      this.#t,
      {
        network: await loadNetworkFile(devnet.layout.network),
        repoPath,
        configOverrides: { ...LOOPBACK, ...overrides },
        p2p: { bootstrap: true, bootstrapper: false },
      },
      { clock: this.#clock },
    )
    const peer = devnet.node.net?.peerId as string
    await until(() => node.net?.peers.peers.has(peer) === true, PATIENCE_MS, 'the connection to the first node')
    return node
  }
}

/** Whether all nodes have the same head, and the miners have done what it calls for. */
export function isQuiet({ miner }: Pick<Devnet, 'miner'>, nodes: readonly FullNode[]): boolean {
  const head = nodes[0]?.chain.head
  if (head === undefined || !nodes.every((n) => n.chain.head?.key.equals(head.key) === true)) return false
  return [...(miner?.windowPosts.values() ?? [])].every((s) => !s.busy && (s.height ?? 0) >= head.height)
}

/** Begins the description of a network. */
export function ensemble(t: Test, options: EnsembleOptions = {}): EnsembleBuilder {
  return new EnsembleBuilder(t, options)
}

async function reached(node: FullNode, height: number): Promise<void> {
  await until(() => (node.chain.head?.height ?? 0) >= height, PATIENCE_MS, `height ${height}`)
}

async function give(devnet: Devnet, node: FullNode, to: string, attoFil: bigint): Promise<number> {
  const message = {
    Version: 0,
    To: to,
    From: devnet.description.faucet,
    Nonce: 0,
    Value: attoFil.toString(),
    GasLimit: 0,
    GasFeeCap: '0',
    GasPremium: '0',
    Method: 0,
    Params: null,
  }
  const sent = (await call(node, 'MpoolPushMessage', [message, null])) as { CID: unknown }
  const found = (await call(node, 'StateWaitMsg', [sent.CID, 0, -1, true])) as { Height: number }
  return found.Height
}
