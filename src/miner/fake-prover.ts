import { createHash } from 'node:crypto'
import { encode } from '../codec/codec.ts'
import { tuple } from '../codec/combinators.ts'
import { safeInt } from '../codec/primitives.ts'
import { cid } from '../types/cid.ts'
import { sectorNumber } from '../types/scalars.ts'
import type { PoStProof, Prover, ProvingSector } from './proving.ts'

/** proof.SectorInfo of go-state-types: what the hash goes over. */
const sectorInfo = tuple('SectorInfo', { sealProof: safeInt, sectorNumber, sealedCid: cid })

/**
 * What a Lotus that checks no winning PoSt makes, and the only thing that it takes for one (storage/winning_prover.go,
 * chain/consensus/filcns/filecoin.go).
 */
const FAKE_WINNING_POST = 'valid proof'

/**
 * For networks whose chains take any proof: window PoSts are the bytes that Lotus's mock makes of challenge and sectors
 * (storage/sealer/mock).
 */
export class FakeProver implements Prover {
  async winningPost(): Promise<readonly PoStProof[]> {
    return [{ proofType: 0, proof: new TextEncoder().encode(FAKE_WINNING_POST) }]
  }

  async windowPost(_miner: bigint, proofType: number, sectors: readonly ProvingSector[], randomness: Uint8Array) {
    return { proofs: [{ proofType, proof: fakeProof(sectors, randomness) }], skipped: [] }
  }

  async checkProvable(): Promise<ReadonlyMap<bigint, string>> {
    return new Map()
  }
}

function fakeProof(sectors: readonly ProvingSector[], randomness: Uint8Array): Uint8Array {
  const challenge = randomness.slice()
  challenge[31] = (challenge[31] as number) & 0x3f
  const hash = createHash('sha256').update(challenge)
  for (const { sealProof, number, sealedCid } of sectors)
    hash.update(encode(sectorInfo, { sealProof, sectorNumber: number, sealedCid }))
  return new Uint8Array(hash.digest())
}
