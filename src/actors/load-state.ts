import { type Codec, decode } from '../codec/codec.ts'
import { type BlockReader, mustGet } from '../store/blockstore.ts'
import type { CID } from '../types/cid.ts'
import { malformed } from './errors.ts'

/**
 * The value in one block of the state.
 * @throws MissingBlockError, ActorError STATE_MALFORMED
 */
export function loadState<T>(store: BlockReader, codec: Codec<T>, cid: CID): T {
  const data = mustGet(store, cid)
  try {
    return decode(codec, data)
  } catch (e) {
    return malformed(`block ${cid} of the state is no ${codec.name}`, e)
  }
}
