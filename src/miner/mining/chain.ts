import type { Api, CallOptions } from '../../api/api.ts'
import { RpcCode } from '../../api/errors.ts'
import type { TipsetView } from '../../api/types/chain.ts'
import type { MiningBaseInfo } from '../../api/types/miner.ts'
import type { BlockTemplate } from '../../api/types/mining.ts'
import type { Address } from '../../types/address.ts'
import type { BlockMsg } from '../../types/block.ts'
import type { SignedMessage } from '../../types/message.ts'
import type { ChainEpoch } from '../../types/scalars.ts'
import { SignatureType } from '../../types/signature.ts'
import { TipsetKey } from '../../types/tipset.ts'
import { MinerError } from '../errors.ts'

/** What block production sees of the chain. */
export interface MiningChain {
  head(signal: AbortSignal): Promise<TipsetView>
  tipset(key: TipsetKey, signal: AbortSignal): Promise<TipsetView>
  /** The tipset at a height, or the one before it where that is a null round. */
  tipsetAt(height: ChainEpoch, signal: AbortSignal): Promise<TipsetView>
  /** Settles when the beacon's round of an epoch is out. */
  beaconReady(epoch: ChainEpoch, signal: AbortSignal): Promise<void>
  baseInfo(miner: Address, epoch: ChainEpoch, base: TipsetKey, signal: AbortSignal): Promise<MiningBaseInfo | null>
  /** A VRF: the signature of a BLS key. @throws MinerError MINER_WORKER_KEY for a key of another kind */
  draw(worker: Address, input: Uint8Array, signal: AbortSignal): Promise<Uint8Array>
  /** Messages for blocks on one base, by the qualities of their tickets; no message is in two of the lists. */
  select(base: TipsetKey, qualities: readonly number[], signal: AbortSignal): Promise<readonly (readonly SignedMessage[])[]>
  createBlock(template: BlockTemplate, signal: AbortSignal): Promise<BlockMsg>
  submit(block: BlockMsg): Promise<void>
}

type MiningApi = Pick<
  Api,
  | 'chainHead'
  | 'chainGetTipSet'
  | 'chainGetTipSetByHeight'
  | 'stateGetBeaconEntry'
  | 'minerGetBaseInfo'
  | 'walletSign'
  | 'mpoolSelect'
  | 'mpoolSelects'
  | 'minerCreateBlock'
  | 'syncSubmitBlock'
>

/** Milliseconds until a call counts as failed: a full node that hangs must not hold up the epochs that follow. */
const TIMEOUT_MS = 60_000

/** Block production over the API of a full node, ours or Lotus's. */
export function miningChainOver(api: MiningApi): MiningChain {
  const options = (signal: AbortSignal): CallOptions => ({ signal, timeoutMs: TIMEOUT_MS })
  return {
    head: (signal) => api.chainHead([], options(signal)),
    tipset: (key, signal) => api.chainGetTipSet([key], options(signal)),
    tipsetAt: (height, signal) => api.chainGetTipSetByHeight([height, TipsetKey.empty], options(signal)),
    beaconReady: async (epoch, signal) => void (await api.stateGetBeaconEntry([epoch], options(signal))),
    baseInfo: (miner, epoch, base, signal) => api.minerGetBaseInfo([miner, epoch, base], options(signal)),
    async draw(worker, input, signal) {
      const { type, data } = await api.walletSign([worker, input], options(signal))
      if (type !== SignatureType.bls)
        throw new MinerError('MINER_WORKER_KEY', `the worker ${worker} has no BLS key, which block production needs`)
      return data
    },
    async select(base, qualities, signal) {
      if (qualities.length === 1) return [await api.mpoolSelect([base, qualities[0] as number], options(signal))]
      try {
        return await api.mpoolSelects([base, [...qualities]], options(signal))
      } catch (error) {
        if ((error as { rpcCode?: unknown }).rpcCode !== RpcCode.methodNotFound) throw error
      }
      const lists: SignedMessage[][] = []
      for (const quality of qualities) lists.push(await api.mpoolSelect([base, quality], options(signal)))
      return disjoint(lists)
    },
    createBlock: (template, signal) => api.minerCreateBlock([template], options(signal)),
    submit: (block) => api.syncSubmitBlock([block], { timeoutMs: TIMEOUT_MS }),
  }
}

/**
 * Leaves each sender's messages to the first list that has one of them. A sender's messages stay together: a block with the
 * later ones alone would have a gap of nonces.
 */
export function disjoint(lists: readonly (readonly SignedMessage[])[]): SignedMessage[][] {
  const taken = new Set<string>()
  return lists.map((list) => {
    const own = list.filter(({ message }) => !taken.has(message.from.key))
    for (const { message } of own) taken.add(message.from.key)
    return own
  })
}

/** The least of the blocks' times, Unix seconds. */
export function minTimestamp({ blocks }: TipsetView): number {
  return blocks.reduce((min, b) => Math.min(min, Number(b.timestamp)), Number.POSITIVE_INFINITY)
}

export function keyOf({ cids }: TipsetView): TipsetKey {
  return new TipsetKey(cids)
}
