import { decode, encode } from '../../codec/codec.ts'
import { tuple } from '../../codec/combinators.ts'
import { bytes } from '../../codec/primitives.ts'
import { errorMessage } from '../../lib/errors.ts'
import type { Address } from '../../types/address.ts'
import { type BlockMsg, blockCid, blockMsg } from '../../types/block.ts'
import { type CID, cid, cidKey, cidOf } from '../../types/cid.ts'
import { epoch } from '../../types/scalars.ts'
import { MinerError } from '../errors.ts'
import type { MinerRecords } from '../records.ts'

const PREFIX = '/nelumbo/made-block/'
/**
 * Blocks kept for each actor: a block lies in the slot of its height modulo this, where the next one of that slot takes its place.
 * One alone would do for a process that was killed; the others are for a head that was set back some epochs.
 */
const SLOTS = 16

/** A block as it was signed, in the words of gossip; the digest covers the rest. */
const stored = tuple('MadeBlock', { digest: cid, parentEpoch: epoch, block: bytes })

export interface MadeBlock {
  readonly block: BlockMsg
  /** Height of its parents. */
  readonly parentEpoch: number
}

type Change = Parameters<MinerRecords['batch']>[0][number]

function slotKey(miner: Address, slot: number): string {
  return `${PREFIX}${miner}/${slot}`
}

function digestOf(parentEpoch: number, block: Uint8Array): CID {
  return cidOf(Buffer.concat([Buffer.from(`${parentEpoch}/`), block]))
}

/**
 * The blocks that the slash filter let through, whole. A record of the filter alone would hold an actor up after a kill: the block
 * may have been published or not, so that no other can be made on its parents. With the block at hand the very same one can be
 * sent, or sent once more.
 */
export class MadeBlocks {
  readonly #records: Pick<MinerRecords, 'get'>

  constructor(components: { readonly records: Pick<MinerRecords, 'get'> }) {
    this.#records = components.records
  }

  /** What keeps a block, for the batch in which the filter records it. */
  change({ block, parentEpoch }: MadeBlock): Change {
    const { miner, height } = block.header
    const data = encode(blockMsg, block)
    const value = encode(stored, { digest: digestOf(parentEpoch, data), parentEpoch, block: data })
    return { key: slotKey(miner, height % SLOTS), value }
  }

  /**
   * A recorded block of an actor; undefined where it is not kept.
   * @throws MinerError MINER_STORED_BLOCK where it cannot be found and what is stored is damaged
   */
  find(miner: Address, wanted: CID): MadeBlock | undefined {
    let damage: string | undefined
    for (let slot = 0; slot < SLOTS; slot++) {
      const value = this.#records.get(slotKey(miner, slot))
      if (value === undefined) continue
      try {
        const made = readMadeBlock(value)
        if (cidKey(blockCid(made.block.header)) === cidKey(wanted) && made.block.header.miner.equals(miner)) return made
      } catch (error) {
        damage ??= `the record ${slotKey(miner, slot)} is damaged (${errorMessage(error)})`
      }
    }
    if (damage === undefined) return undefined
    throw new MinerError('MINER_STORED_BLOCK', `block ${wanted} of ${miner} cannot be sent again: ${damage}`, {
      hint: 'No other block is made on its parents, because this one may have been published; one of another miner ends that.',
    })
  }
}

/** A block as `change` stored it. @throws CodecError, TypeError for bytes that it did not */
export function readMadeBlock(value: Uint8Array): MadeBlock {
  const { digest, parentEpoch, block } = decode(stored, value)
  if (cidKey(digest) !== cidKey(digestOf(parentEpoch, block))) throw new TypeError('its bytes are not those that were written')
  return { block: decode(blockMsg, block), parentEpoch }
}
