import { equal } from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { InitView } from '../../../src/actors/init/view.ts'
import { StateTree } from '../../../src/actors/state-tree.ts'
import { SystemView } from '../../../src/actors/system/view.ts'
import { INIT_ACTOR, SYSTEM_ACTOR } from '../../../src/actors/well-known.ts'
import { butterflynet } from '../../../src/networks/butterflynet.ts'
import { calibnet } from '../../../src/networks/calibnet.ts'
import { mainnet } from '../../../src/networks/mainnet.ts'
import { actorsVersion } from '../../../src/networks/schedule.ts'
import type { Network } from '../../../src/networks/types.ts'
import { MemoryBlockstore } from '../../../src/store/blockstore.ts'
import { readCarBytes } from '../../../src/store/car/memory.ts'
import { decodeBlock } from '../../../src/types/block.ts'
import { FIL } from '../../../src/types/scalars.ts'
import { networkName } from '../../kit/actors-v0.ts'
import { registryOfState } from '../../kit/chain-walk.ts'
import type { ConformanceReport, ConformanceSuite } from '../../kit/conformance.ts'

const networks: readonly Network[] = [mainnet, calibnet, butterflynet]
/** Actors are wasm, and are read by this program, from this version on. */
const FIRST_WASM = 8

async function checkGenesis(report: ConformanceReport, network: Network, path: string): Promise<void> {
  const { roots, blocks } = readCarBytes(zstdDecompressSync(readFileSync(path)))
  const store = new MemoryBlockstore()
  for (const b of blocks) store.put(b.cid, b.data)
  const root = roots[0]
  if (root === undefined) return report.fail(network.name, 'the file has no root')
  const header = decodeBlock(store.get(root) as Uint8Array)
  await report.check(`${network.name} block`, () => {
    equal(roots.length, 1)
    equal(root.toString(), network.genesisCid?.toString())
    equal(header.height, 0)
    equal(header.timestamp, BigInt(network.genesisTimestamp as number))
  })
  await report.check(`${network.name} state`, () => {
    let total = 0n
    let count = 0
    for (const [, actor] of StateTree.load(store, header.parentStateRoot).actors()) {
      total += actor.balance
      count++
    }
    equal(total, 2_000_000_000n * FIL)
    if (count < 10) throw new Error(`only ${count} actors`)
  })
  const version = actorsVersion(network.genesisNetworkVersion)
  await report.check(`${network.name} network name`, () => {
    const name =
      version < FIRST_WASM
        ? networkName(store, header.parentStateRoot)
        : InitView.load(
            store,
            registryOfState(store, header.parentStateRoot, version),
            StateTree.load(store, header.parentStateRoot).mustGetActor(INIT_ACTOR.id as bigint),
          ).networkName
    // Mainnet's upgrades of October 2020 renamed it.
    equal(name, network === mainnet ? network.p2pName : network.stateName)
  })
  if (version < FIRST_WASM) return
  await report.check(`${network.name} code`, () => {
    const tree = StateTree.load(store, header.parentStateRoot)
    const registry = registryOfState(store, header.parentStateRoot, version)
    const codes = [...SystemView.load(store, registry, tree.mustGetActor(SYSTEM_ACTOR.id as bigint)).builtinActorCodes()]
    equal(codes.length, 16)
    for (const { name, code } of codes) if (!store.has(code)) throw new Error(`the code of ${name} is not in the file`)
  })
}

/** Genesis files of public networks: the block is the network's, and the state adds up. */
export const suite: ConformanceSuite = {
  group: 'genesis',
  async run(report, dataPath) {
    for (const file of readdirSync(dataPath)) {
      const network = networks.find((n) => `${n.name}.car.zst` === file)
      if (network === undefined) report.fail(file, 'no network has this name')
      else await checkGenesis(report, network, join(dataPath, file))
    }
  },
}
