import * as m from '../api/methods/mining.ts'
import { BeaconSchedule } from '../beacon/schedule.ts'
import { EntryVerifier } from '../beacon/verify-entry.ts'
import { decode, encode } from '../codec/codec.ts'
import { parseJson } from '../codec/json.ts'
import { BlockError } from '../consensus/errors.ts'
import type { Clock } from '../lib/clock.ts'
import { paramsOf } from '../miner/mining-params.ts'
import { finality } from '../networks/constants.ts'
import { networkVersion } from '../networks/schedule.ts'
import type { Network } from '../networks/types.ts'
import { type BoundHandler, bind } from '../rpc/router.ts'
import { ChainRandomness } from '../state/randomness.ts'
import type { ChainStore } from '../store/chain-store.ts'
import { address } from '../types/address.ts'
import { blockMsg, blockSigningBytes } from '../types/block.ts'
import type { ChainEpoch } from '../types/scalars.ts'
import type { Tipset } from '../types/tipset.ts'
import type { Signer } from '../wallet/signer.ts'
import type { ChainPool } from './chain-pool.ts'
import { encodeEntries, wireTemplate } from './mining-work.ts'

/** Null rounds for which the beacon is asked: a young chain has no lookback that would bound them. */
const MAX_NULL_ROUNDS = 20 * finality

export interface MiningHandlersComponents {
  readonly network: Network
  readonly chain: ChainStore
  readonly store: { sync?(): Promise<void> }
  /** Undefined, as `beacon`, for a node without a chain. */
  readonly pool: Pick<ChainPool, 'miningBase' | 'createBlock'> | undefined
  readonly beacon: BeaconSchedule | undefined
  readonly signer: Signer
}

/** The beacon of a network whose genesis is known. */
export function beaconOf(network: Network, genesis: Tipset | undefined, clock: Clock): BeaconSchedule | undefined {
  if (genesis === undefined) return undefined
  const rules = { network, genesisTimestamp: genesis.minTimestamp }
  return new BeaconSchedule({ rules, verifier: new EntryVerifier() }, { clock })
}

/** What miners ask of the node (Lotus node/impl/full/state.go). */
export function miningHandlers(c: MiningHandlersComponents): readonly BoundHandler[] {
  const { network, chain, store, pool, beacon, signer } = c
  const handlers = [bind(m.miningParams, () => paramsOf(network, chain.genesis?.minTimestamp ?? 0n))]
  if (pool === undefined || beacon === undefined) return handlers
  return [
    ...handlers,
    bind(m.minerGetBaseInfo, async ([miner, epoch, key], { signal }) => {
      const base = key.isEmpty ? chain.requireHead() : chain.reader.tipset(key)
      checkRound(network, base, epoch)
      const randomness = new ChainRandomness(network, chain.reader, base, beacon.rules.genesisTimestamp)
      const previous = randomness.latestBeaconEntry(base)
      const at = { epoch, parentEpoch: base.height, networkVersion: networkVersion(network, epoch) }
      const entries = await beacon.entriesForBlock(at, previous, signal)
      const call = {
        miner: miner.bytes,
        epoch,
        base: base.cids.map((cid) => cid.bytes),
        entries: encodeEntries([previous, ...entries]),
      }
      return m.minerGetBaseInfo.result.fromJson(parseJson(await pool.miningBase(call, signal)), 'result')
    }),
    bind(m.minerCreateBlock, async ([template], { signal }) => {
      const made = await pool.createBlock(encode(wireTemplate, template), signal)
      // Messages that the pool stored before.
      await store.sync?.()
      const block = decode(blockMsg, made.block)
      const blockSig = await signer.sign(decode(address, made.worker), blockSigningBytes(block.header), { type: 'block' })
      return { ...block, header: { ...block.header, blockSig } }
    }),
  ]
}

/** @throws BlockError BLOCK_LOOKBACK, before the beacon is asked for the rounds of epochs that no block can have */
function checkRound(network: Network, base: Tipset, epoch: ChainEpoch): void {
  const fail = (why: string): never => {
    throw new BlockError('BLOCK_LOOKBACK', why)
  }
  // At the base's own height and below there are no new rounds; what Lotus answers there is the same lookback with those of the base.
  if (epoch < 0) fail(`there is no epoch ${epoch}`)
  const lookback = Math.max(0, epoch - finality)
  if (networkVersion(network, epoch) > 3 && base.height > 0 && lookback >= base.height)
    fail(`lookback height ${lookback} is at or after base height ${base.height}`)
  if (epoch - base.height > MAX_NULL_ROUNDS)
    fail(`more than ${MAX_NULL_ROUNDS} null rounds lie between height ${base.height} and ${epoch}`)
}
