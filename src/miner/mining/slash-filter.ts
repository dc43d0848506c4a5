import { NodeError, type NodeErrorOptions } from '../../lib/errors.ts'
import type { Address } from '../../types/address.ts'
import { type BlockHeader, blockCid } from '../../types/block.ts'
import { type CID, cidFromBytes, cidKey } from '../../types/cid.ts'
import type { ChainEpoch } from '../../types/scalars.ts'
import type { MinerRecords } from '../records.ts'

export type SlashErrorCode =
  /** The miner has made another block at this height: publishing both is punished. */
  | 'SLASH_DOUBLE_FORK'
  /** The miner has made a block on the same parents at another height: publishing both is punished. */
  | 'SLASH_TIME_OFFSET'
  /** The miner leaves out its own block among the parents: publishing this one is punished. */
  | 'SLASH_PARENT_GRINDING'
  /** Nothing is known of the blocks that the miner made before, and the chain shows that there are some. */
  | 'SLASH_UNKNOWN_PAST'
  /** The chain has a block of the miner that was not made here: another process makes blocks for it. */
  | 'SLASH_OTHER_PRODUCER'

/** A block that must not be published; `witness` is the block that it would be punished for. */
export class SlashError extends NodeError {
  declare readonly code: SlashErrorCode
  readonly witness: CID | undefined
  constructor(code: SlashErrorCode, message: string, options: NodeErrorOptions & { readonly witness?: CID } = {}) {
    super(code, message, options)
    this.witness = options.witness
  }
}

/** Lotus's keys (chain/gen/slashfilter), with a miner's address by its f form. */
const BY_EPOCH = '/slashfilter/epoch/'
const BY_PARENTS = '/slashfilter/parents/'

function epochKey(miner: Address, epoch: ChainEpoch): string {
  return `${BY_EPOCH}${miner}/${epoch}`
}

function parentsKey(miner: Address, parents: readonly CID[]): string {
  return `${BY_PARENTS}${miner}/${parents.map((c) => Buffer.from(c.bytes).toString('hex')).join('')}`
}

/** What the filter keeps of a block. */
export function slashRecords(header: BlockHeader): { readonly key: string; readonly value: Uint8Array }[] {
  const value = blockCid(header).bytes
  return [
    { key: parentsKey(header.miner, header.parents), value },
    { key: epochKey(header.miner, header.height), value },
  ]
}

/**
 * Remembers every block that was made for publication, and refuses those that would be punished beside one of them: another at
 * the same height, one on the same parents, one that leaves out an own block at its parents' height (Lotus
 * chain/gen/slashfilter/slashfilter.go). What is let through is on the disk before it is: a block that a killed process may have
 * sent is known to the next one.
 */
export class SlashFilter {
  readonly #records: Pick<MinerRecords, 'get' | 'batch'>

  constructor(components: { readonly records: Pick<MinerRecords, 'get' | 'batch'> }) {
    this.#records = components.records
  }

  /** The block that was made for a height, if any. */
  blockAt(miner: Address, epoch: ChainEpoch): CID | undefined {
    const value = this.#records.get(epochKey(miner, epoch))
    return value === undefined ? undefined : cidFromBytes(value)
  }

  /** The block that was made on parents, if any. */
  blockOn(miner: Address, parents: readonly CID[]): CID | undefined {
    const value = this.#records.get(parentsKey(miner, parents))
    return value === undefined ? undefined : cidFromBytes(value)
  }

  /**
   * Lets a block pass and remembers it, in one synced write; the same block may pass again.
   * @param parentEpoch height of the block's parents
   * @param beside written in the same batch
   * @throws SlashError SLASH_DOUBLE_FORK, SLASH_TIME_OFFSET, SLASH_PARENT_GRINDING; the store's errors, and then the block must not
   *   be published either
   */
  async pass(header: BlockHeader, parentEpoch: ChainEpoch, beside: Parameters<MinerRecords['batch']>[0] = []): Promise<void> {
    // No other block is looked at between the check and the write: both are one step of this thread.
    this.check(header, parentEpoch)
    await this.#records.batch([...slashRecords(header), ...beside], { sync: true })
  }

  /** As `pass`, without remembering. */
  check(header: BlockHeader, parentEpoch: ChainEpoch): void {
    const { miner, height, parents } = header
    const cid = blockCid(header)
    const refuse = (code: SlashErrorCode, why: string, witness: CID): never => {
      throw new SlashError(code, `block ${cid} of ${miner} at height ${height} must not be published: ${why} ${witness}`, {
        witness,
        fields: { miner: miner.toString(), height, witness: witness.toString() },
      })
    }
    const other = (found: CID | undefined): CID | undefined =>
      found === undefined || cidKey(found) === cidKey(cid) ? undefined : found
    const atHeight = other(this.blockAt(miner, height))
    if (atHeight !== undefined) refuse('SLASH_DOUBLE_FORK', 'at the same height the miner made', atHeight)
    const onParents = other(this.blockOn(miner, parents))
    if (onParents !== undefined) refuse('SLASH_TIME_OFFSET', 'on the same parents the miner made', onParents)
    const own = this.blockAt(miner, parentEpoch)
    if (own !== undefined && !parents.some((p) => cidKey(p) === cidKey(own)))
      refuse('SLASH_PARENT_GRINDING', 'its parents leave out the own block', own)
  }
}
