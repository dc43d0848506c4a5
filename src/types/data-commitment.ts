import { createHash } from 'node:crypto'
import { CodecError } from '../codec/errors.ts'

/** A piece that lies in a sector. */
export interface PlacedPiece {
  /** CommP, 32 bytes. */
  readonly commitment: Uint8Array
  /** Padded bytes: a power of two, 128 at least. */
  readonly size: bigint
}

const NODE_BYTES = 32n
const MIN_PIECE = 128n

/** sha2-256 whose two top bits are cleared, so that it is an element of the proofs' field. */
function join(left: Uint8Array, right: Uint8Array): Uint8Array {
  const out = new Uint8Array(createHash('sha256').update(left).update(right).digest())
  out[31] = (out[31] as number) & 0x3f
  return out
}

const zeros: Uint8Array[] = [new Uint8Array(32)]
function zeroCommitment(height: number): Uint8Array {
  for (let h = zeros.length; h <= height; h++) zeros.push(join(zeros[h - 1] as Uint8Array, zeros[h - 1] as Uint8Array))
  return zeros[height] as Uint8Array
}

/** Levels of the tree over `size` bytes. */
function heightOf(size: bigint): number {
  return (size / NODE_BYTES).toString(2).length - 1
}

/**
 * CommD, 32 bytes: the root of the tree over a sector in which these pieces lie in order, each where its size divides the
 * offset, zeros elsewhere (rust-fil-proofs filecoin-proofs/src/pieces.rs). No data is read: pieces are subtrees.
 * @param sectorSize bytes, a power of two
 * @throws CodecError CODEC_VALUE for a piece of a wrong size, or pieces that do not fit
 */
export function commitmentOfPieces(sectorSize: bigint, pieces: readonly PlacedPiece[]): Uint8Array {
  const top = heightOf(sectorSize)
  // Finished subtrees from the left, each higher than the next; two of one height make one of the next.
  const stack: { height: number; node: Uint8Array }[] = []
  let offset = 0n
  const push = (height: number, node: Uint8Array): void => {
    let at = { height, node }
    for (let left = stack.at(-1); left !== undefined && left.height === at.height; left = stack.at(-1)) {
      stack.pop()
      at = { height: at.height + 1, node: join(left.node, at.node) }
    }
    stack.push(at)
    offset += NODE_BYTES << BigInt(height)
  }
  // Zeros up to a multiple of `size`, in the largest pieces that alignment allows.
  const fillTo = (size: bigint): void => {
    while (offset % size !== 0n) push(heightOf(offset & -offset), zeroCommitment(heightOf(offset & -offset)))
  }
  for (const { commitment, size } of pieces) {
    if (commitment.length !== 32) throw new CodecError('CODEC_VALUE', `a commitment has 32 bytes, not ${commitment.length}`)
    if (size < MIN_PIECE || (size & (size - 1n)) !== 0n)
      throw new CodecError('CODEC_VALUE', `${size} is no size of a padded piece`)
    fillTo(size)
    if (offset + size > sectorSize)
      throw new CodecError('CODEC_VALUE', `the pieces do not fit into a sector of ${sectorSize} bytes`)
    push(heightOf(size), commitment)
  }
  if (offset === 0n) return zeroCommitment(top)
  fillTo(sectorSize)
  return (stack[0] as { node: Uint8Array }).node
}
