import { join } from 'node:path'
import type { GenesisMiner, PreSeal } from '../../genesis/template.ts'
import { postChallenges } from '../../native/proofs.ts'
import { vanillaProof, winningPostSnark } from '../../native/proving.ts'

/** RegisteredStackedDrgWinning2KiBV1. */
const WINNING_2K = 0

/**
 * Makes a winning PoSt, reading of the parameters included, and gives the seconds that it took.
 * @param folder the miner's pre-sealed sectors
 * @throws NativeError NATIVE_PROOF; the signal's reason
 */
export async function measureWinningPost(miner: GenesisMiner, folder: string, signal: AbortSignal): Promise<number> {
  const sector = miner.sectors[0] as PreSeal
  const id = miner.id.id as bigint
  const randomness = new Uint8Array(32)
  const file = `s-t0${id}-${sector.sectorID}`
  const challenges = await postChallenges({ proofType: WINNING_2K, randomness, miner: id, sectors: [sector.sectorID] })
  const started = performance.now()
  const proof = await vanillaProof(
    {
      postProofType: WINNING_2K,
      sector: {
        sectorNumber: sector.sectorID,
        sealedCid: sector.commR.bytes,
        registeredSealProof: sector.proofType,
        cachePath: join(folder, 'cache', file),
        sealedPath: join(folder, 'sealed', file),
      },
      challenges: challenges.get(sector.sectorID) as readonly bigint[],
    },
    { signal },
  )
  await winningPostSnark({ postProofType: WINNING_2K, miner: id, randomness, vanillaProofs: [proof] }, { signal })
  return (performance.now() - started) / 1000
}
