// A chain that Lotus made, with what Lotus answered about it: the tipsets by key, the states that the snapshot holds, and the
// registry of the actors that it runs.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { ActorRegistry, readManifestData } from '../../src/actors/manifest.ts'
import { StateTree } from '../../src/actors/state-tree.ts'
import { systemState } from '../../src/actors/system/view.ts'
import { decode } from '../../src/codec/codec.ts'
import { type MemoryBlockstore, mustGet } from '../../src/store/blockstore.ts'
import { type BlockHeader, decodeBlock } from '../../src/types/block.ts'
import { type CID, cidFromString } from '../../src/types/cid.ts'
import { readCar } from './car.ts'

/** One question and Lotus's answer. */
export interface RpcAnswer {
  readonly path: string
  readonly method: string
  readonly params: any
  readonly result?: any
  readonly error?: { readonly code: number; readonly message: string }
}

/** The answers of a chain's folder, parsed by `parse` (JSON.parse, which rounds large integers, where it is not given). */
export function readAnswers(folder: string, parse: (line: string) => unknown = JSON.parse): RpcAnswer[] {
  const text = zstdDecompressSync(readFileSync(join(folder, 'rpc-answers.ndjson.zst'))).toString('utf8')
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => parse(line) as RpcAnswer)
}

export class LotusChain {
  readonly store: MemoryBlockstore
  readonly head: BlockHeader
  readonly #trees = new Map<string, StateTree>()

  /** @param folder `chains/lotus-devnet` for instance */
  constructor(folder: string) {
    const { roots, store } = readCar(join(folder, 'snapshot.car.zst'))
    this.store = store
    this.head = this.block(roots[0] as CID)
  }

  block(cid: CID): BlockHeader {
    return decodeBlock(mustGet(this.store, cid))
  }

  /** Height and state of the tipset that a JSON key names; undefined where the snapshot lacks the state. */
  at(key: readonly { readonly '/': string }[]): { height: number; tree: StateTree } | undefined {
    const first = key[0]
    if (first === undefined) return undefined
    const header = this.block(cidFromString(first['/']))
    if (!this.store.has(header.parentStateRoot)) return undefined
    const id = header.parentStateRoot.toString()
    let tree = this.#trees.get(id)
    if (tree === undefined) {
      tree = StateTree.load(this.store, header.parentStateRoot)
      this.#trees.set(id, tree)
    }
    return { height: header.height, tree }
  }

  /** The actors that a state's own system actor names, as of one version. */
  registry(version = 18, tree: StateTree = StateTree.load(this.store, this.head.parentStateRoot)): ActorRegistry {
    const system = tree.mustGetActor(0n)
    const manifest = readManifestData(this.store, decode(systemState, mustGet(this.store, system.head)).builtinActors)
    if (manifest === undefined) throw new Error('the snapshot lacks the list of actors')
    return new ActorRegistry([{ version, entries: manifest.entries.map((e) => [e.name, e.code] as const) }])
  }
}
