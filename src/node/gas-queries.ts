/** What a worker thread answers to the estimates of gas. */
import { decode } from '../codec/codec.ts'
import { estimateGasLimit, estimatePremium, type GasLimitEstimate, offerCache } from '../state/gas-estimate.ts'
import type { StateManager } from '../state/state-manager.ts'
import { CID } from '../types/cid.ts'
import { message, signedMessage } from '../types/message.ts'
import { type Tipset, TipsetKey } from '../types/tipset.ts'

type Key = readonly string[]

export interface GasQueries {
  gasLimit(args: { message: Uint8Array; before: readonly Uint8Array[]; base: Key }): GasLimitEstimate
  gasPremium(args: { epochs: bigint; noise: number; base: Key }): bigint
}

export function gasQueries(state: StateManager): GasQueries {
  const tipset = (key: Key): Tipset => state.chain.tipset(new TipsetKey(key.map((c) => CID.parse(c))))
  const offers = offerCache()
  return {
    gasLimit: ({ message: data, before, base }) =>
      estimateGasLimit(
        state,
        decode(message, data),
        before.map((b) => decode(signedMessage, b)),
        tipset(base),
      ),
    gasPremium: ({ epochs, noise, base }) => estimatePremium(state, offers, tipset(base), epochs, noise),
  }
}
