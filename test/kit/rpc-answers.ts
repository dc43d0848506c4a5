// Lotus's own answers over JSON-RPC, recorded on private networks.

import { zstdDecompressSync } from 'node:zlib'
import type { Test } from 'tap'
import { parseJson } from '../../src/codec/json.ts'
import { sharedFile } from './shared-data.ts'

export interface RecordedAnswer {
  /** `/rpc/v1`. */
  readonly path: string
  readonly method: string
  readonly params: unknown[]
  readonly result?: unknown
  readonly error?: { readonly code: number; readonly message: string }
}

/** Wall-clock times: no two nodes give the same. */
const wallClock = ['Duration', 'TimeTaken', 'tt']

/**
 * The fake-proofs chain was recorded inside Lotus's test kit, which changes two constants of the process that its network file
 * does not (itests/kit/init.go, ensemble.go): the supply target of deal collateral is zero, and Assembly's height is -1; and
 * it does not draw the sectors of winning PoSts.
 */
const kitOnly: Readonly<Record<string, string>> = {
  'lotus-devnet Filecoin.StateDealProviderCollateralBounds': 'Min',
  'lotus-devnet Filecoin.StateGetNetworkParams': 'UpgradeAssemblyHeight',
  // The kit's prover challenges the first sector, whatever the randomness (storage/sealer/mock/mock.go); the other chain has real draws.
  'lotus-devnet Filecoin.MinerGetBaseInfo': 'Sectors',
}

/** Names of the fields of a method's recorded answers that are not compared. */
export function notCompared(chain: string, method: string): ReadonlySet<string> {
  const field = kitOnly[`${chain} ${method}`]
  return new Set(field === undefined ? wallClock : [...wallClock, field])
}

const laterMethods: ReadonlyMap<string, string> = new Map([
  ['Filecoin.GetActorEventsRaw', 'the event index is not implemented yet'],
])

/** Why a recorded method is not asked, undefined for one that has to be answered. */
export function laterReason(method: string): string | undefined {
  if (/^(eth_|net_|web3_|trace_|Filecoin\.Eth|Filecoin\.FilecoinAddressToEthAddress$)/.test(method))
    return 'Ethereum methods are not implemented yet'
  return laterMethods.get(method)
}

export const recordedChains = ['lotus-devnet', 'lotus-devnet-proofs'] as const

/** The recorded answers of a chain, integers beyond 2^53 exact; undefined (and the test skipped) where the data is missing. */
export function recordedAnswers(t: Test, chain: (typeof recordedChains)[number]): RecordedAnswer[] | undefined {
  const packed = sharedFile(t, 'chains', chain, 'rpc-answers.ndjson.zst')
  if (packed === undefined) return undefined
  return (
    zstdDecompressSync(packed)
      .toString('utf8')
      // The recorder rounded 2^62-1, the gas limit of calls, as JavaScript does; the messages' CIDs are those of the exact number.
      .replaceAll(':4611686018427388000,', ':4611686018427387903,')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => parseJson(line) as RecordedAnswer)
  )
}
