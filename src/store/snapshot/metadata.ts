import { type Codec, decode } from '../../codec/codec.ts'
import { list, optional, type Shape, tuple } from '../../codec/combinators.ts'
import { CodecError } from '../../codec/errors.ts'
import { uint64 } from '../../codec/primitives.ts'
import { type CID, cid } from '../../types/cid.ts'
import { SnapshotError } from './errors.ts'

const fields = {
  version: uint64,
  headTipsetKey: list(cid) as Codec<CID[]>,
  /** The raw block that holds the F3 certificates, right behind the metadata. */
  f3Data: optional(cid),
}

/** The first block of a version 2 snapshot (FRC-0108; Lotus chain/store/snapshot_metadata.go). */
export const snapshotMetadata = tuple('SnapshotMetadata', fields)
export type SnapshotMetadata = Shape<typeof fields>

/**
 * The metadata, or undefined when the block is something else: a file with one root may be a version 1 snapshot whose head has
 * one block.
 * @throws SnapshotError SNAPSHOT_FORMAT for metadata of another version
 */
export function readSnapshotMetadata(data: Uint8Array): SnapshotMetadata | undefined {
  let metadata: SnapshotMetadata
  try {
    metadata = decode(snapshotMetadata, data)
  } catch (e) {
    if (e instanceof CodecError) return undefined
    throw e
  }
  if (metadata.version !== 2n)
    throw new SnapshotError('SNAPSHOT_FORMAT', `the snapshot has version ${metadata.version}, this node reads 1 and 2`)
  if (metadata.headTipsetKey.length === 0) throw new SnapshotError('SNAPSHOT_FORMAT', 'the snapshot names no head')
  return metadata
}
