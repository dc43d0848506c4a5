// A chain that Lotus made, with the states that its snapshot holds and nothing to execute: blocks can be validated at once.

import { join } from 'node:path'
import { EntryVerifier } from '../../src/beacon/verify-entry.ts'
import type { ConsensusEnv } from '../../src/consensus/env.ts'
import { setProofParameterDir } from '../../src/native/proofs.ts'
import { BatchVerifier } from '../../src/native/verifier.ts'
import { loadNetworkFile } from '../../src/networks/network-file.ts'
import type { Network } from '../../src/networks/types.ts'
import { StateManager } from '../../src/state/state-manager.ts'
import type { MemoryBlockstore } from '../../src/store/blockstore.ts'
import { ChainReader } from '../../src/store/chain-reader.ts'
import type { BlockHeader } from '../../src/types/block.ts'
import { blockCid } from '../../src/types/block.ts'
import type { FullBlock } from '../../src/types/full-block.ts'
import { type Tipset, TipsetKey } from '../../src/types/tipset.ts'
import { LotusChain } from './lotus-chain.ts'

export interface SnapshotChain {
  readonly network: Network
  readonly store: MemoryBlockstore
  readonly chain: ChainReader
  readonly state: StateManager
  readonly head: Tipset
  /** Every tipset after the genesis, in order of height. */
  readonly tipsets: readonly Tipset[]
  readonly env: ConsensusEnv
  fullBlock(header: BlockHeader): FullBlock
}

/**
 * @param folder `chains/lotus-devnet-proofs` of the foreign data
 * @param parameters another folder of verifying keys than the chain's own
 */
export async function snapshotChain(folder: string, parameters?: string): Promise<SnapshotChain> {
  const network = await loadNetworkFile(join(folder, 'network.json'))
  const keys = parameters ?? network.proofParameters
  if (keys !== undefined) setProofParameterDir(keys)
  const lotus = new LotusChain(folder)
  const { store } = lotus
  const chain = new ChainReader(store)
  const head = headOf(chain, lotus)
  const state = new StateManager({
    network,
    store,
    sink: store,
    chain,
    registry: lotus.registry(),
    genesis: chain.genesisOf(head),
  })
  // As in a node.
  const proofs = new BatchVerifier()
  const verifier = new EntryVerifier((round) => proofs.drandVerify(round))
  const tipsets: Tipset[] = []
  for (let t = head; t.height > 0; t = chain.parent(t)) {
    tipsets.push(t)
    state.remember(t.parents, { stateRoot: t.parentStateRoot, receiptsRoot: t.first.parentMessageReceipts })
  }
  return {
    network,
    store,
    chain,
    state,
    head,
    tipsets: tipsets.reverse(),
    env: { state, verifier, proofs, now: () => Math.floor(Date.now() / 1000) },
    fullBlock(header) {
      const { bls, secp } = chain.messages(header)
      return { header, bls, secp }
    },
  }
}

/** The tipset of the snapshot's first root alone: the chain below it is what matters. */
function headOf(chain: ChainReader, lotus: LotusChain): Tipset {
  return chain.tipset(new TipsetKey([blockCid(lotus.head)]))
}
