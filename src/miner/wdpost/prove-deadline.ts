import type { submitWindowedPoStParams } from '../../actors/methods/miner-sectors.ts'
import type { Api } from '../../api/api.ts'
import { encode } from '../../codec/codec.ts'
import type { Shape } from '../../codec/combinators.ts'
import { getLogger } from '../../lib/log.ts'
import type { verifyWindowPost } from '../../native/proofs.ts'
import { type Address, address } from '../../types/address.ts'
import { BitField } from '../../types/bitfield.ts'
import { sectorSizeOfSealProof, windowPostProofFor } from '../../types/proof-types.ts'
import type { SectorNumber } from '../../types/scalars.ts'
import type { TipsetKey } from '../../types/tipset.ts'
import { TipsetKey as Key } from '../../types/tipset.ts'
import type { PoStProof, Prover, ProvingSector } from '../proving.ts'
import { type BatchLimits, batchPartitions, maxPartitionsPerMessage, type NumberedPartition } from './batches.ts'
import type { Deadline } from './deadlines.ts'
import { WindowPostError } from './errors.ts'

const log = getLogger('wdpost')

/** DomainSeparationTag_WindowedPoStChallengeSeed (go-state-types crypto). */
const CHALLENGE_TAG = 4
/** How often a proof that does not verify is made again before the deadline is given up. */
const MAX_TRIES = 5

export type PostParams = Readonly<Shape<typeof submitWindowedPoStParams.fields>>

export interface ProveComponents {
  readonly api: Pick<Api, 'stateGetRandomnessFromBeacon' | 'stateMinerPartitions' | 'stateMinerSectors' | 'stateNetworkVersion'>
  readonly prover: Prover
  readonly verify: typeof verifyWindowPost
}

export interface ProveInit extends BatchLimits {
  /** The actor's id address. */
  readonly miner: Address
  /** Whether sectors are proven without looking at their files first. */
  readonly disablePreChecks: boolean
}

export interface ProveRequest {
  readonly deadline: Deadline
  /** State that tells the deadline's partitions. */
  readonly tipset: TipsetKey
  /** A check by hand: faulty sectors are proven too. */
  readonly manual: boolean
  /** Partitions that were submitted already. */
  readonly done?: BitField
}

/** Proofs of a deadline, a message each, and the challenge that they answer. */
export interface DeadlineProofs {
  readonly randomness: Uint8Array
  /** Without what the chain commits to, which is added when the message is sent. */
  readonly messages: readonly PostParams[]
  /** Whether partitions are missing because they could not be proven. */
  readonly incomplete: boolean
}

/** The challenge of a deadline, as the heaviest chain has it. */
export function challengeRandomness(
  api: Pick<Api, 'stateGetRandomnessFromBeacon'>,
  miner: Address,
  deadline: Deadline,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const entropy = encode(address, miner)
  return api.stateGetRandomnessFromBeacon([CHALLENGE_TAG, deadline.challenge, entropy, Key.empty], options(signal))
}

/**
 * Proves the partitions of a deadline. Sectors that cannot be read are skipped, and the proof is made over the rest; each proof is
 * verified here before it counts. Source: Lotus storage/wdpost/wdpost_run.go (runPoStCycle), where partitions that cannot be proven
 * keep all others of their deadline back; here the others count.
 * @throws WindowPostError, or what the chain's API throws
 */
export async function proveDeadline(
  c: ProveComponents,
  init: ProveInit,
  request: ProveRequest,
  signal: AbortSignal,
): Promise<DeadlineProofs> {
  const { deadline, tipset, done } = request
  const { miner } = init
  const nv = await c.api.stateNetworkVersion([tipset], { signal })
  const partitions = await c.api.stateMinerPartitions([miner, Number(deadline.index), tipset], { signal })
  for (let tries = 0; ; tries++) {
    const randomness = await challengeRandomness(c.api, miner, deadline, signal)
    const messages: PostParams[] = []
    const proofType = await postProofType(
      c.api,
      miner,
      partitions.map((p) => p.liveSectors),
      tipset,
      nv,
    )
    if (proofType === undefined) return { randomness, messages, incomplete: false }
    let failure: { readonly error: unknown } | undefined
    for (const batch of batchPartitions(partitions, maxPartitionsPerMessage(nv, proofType), init)) {
      const open = batch.filter(({ index }) => done?.has(index) !== true)
      try {
        const params = await proveBatch(c, init, { ...request, randomness, proofType }, open, signal)
        if (params !== undefined) messages.push(params)
      } catch (error) {
        signal.throwIfAborted()
        const names = open.map(({ index }) => index).join(', ')
        log.error('partitions could not be proven', { deadline: deadline.index, partitions: names }, error)
        failure ??= { error }
      }
    }
    if (failure !== undefined && messages.length === 0) throw failure.error
    const now = await challengeRandomness(c.api, miner, deadline, signal)
    if (equal(now, randomness)) return { randomness, messages, incomplete: failure !== undefined }
    log.warn('the challenge changed while it was answered: the chain went another way', { deadline: deadline.index })
    if (tries >= MAX_TRIES)
      throw new WindowPostError('WINDOW_POST_FAILED', `the challenge of deadline ${deadline.index} does not settle`)
  }
}

/** The proof's type follows from the sectors' size. */
async function postProofType(
  api: ProveComponents['api'],
  miner: Address,
  live: readonly BitField[],
  tipset: TipsetKey,
  networkVersion: number,
): Promise<number | undefined> {
  const first = live.find((sectors) => !sectors.isEmpty)?.nth(0n)
  if (first === undefined) return undefined
  const [info] = await api.stateMinerSectors([miner, BitField.of([first]), tipset])
  return info === undefined ? undefined : windowPostProofFor(sectorSizeOfSealProof(info.sealProof), networkVersion)
}

interface BatchRequest extends ProveRequest {
  readonly randomness: Uint8Array
  readonly proofType: number
}

/** The message over some partitions; undefined when there is nothing to prove in them. */
async function proveBatch(
  c: ProveComponents,
  init: ProveInit,
  request: BatchRequest,
  batch: readonly NumberedPartition[],
  signal: AbortSignal,
): Promise<PostParams | undefined> {
  const { deadline, proofType, randomness } = request
  const actor = init.miner.id as bigint
  const candidates = await Promise.all(batch.map((p) => candidatesOf(c, init, request, p, signal)))
  let bad = new Set<SectorNumber>()
  let invalid = 0
  for (;;) {
    signal.throwIfAborted()
    const chosen = candidates.map(({ index, toProve, sectors }) => {
      const good = sectors.filter((s) => !bad.has(s.number))
      return { index, good, skipped: toProve.subtract(BitField.of(good.map((s) => s.number))) }
    })
    const proven = chosen.filter(({ good }) => good.length > 0)
    const sectors = proven.flatMap(({ good }) => good)
    if (sectors.length === 0) return undefined
    const skippedCount = chosen.reduce((n, { skipped }) => n + skipped.count, 0n)
    log.info('proving sectors', { deadline: deadline.index, sectors: sectors.length, skipped: skippedCount })
    const { proofs, skipped } = await c.prover.windowPost(actor, proofType, sectors, randomness, { signal })
    if (skipped.length > 0) {
      log.warn('sectors could not be proven and are skipped', { deadline: deadline.index, sectors: skipped.join(', ') })
      const more = new Set([...bad, ...skipped])
      if (more.size === bad.size)
        throw new WindowPostError('WINDOW_POST_FAILED', `the prover skips sectors that it was not given: ${skipped.join(', ')}`)
      bad = more
      continue
    }
    if (await verifies(c, actor, randomness, sectors, proofs))
      return {
        deadline: deadline.index,
        partitions: proven.map((p) => ({ index: BigInt(p.index), skipped: p.skipped })),
        proofs: proofs.map((p) => ({ poStProof: p.proofType, proofBytes: p.proof })),
        chainCommitEpoch: 0,
        chainCommitRand: new Uint8Array(0),
      }
    invalid++
    if (invalid >= MAX_TRIES)
      throw new WindowPostError(
        'WINDOW_POST_INVALID',
        `the proof of deadline ${deadline.index} did not verify ${invalid} times: check memory and GPU of this machine, and the sector files`,
      )
    log.error('the proof that was made does not verify; it is made again', { deadline: deadline.index, try: invalid })
  }
}

interface Candidates {
  readonly index: number
  readonly toProve: BitField
  /** Those of them that can be read. */
  readonly sectors: readonly ProvingSector[]
}

async function candidatesOf(
  c: ProveComponents,
  init: ProveInit,
  { manual, tipset, proofType }: BatchRequest,
  { index, partition }: NumberedPartition,
  signal: AbortSignal,
): Promise<Candidates> {
  const { liveSectors, faultySectors, recoveringSectors } = partition
  const toProve = manual ? liveSectors : liveSectors.subtract(faultySectors).union(recoveringSectors)
  const sectors = await provingSectors(c.api, init.miner, toProve, tipset, signal)
  if (init.disablePreChecks || sectors.length === 0) return { index, toProve, sectors }
  const bad = await c.prover.checkProvable(init.miner.id as bigint, proofType, sectors, { signal })
  for (const [number, reason] of bad) log.warn('a sector cannot be proven', { sector: number, reason })
  return { index, toProve, sectors: sectors.filter((s) => !bad.has(s.number)) }
}

/** What the chain says of sectors, as a prover takes it. */
export async function provingSectors(
  api: Pick<Api, 'stateMinerSectors'>,
  miner: Address,
  sectors: BitField,
  tipset: TipsetKey,
  signal?: AbortSignal,
): Promise<readonly ProvingSector[]> {
  if (sectors.isEmpty) return []
  const infos = await api.stateMinerSectors([miner, sectors, tipset], options(signal))
  return infos.map((s) => ({
    number: s.sectorNumber,
    sealProof: s.sealProof,
    sealedCid: s.sealedCid,
    updated: s.sectorKeyCid !== null,
  }))
}

async function verifies(
  c: ProveComponents,
  miner: bigint,
  randomness: Uint8Array,
  sectors: readonly ProvingSector[],
  proofs: readonly PoStProof[],
): Promise<boolean> {
  try {
    return await c.verify({
      randomness,
      miner,
      proofs,
      sectors: sectors.map((s) => ({ sealProofType: s.sealProof, sector: s.number, sealedCid: s.sealedCid.bytes })),
    })
  } catch (error) {
    // Malformed, or no verifying key: the chain would refuse it or cannot be asked. The caller tries again and says so.
    log.error('the proof could not be verified', {}, error)
    return false
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}

const options = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { signal })
