/** The part of block production that runs in the worker threads; values travel as bytes and as JSON text. */

import { miningBaseInfo } from '../api/types/miner.ts'
import { blockTemplateFields } from '../api/types/mining.ts'
import { decode, encode } from '../codec/codec.ts'
import { list, tuple } from '../codec/combinators.ts'
import type { JsonContext } from '../codec/json.ts'
import { createBlock } from '../consensus/create-block.ts'
import { miningBase } from '../consensus/mining-base.ts'
import type { StateManager } from '../state/state-manager.ts'
import type { BlockWriter } from '../store/blockstore.ts'
import { Address, address } from '../types/address.ts'
import { beaconEntry, blockMsg } from '../types/block.ts'
import { cidFromBytes } from '../types/cid.ts'
import { TipsetKey } from '../types/tipset.ts'

const beaconEntries = list(beaconEntry)
/** A template on its way to a worker thread. */
export const wireTemplate = tuple('BlockTemplate', blockTemplateFields)

export interface MiningBaseCall {
  readonly miner: Uint8Array
  readonly epoch: number
  readonly base: readonly Uint8Array[]
  /** The newest entry of the chain, then those of the block. */
  readonly entries: Uint8Array
}

export function encodeEntries(entries: Parameters<typeof beaconEntries.toJson>[0]): Uint8Array {
  return encode(beaconEntries, entries)
}

/** JSON text of MinerGetBaseInfo's result. */
export function answerMiningBase(state: StateManager, json: JsonContext, call: MiningBaseCall): string {
  const base = state.chain.tipset(new TipsetKey(call.base.map(cidFromBytes)))
  const [previous, ...entries] = decode(beaconEntries, call.entries)
  if (previous === undefined) throw new TypeError('the call lacks the newest beacon entry')
  const found = miningBase(state, base, call.epoch, Address.fromBytes(call.miner), previous, entries)
  if (found === undefined) return 'null'
  const info = {
    minerPower: found.minerPower,
    networkPower: found.networkPower,
    sectors: found.sectors.map((s) => ({
      sealProof: s.sealProof,
      sectorNumber: s.sectorNumber,
      sectorKey: s.sectorKeyCid ?? null,
      sealedCid: s.sealedCid,
    })),
    workerKey: found.worker,
    sectorSize: found.sectorSize,
    prevBeaconEntry: found.previousEntry,
    beaconEntries: [...found.beaconEntries],
    eligibleForMining: found.eligible,
  }
  return JSON.stringify(miningBaseInfo.toJson(info, json))
}

export interface CreatedBlock {
  /** A BlockMsg without signature. */
  readonly block: Uint8Array
  /** The key that has to sign it. */
  readonly worker: Uint8Array
}

export function answerCreateBlock(state: StateManager, sink: BlockWriter, template: Uint8Array): CreatedBlock {
  const { header, worker, bls, secp } = createBlock(state, sink, decode(wireTemplate, template))
  return { block: encode(blockMsg, { header, blsMessages: [...bls], secpkMessages: [...secp] }), worker: encode(address, worker) }
}
