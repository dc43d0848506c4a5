import { CborReader } from '../codec/cbor-reader.ts'
import type { ChainEpoch } from '../types/scalars.ts'

/** What leads from a block header downwards. */
export interface HeaderLinks {
  /** Bytes of the parents' CIDs: views into the block. */
  readonly parents: Uint8Array[]
  readonly height: ChainEpoch
}

/**
 * Parents and height of a header, without decoding the rest: for walks over millions of them.
 * @throws CodecError CODEC_CBOR
 */
export function headerLinks(data: Uint8Array): HeaderLinks {
  const r = new CborReader(data)
  r.tuple(16, 'BlockHeader')
  // Miner, ticket, election proof, beacon entries, proofs.
  for (let field = 0; field < 5; field++) r.skip()
  const parents: Uint8Array[] = []
  for (let n = r.array(); n > 0; n--) parents.push(r.link())
  // The weight stands before the height.
  r.skip()
  const height = r.safeInt()
  if (height < 0) r.fail('its height is negative')
  return { parents, height }
}
