// Blocks of made-up chains, for the slash filter: only miner, height, parents and what makes their CIDs differ count.

import { Address } from '../../src/types/address.ts'
import type { BlockHeader } from '../../src/types/block.ts'
import { type CID, cidOf } from '../../src/types/cid.ts'

/** A CID that stands for anything. */
export function someCid(name: string): CID {
  return cidOf(new TextEncoder().encode(name))
}

export function blockOf(miner: bigint, height: number, parents: readonly CID[], salt = ''): BlockHeader {
  const any = someCid(salt)
  return {
    miner: Address.fromId(miner),
    ticket: { vrfProof: new TextEncoder().encode(salt) },
    electionProof: { winCount: 1n, vrfProof: new Uint8Array(0) },
    beaconEntries: [],
    winPostProof: [],
    parents: [...parents],
    parentWeight: 0n,
    height,
    parentStateRoot: any,
    parentMessageReceipts: any,
    messages: any,
    blsAggregate: null,
    timestamp: 0n,
    blockSig: null,
    forkSignaling: 0n,
    parentBaseFee: 100n,
  }
}

/** The three ways to be punished: a first block, and another that must never be published beside it. */
export const faultKinds = ['double fork', 'time offset', 'parent grinding'] as const
export type FaultKind = (typeof faultKinds)[number]
export const faultCodes: Readonly<Record<FaultKind, string>> = {
  'double fork': 'SLASH_DOUBLE_FORK',
  'time offset': 'SLASH_TIME_OFFSET',
  'parent grinding': 'SLASH_PARENT_GRINDING',
}

export interface SlashablePair {
  readonly first: { readonly block: BlockHeader; readonly parentEpoch: number }
  readonly second: { readonly block: BlockHeader; readonly parentEpoch: number }
}

/** Pair number `n` of a kind; each has heights of its own, so that they do not meet. */
export function slashablePair(kind: FaultKind, miner: bigint, n: number): SlashablePair {
  const height = 10 + n * 10
  const parents = [someCid(`${kind}/${n}/parent`)]
  const first = { block: blockOf(miner, height, parents, `${n}/first`), parentEpoch: height - 1 }
  switch (kind) {
    case 'double fork':
      return { first, second: { block: blockOf(miner, height, [someCid(`${n}/other`)], `${n}/second`), parentEpoch: height - 1 } }
    case 'time offset':
      return { first, second: { block: blockOf(miner, height + 1, parents, `${n}/second`), parentEpoch: height - 1 } }
    case 'parent grinding':
      return {
        first,
        second: { block: blockOf(miner, height + 1, [someCid(`${n}/sibling`)], `${n}/second`), parentEpoch: height },
      }
  }
}
