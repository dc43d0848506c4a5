// A chain that Lotus made, gone on with: its snapshot in a node of this process, its beacon, its miners with their keys and sectors,
// and a clock that stands where the chain ended. The proving parameters of that chain were drawn at random and are not kept: what
// is proven from here on is proven, and verified, with the devnet's insecure ones.

import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Api } from '../../src/api/api.ts'
import { BeaconServer } from '../../src/beacon/server.ts'
import { parseJson } from '../../src/codec/json.ts'
import { LocalProver } from '../../src/miner/prover.ts'
import type { DrandChainInfo } from '../../src/networks/drand.ts'
import { loadNetworkFile } from '../../src/networks/network-file.ts'
import type { Network } from '../../src/networks/types.ts'
import type { FullNode } from '../../src/node/full-node.ts'
import { initMiner } from '../../src/node/miner-init.ts'
import { type MinerNode, startMinerNode } from '../../src/node/miner-node.ts'
import type { FullNodeOptions } from '../../src/node/options.ts'
import { stringify } from '../../src/rpc/client.ts'
import { Address } from '../../src/types/address.ts'
import { temporaryFolder } from './daemon.ts'
import { isQuiet } from './ensemble.ts'
import { skipTo } from './far-block.ts'
import { FastTime } from './fast-time.ts'
import { until } from './net-pair.ts'
import { call } from './node-call.ts'
import { BEACON_SECRET } from './served-network.ts'
import { startTestNode } from './test-node.ts'

/** The miners of `chains/lotus-devnet-proofs`. */
export const lotusMiners = [Address.fromId(1000n), Address.fromId(1001n)] as const

/** How long anything may take on a busy machine, milliseconds. */
const PATIENCE_MS = 400_000

export interface MinedOn {
  readonly node: FullNode
  readonly api: Api
  readonly time: FastTime
  readonly network: Network
  /** Of a node on the same machine; `parameters` is the folder of its verifying keys. */
  networkFile(parameters: string, peers?: readonly string[]): string
  readonly height: number
  /** @param actors those that make blocks; both prove their deadlines */
  startMiner(actors?: readonly Address[]): Promise<MinerNode>
  stopMiner(): Promise<void>
  /** Lets time pass until the head is at a height or above. */
  reach(height: number): Promise<void>
  /** Leaves epochs out up to about a height: blocks of one actor far apart, each as it would make it there. Only while no miner runs. */
  skipTo(height: number, miner: Address): Promise<void>
  startNode(network: Network, options?: Partial<FullNodeOptions>): Promise<FullNode>
}

/** @param parameters folder of proving parameters, which this process uses @param actors folder of actor bundles */
export async function mineOn(
  t: Test,
  { chain, actors, parameters }: { readonly chain: string; readonly actors: string; readonly parameters: string },
): Promise<MinedOn> {
  const folder = temporaryFolder(t)
  const recorded = await loadNetworkFile(join(chain, 'network.json'))
  const time = new FastTime(0)
  t.teardown(() => time.close())
  const beacon = await BeaconServer.listen({
    info: recorded.drand[0]?.info as DrandChainInfo,
    beaconId: 'quicknet',
    secretKey: BEACON_SECRET,
    host: '127.0.0.1',
    port: 0,
    now: () => time.clock.now(),
  })
  t.teardown(() => beacon.close())
  let files = 0
  const networkFile = (keys: string, peers: readonly string[] = []): string => {
    const json = JSON.parse(readFileSync(join(chain, 'network.json'), 'utf8'))
    json.genesis = join(chain, json.genesis)
    json.proofParameters = keys
    json.drand[0].servers = [beacon.url]
    json.bootstrapPeers = peers
    const path = join(folder, `network-${files++}.json`)
    writeFileSync(path, JSON.stringify(json))
    return path
  }
  const network = await loadNetworkFile(networkFile(parameters))
  const startNode = (of: Network, options: Partial<FullNodeOptions> = {}, components = {}): Promise<FullNode> =>
    startTestNode(t, { network: of, bundlesDir: actors, ...options }, components)
  const imported = { location: join(chain, 'snapshot.car.zst'), mode: 'trust' } as const
  const node = await startNode(network, { import: imported }, { clock: time.clock })
  const api = node.api as Api
  const head = () => node.chain.requireHead()
  const { signal } = new AbortController()
  /** The clock says the time of the head. */
  const atHead = (): void => time.clock.set(Number(head().minTimestamp) * 1000)
  atHead()

  const repoPath = join(folder, 'miner')
  for (const miner of lotusMiners) {
    const name = miner.toString('t')
    const key = readFileSync(join(chain, 'miners', name, `pre-seal-${name}.key`), 'utf8').trim()
    await call(node, 'WalletImport', [JSON.parse(Buffer.from(key, 'hex').toString('utf8'))])
    const sectors = join(folder, name)
    copyMiner(join(chain, 'miners', name), sectors)
    await initMiner(api, {
      repoPath,
      actor: miner,
      preSealedSectors: [sectors],
      preSealedMetadata: join(sectors, `pre-seal-${name}.json`),
      localStorage: false,
      noSync: true,
      signal,
    })
  }

  let miner: MinerNode | undefined
  const options = { repoPath, network, noSync: true, acceptUnknownPast: true, warmUp: false, apiPort: 0 }
  t.teardown(() => time.release())
  return {
    node,
    api,
    time,
    network,
    networkFile,
    startNode: (of, more) => startNode(of, more),
    get height() {
      return head().height
    },
    async startMiner(makers = lotusMiners) {
      atHead()
      time.limit = time.clock.now()
      time.quiet = () => isQuiet({ miner }, [node])
      miner = await startMinerNode(options, { api, clock: time.clock })
      const started = miner
      const others = lotusMiners.filter((m) => !makers.includes(m)).map((m) => m.toString('t'))
      if (others.length > 0) await callMiner(miner, 'MiningStop', [others])
      t.teardown(() => started.close())
      time.start()
      return miner
    },
    async stopMiner() {
      // No epoch is begun at the limit.
      await miner?.close()
      miner = undefined
    },
    async reach(height) {
      const { genesis } = node.chain
      const { blockDelaySecs } = network
      time.limit = (Number(genesis?.minTimestamp) + height * blockDelaySecs) * 1000
      const there = (): boolean => {
        // Nobody won the last epoch.
        if (head().height < height && time.exhausted) time.limit += blockDelaySecs * 1000
        return head().height >= height && time.quiet()
      }
      await until(there, PATIENCE_MS, `height ${height}`)
      const done = async (): Promise<boolean> => {
        const states = (await callMiner(miner as MinerNode, 'MiningStates', [])) as { IsMining: boolean; LastEpoch: number }[]
        return states.every((s) => !s.IsMining || s.LastEpoch >= height)
      }
      await until(done, PATIENCE_MS, `the records of height ${height}`)
    },
    async skipTo(height, maker) {
      await skipTo({ node, time, repoPath, miner: maker, prover: (store) => new LocalProver({ store }) }, height)
    },
  }
}

/** A call to a miner of this process. @throws Error with the text of the miner's error */
export async function callMiner(miner: MinerNode, method: string, params: readonly unknown[]): Promise<unknown> {
  const response = await fetch(`${miner.server.url}/rpc/v0`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await miner.repo.apiToken()}` },
    body: stringify({ jsonrpc: '2.0', id: 1, method: `Filecoin.${method}`, params }),
  })
  const { result, error } = parseJson(await response.text()) as { result?: unknown; error?: { message: string } }
  if (error !== undefined) throw new Error(error.message)
  return result
}

/** The files of a miner as a storage path that can be written to; a sector that was pledged later comes to the others. */
function copyMiner(from: string, to: string): void {
  cpSync(from, to, { recursive: true })
  const writable = (path: string): void => {
    chmodSync(path, 0o700)
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const inner = join(path, entry.name)
      if (entry.isDirectory()) writable(inner)
      else chmodSync(inner, 0o600)
    }
  }
  writable(to)
  const pledged = join(to, 'pledged')
  const names = readdirSync(to).includes('pledged') ? readdirSync(pledged) : []
  for (const name of names) {
    const [type = '', ...sector] = name.split('-')
    mkdirSync(join(to, type), { recursive: true })
    cpSync(join(pledged, name), join(to, type, sector.join('-')), { recursive: true })
  }
}
