// A chain that Lotus made, executed anew from its genesis in memory: every state that Lotus had, made by this program, each
// root compared with what the next header states.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { ActorRegistry, readManifest } from '../../src/actors/manifest.ts'
import { setProofParameterDir } from '../../src/native/proofs.ts'
import { bundleManifestCid } from '../../src/networks/bundles.ts'
import { loadNetworkFile } from '../../src/networks/network-file.ts'
import { actorsVersion } from '../../src/networks/schedule.ts'
import type { Network } from '../../src/networks/types.ts'
import { StateManager } from '../../src/state/state-manager.ts'
import type { MemoryBlockstore } from '../../src/store/blockstore.ts'
import { ChainReader } from '../../src/store/chain-reader.ts'
import { readTar } from '../../src/store/tar.ts'
import { cidKey } from '../../src/types/cid.ts'
import { type Tipset, TipsetKey } from '../../src/types/tipset.ts'
import { parseCar, readCar } from './car.ts'

export interface ExecutedChain {
  readonly network: Network
  readonly store: MemoryBlockstore
  readonly state: StateManager
  readonly head: Tipset
  /** Every tipset after the genesis, in order of height. */
  readonly tipsets: readonly Tipset[]
}

/** Adds the blocks of one file of a release of the actors (`v18.tar.zst`, `builtin-actors-mainnet.car`) to a store. */
export function addBundle(store: MemoryBlockstore, actorsFolder: string, version: number, bundle: string): void {
  const tar = zstdDecompressSync(readFileSync(join(actorsFolder, `v${version}.tar.zst`)))
  for (const file of readTar(tar)) {
    if (file.name !== `builtin-actors-${bundle}.car`) continue
    for (const b of parseCar(file.data).store.blocks()) store.put(b.cid, b.data)
    return
  }
  throw new Error(`v${version}.tar.zst has no bundle ${bundle}`)
}

/** A registry of the bundles named, read from a store that holds them. */
export function registryOf(store: MemoryBlockstore, bundle: Network['bundle'], versions: readonly number[]): ActorRegistry {
  const registry = new ActorRegistry()
  for (const version of versions) {
    const manifest = readManifest(store, bundleManifestCid(bundle, version) as NonNullable<ReturnType<typeof bundleManifestCid>>)
    if (manifest === undefined) throw new Error(`the store lacks the bundle ${bundle} of actors v${version}`)
    registry.add({ version, entries: manifest.entries.map((e) => [e.name, e.code] as const) })
  }
  return registry
}

/** The chain of `chains/<name>`, with genesis state and actors but no state after it. */
export async function importedChain(dataRoot: string, name: string): Promise<ExecutedChain> {
  const folder = join(dataRoot, 'chains', name)
  const network = await loadNetworkFile(join(folder, 'network.json'))
  if (network.proofs === 'real' && network.proofParameters !== undefined) setProofParameterDir(network.proofParameters)
  const { roots, store } = readCar(join(folder, 'chain.car.zst'))
  const version = actorsVersion(network.genesisNetworkVersion)
  addBundle(store, join(dataRoot, 'actors'), version, network.bundle)
  const registry = registryOf(store, network.bundle, [version])
  const chain = new ChainReader(store)
  const head = chain.tipset(new TipsetKey(roots))
  const state = new StateManager({ network, store, sink: store, chain, registry, genesis: chain.genesisOf(head) })
  const tipsets: Tipset[] = []
  for (let t = head; t.height > 0; t = chain.parent(t)) tipsets.push(t)
  return { network, store, state, head, tipsets: tipsets.reverse() }
}

/** Executes the tipset at `index`; undefined when the roots are those that the next header states, else what differs. */
export function executeAt({ state, tipsets }: ExecutedChain, index: number): string | undefined {
  const tipset = tipsets[index] as Tipset
  const made = state.execute(tipset)
  if (made === undefined) return `the tipset at height ${tipset.height} gave no state`
  const next = tipsets[index + 1]
  if (next === undefined) return undefined
  if (cidKey(next.parentStateRoot) !== cidKey(made.stateRoot))
    return `height ${tipset.height}: state root ${made.stateRoot}, not ${next.parentStateRoot}`
  const receipts = next.first.parentMessageReceipts
  if (cidKey(receipts) !== cidKey(made.receiptsRoot))
    return `height ${tipset.height}: receipts ${made.receiptsRoot}, not ${receipts}`
  return undefined
}

/** As {@link importedChain}, with all states. @throws Error for the first root that differs */
export async function executedChain(dataRoot: string, name: string): Promise<ExecutedChain> {
  const chain = await importedChain(dataRoot, name)
  for (const i of chain.tipsets.keys()) {
    const wrong = executeAt(chain, i)
    if (wrong !== undefined) throw new Error(wrong)
  }
  return chain
}
