import type { SectorOnChainInfo } from '../../actors/miner/sector.ts'
import type { MinerView } from '../../actors/miner/view.ts'
import { NativeError } from '../../native/errors.ts'
import { type PoStInfo, verifyWinningPost } from '../../native/proofs.ts'
import { oneByOne, type ProofVerifier } from '../../native/verifier.ts'
import { BitField } from '../../types/bitfield.ts'
import type { BeaconEntry } from '../../types/block.ts'
import { winningPostRandomness } from '../../types/draws.ts'
import type { ActorId } from '../../types/scalars.ts'
import type { WholeHeader } from '../env.ts'
import { BlockError, ConsensusError } from '../errors.ts'
import type { LookbackMiner } from './miner.ts'
import { challengedIndex } from './winning-challenge.ts'

/** Bytes of one Groth16 proof; a winning PoSt is one. */
const PROOF_BYTES = 192
/** Registered PoSt proof types are 0 to 14. */
const PROOF_TYPES = 15n

/**
 * The sector that a winning PoSt must prove: chosen by index among the active sectors of the miner, undefined where it has none
 * (Lotus stmgr/actors.go, GetSectorsForWinningPoSt; rules of nv7 and later).
 * @throws ActorError ACTOR_ENTRY_NOT_FOUND where an active sector is not in the miner's state: no state is so
 */
export function challengedSector(
  view: MinerView,
  active: BitField,
  miner: ActorId,
  randomness: Uint8Array,
): SectorOnChainInfo | undefined {
  if (active.isEmpty) return undefined
  const number = active.nth(challengedIndex(randomness, miner, active.count)) as bigint
  const [sector] = view.sectorsOf(BitField.of([number]))
  return sector
}

/**
 * The miner still had one of its sectors: a winning PoSt over the challenged ones of the lookback state (Lotus filcns/filecoin.go,
 * VerifyWinningPoStProof; filecoin-ffi proofs.go). The proof's type in the header must be a known one, but the type that counts
 * is the sectors'; bytes behind the first proof are not looked at.
 * @throws BlockError BLOCK_WINNING_POST; ConsensusError CONSENSUS_PROOF_KEYS
 */
export async function checkWinningPost(
  header: WholeHeader,
  entry: BeaconEntry,
  { view, active }: LookbackMiner,
  proofs: Pick<ProofVerifier, 'verifyWinningPost'> = oneByOne,
): Promise<void> {
  const fail: (why: string, cause?: unknown) => never = (why, cause) => {
    throw new BlockError('BLOCK_WINNING_POST', `the winning PoSt is invalid: ${why}`, { cause })
  }
  for (const { postProof } of header.winPostProof)
    if (postProof < 0n || postProof >= PROOF_TYPES) fail(`proof type ${postProof} is unknown`)
  const proof = Buffer.concat(header.winPostProof.map((p) => p.proofBytes)).subarray(0, PROOF_BYTES)
  if (proof.length < PROOF_BYTES) fail(`it has ${proof.length} bytes`)
  const randomness = winningPostRandomness(entry, header.height, header.miner)
  const sector = challengedSector(view, active(), header.miner.id as ActorId, randomness)
  if (sector === undefined) fail('the miner had no active sector')
  const info: PoStInfo = {
    randomness,
    miner: header.miner.id as bigint,
    proofs: [{ proofType: winningTypeOfSeal(sector.sealProof), proof }],
    sectors: [{ sealProofType: sector.sealProof, sector: sector.sectorNumber, sealedCid: sector.sealedCid.bytes }],
  }
  let ok = false
  try {
    ok = await proofs.verifyWinningPost(info)
  } catch (cause) {
    if (!(cause instanceof NativeError) || cause.code !== 'NATIVE_PROOF') throw cause
    await probeKeys(info)
    fail('its bytes are no proof', cause)
  }
  if (!ok) fail('it does not prove the challenged sector')
}

/** Seal proofs of all families have their sector sizes in the order of the winning PoSt proofs. */
function winningTypeOfSeal(sealProof: number): number {
  return sealProof % 5
}

/** The generators of both groups in the form of a proof: well-formed, and proof of nothing. */
const G1 = '97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb'
const G2 =
  '93e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8'
const NO_PROOF = Buffer.from(G1 + G2 + G1, 'hex')

/**
 * The library fails alike for garbage and for missing keys. A well-formed proof of nothing tells them apart, so that a node
 * without keys never takes good blocks for bad ones.
 * @throws ConsensusError CONSENSUS_PROOF_KEYS
 */
async function probeKeys(info: PoStInfo): Promise<void> {
  const proofs = info.proofs.map((p) => ({ ...p, proof: NO_PROOF }))
  try {
    await verifyWinningPost({ ...info, proofs })
  } catch (cause) {
    throw new ConsensusError('CONSENSUS_PROOF_KEYS', 'winning PoSts cannot be verified: their verifying keys cannot be read', {
      cause,
      hint: 'Check the folder of proof parameters: it must hold the verifying keys (.vk) of the network.',
    })
  }
}
