import { randomBytes, randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { formatKeyFile, formatPreSeal, type GenesisMiner, type KeyInfo, type PreSeal } from '../../genesis/template.ts'
import { writeFileAtomic } from '../../lib/atomic-file.ts'
import { blake2b256, blsKeyFromSeed, blsPublicKey } from '../../native/crypto.ts'
import { dataCommitment } from '../../native/proofs.ts'
import { fauxReplica, presealSector } from '../../native/sealing.ts'
import { Address } from '../../types/address.ts'
import { cidFromBytes } from '../../types/cid.ts'
import { SealFamily, sealProofFor } from '../../types/proof-types.ts'
import { newPeerId } from '../host-key.ts'

/** The ticket that lotus-seed takes where none is asked for (`--ticket-preimage`). */
const TICKET = blake2b256(new TextEncoder().encode('lotus is fire'))
/** When the deal of a pre-sealed sector ends; the making of the genesis puts the sector's own end in its place. */
const DEAL_END = 9001

export interface PresealOptions {
  /** Actor id. */
  readonly miner: bigint
  readonly sectors: number
  /** Bytes. */
  readonly sectorSize: bigint
  /** A folder of the miner's own; it is made. */
  readonly folder: string
  /** `fake`: empty replicas, for networks that check no proof. */
  readonly proofs: 'real' | 'fake'
  readonly signal: AbortSignal
  readonly onSector?: (done: number) => void
}

/**
 * Seals the sectors that a miner has from the beginning, and leaves what `lotus-seed pre-seal` leaves: `sealed`, `cache`,
 * `sectorstore.json`, the description and the worker's key.
 * @throws NativeError NATIVE_PROOF; the signal's reason
 */
export async function presealMiner(o: PresealOptions): Promise<GenesisMiner> {
  const name = `t0${o.miner}`
  const key: KeyInfo = { type: 'bls', privateKey: blsKeyFromSeed(randomBytes(32)) }
  const worker = Address.fromBls(blsPublicKey(key.privateKey))
  const id = Address.fromId(o.miner)
  for (const part of ['sealed', 'cache']) await mkdir(join(o.folder, part), { recursive: true })
  const sectors: PreSeal[] = []
  for (let i = 0; i < o.sectors; i++) {
    o.signal.throwIfAborted()
    const { sealed, data } = await sealOne(o, BigInt(i), `s-${name}-${i}`)
    const deal = {
      pieceCID: cidFromBytes(data),
      pieceSize: o.sectorSize,
      verifiedDeal: false,
      client: worker,
      provider: id,
      label: String(i),
      startEpoch: 0,
      endEpoch: DEAL_END,
      storagePricePerEpoch: 0n,
      providerCollateral: 0n,
      clientCollateral: 0n,
    }
    const proofType = sealProofFor(o.sectorSize, SealFamily.v1_1)
    sectors.push({ commR: cidFromBytes(sealed), commD: deal.pieceCID, sectorID: BigInt(i), deal, dealClientKey: key, proofType })
    o.onSector?.(i + 1)
  }
  const miner: GenesisMiner = {
    id,
    owner: worker,
    worker,
    peerId: newPeerId(),
    marketBalance: 0n,
    powerBalance: 0n,
    sectorSize: o.sectorSize,
    sectors,
  }
  const write = (file: string, text: string, mode = 0o644) => writeFileAtomic(join(o.folder, file), text, { mode })
  await write('sectorstore.json', `${JSON.stringify(storageMeta(), undefined, 2)}\n`)
  await write(`pre-seal-${name}.key`, formatKeyFile(key), 0o600)
  await write(`pre-seal-${name}.json`, formatPreSeal([miner]), 0o600)
  return miner
}

async function sealOne(
  o: PresealOptions,
  sector: bigint,
  file: string,
): Promise<{ readonly sealed: Uint8Array; readonly data: Uint8Array }> {
  const sealProofType = sealProofFor(o.sectorSize, SealFamily.v1_1)
  const cachePath = join(o.folder, 'cache', file)
  const sealedPath = join(o.folder, 'sealed', file)
  if (o.proofs === 'fake') {
    await mkdir(cachePath, { recursive: true })
    const sealed = await fauxReplica(sealProofType, cachePath, sealedPath)
    return { sealed, data: await dataCommitment([], sealProofType) }
  }
  const { sealedCid, unsealedCid } = await presealSector(
    {
      sealProofType,
      miner: o.miner,
      sector,
      ticket: TICKET,
      cachePath,
      sealedPath,
      stagedPath: join(o.folder, `${file}.staged`),
      sectorSize: Number(o.sectorSize),
      content: { seed: randomBytes(32) },
    },
    { signal: o.signal },
  )
  return { sealed: sealedCid, data: unsealedCid }
}

/** A store that sectors are read from and nothing is put into (Lotus storiface.LocalStorageMeta). */
function storageMeta(): object {
  return {
    ID: randomUUID(),
    Weight: 0,
    CanSeal: false,
    CanStore: false,
    MaxStorage: 0,
    Groups: null,
    AllowTo: null,
    AllowTypes: null,
    DenyTypes: null,
    AllowMiners: null,
    DenyMiners: null,
  }
}
