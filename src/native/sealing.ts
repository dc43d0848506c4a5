/**
 * Sealing up to the replica, as far as no proof parameters are needed: pieces, phase 1 (labels), phase 2 (trees), and the way
 * back. The files are those that Lotus's sectors have.
 */
import { mkdir, rm } from 'node:fs/promises'
import { addon } from './addon.ts'
import { type CancelOptions, cancellable } from './cancel.ts'
import { nativeAsync, nativeCall } from './errors.ts'
import type { Piece } from './proofs.ts'

/** Where phase 1 keeps the graph of a sector size, unless FIL_PROOFS_PARENT_CACHE says so; set it before the first sector. */
export function setProofParentDir(dir: string): void {
  nativeCall(() => addon().setProofParentDir(dir))
}

/** Bytes, which zeros fill up, or 32 bytes that a made-up stream is drawn from. */
export type PieceData = { readonly data: Uint8Array } | { readonly seed: Uint8Array }

export interface AddPieceArgs {
  readonly sealProofType: number
  /** The staged sector; made when missing, appended to otherwise. */
  readonly stagedPath: string
  readonly paddedSize: number
  /** Padded sizes of the pieces that are in it already. */
  readonly existing?: readonly number[]
  readonly content: PieceData
}

/** Writes a piece into a staged sector, aligned to its size. @throws NativeError NATIVE_PROOF; the signal's reason */
export function addPiece(args: AddPieceArgs, options: CancelOptions = {}): Promise<Piece> {
  const { sealProofType, stagedPath, paddedSize, existing = [], content } = args
  const input = { sealProofType, stagedPath, paddedSize, existing: [...existing], ...content }
  return cancellable((cancel) => addon().sealAddPiece(input, cancel), options)
}

export interface SealSector {
  /** RegisteredSealProof. */
  readonly sealProofType: number
  /** Actor id. */
  readonly miner: bigint
  readonly sector: bigint
  /** 32 bytes. */
  readonly ticket: Uint8Array
  /** A folder that exists. */
  readonly cachePath: string
  readonly sealedPath: string
}

/**
 * Phase 1: labels the staged sector. The sealed file must not be there.
 * @returns what phase 2 takes. @throws NativeError NATIVE_PROOF; the signal's reason
 */
export function preCommit1(
  args: SealSector & { readonly stagedPath: string; readonly pieces: readonly Piece[] },
  options: CancelOptions = {},
): Promise<Uint8Array> {
  const { stagedPath, pieces, ...sector } = args
  return cancellable((cancel) => addon().sealPreCommit1(sector, stagedPath, [...pieces], cancel), options)
}

export interface SealedSector {
  /** CID bytes of CommR. */
  readonly sealedCid: Uint8Array
  /** CID bytes of CommD. */
  readonly unsealedCid: Uint8Array
}

/** Phase 2: encodes the replica and builds its trees. @throws NativeError NATIVE_PROOF; the signal's reason */
export function preCommit2(
  args: { readonly phase1: Uint8Array; readonly cachePath: string; readonly sealedPath: string },
  options: CancelOptions = {},
): Promise<SealedSector> {
  return cancellable((cancel) => addon().sealPreCommit2(args.phase1, args.cachePath, args.sealedPath, cancel), options)
}

/** Removes from the cache what only the proof of replication needs. @throws NativeError NATIVE_PROOF */
export function clearSectorCache(cachePath: string): Promise<void> {
  return nativeAsync(() => addon().sealClearCache(cachePath))
}

/** A replica of zeros with the files of its proofs of spacetime, for networks that check no seal. @returns CommR's CID bytes */
export function fauxReplica(sealProofType: number, cachePath: string, sealedPath: string): Promise<Uint8Array> {
  return nativeAsync(() => addon().sealFauxReplica(sealProofType, cachePath, sealedPath))
}

/**
 * Decodes a sealed sector into a new file; the padding's bits are taken out. The labels are made anew in `cachePath`.
 * @throws NativeError NATIVE_PROOF; the signal's reason
 */
export function unsealSector(
  args: SealSector & { readonly unsealedCid: Uint8Array; readonly outputPath: string },
  options: CancelOptions = {},
): Promise<void> {
  const { unsealedCid, outputPath, ...sector } = args
  return cancellable((cancel) => addon().sealUnseal(sector, unsealedCid, outputPath, cancel), options)
}

export interface PresealArgs extends SealSector {
  /** A file beside, which is written and removed. */
  readonly stagedPath: string
  /** Bytes of the sector, 2,048 for instance. */
  readonly sectorSize: number
  readonly content: PieceData
}

/**
 * Seals a sector that one piece fills, as lotus-seed does for a genesis, and leaves the files that its proofs of spacetime
 * need. The same arguments give the same sector everywhere.
 * @returns commitments, and the piece, whose CID is the data commitment. @throws NativeError NATIVE_PROOF; the signal's reason
 */
export async function presealSector(
  args: PresealArgs,
  options: CancelOptions = {},
): Promise<SealedSector & { readonly piece: Piece }> {
  const { sectorSize, content, stagedPath, ...sector } = args
  const { sealProofType, cachePath, sealedPath } = sector
  await mkdir(cachePath, { recursive: true })
  try {
    const piece = await addPiece({ sealProofType, stagedPath, paddedSize: sectorSize, content }, options)
    const phase1 = await preCommit1({ ...sector, stagedPath, pieces: [piece] }, options)
    const sealed = await preCommit2({ phase1, cachePath, sealedPath }, options)
    await clearSectorCache(cachePath)
    return { ...sealed, piece }
  } finally {
    await rm(stagedPath, { force: true })
  }
}
