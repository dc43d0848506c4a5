import type { Api } from '../../api/api.ts'
import { encode } from '../../codec/codec.ts'
import { SlashError, SlashFilter, slashRecords } from '../../miner/mining/slash-filter.ts'
import type { MinerRecords } from '../../miner/records.ts'
import { finality } from '../../networks/constants.ts'
import { type BlockHeader, blockCid, blockHeader, decodeBlock } from '../../types/block.ts'
import { type CID, cidFromBytes, cidKey } from '../../types/cid.ts'
import type { ChainEpoch } from '../../types/scalars.ts'

/** Headers by CID, and the CIDs by height. */
const HEADER = '/nelumbo/fault-reporter/header/'
const BY_HEIGHT = '/nelumbo/fault-reporter/height/'
/** Epochs for which blocks are kept: no older fault can be shown to the chain. */
const KEEP_EPOCHS = finality + 100
/** Every how many epochs old blocks are removed. */
const FORGET_EVERY = 100

/** Two blocks of one miner that prove that it broke consensus; `first` is not above `second`. */
export interface ConsensusFault {
  readonly kind: 'double fork' | 'time offset' | 'parent grinding'
  readonly first: BlockHeader
  readonly second: BlockHeader
  /** Shows, for parent grinding, that `first` was a sibling of a parent of `second`. */
  readonly extra: BlockHeader | undefined
}

export interface FaultDetectorComponents {
  readonly api: Pick<Api, 'chainGetBlock'>
  readonly records: MinerRecords
}

/**
 * Compares the blocks of all miners with what it saw of them (Lotus chain/gen/slashfilter/slashsvc/slashservice.go). It keeps their
 * headers itself: a block that nobody built on is not in the chain.
 */
export class FaultDetector {
  readonly #c: FaultDetectorComponents
  readonly #filter: SlashFilter
  #forgotten = 0

  constructor(components: FaultDetectorComponents) {
    this.#c = components
    this.#filter = new SlashFilter(components)
  }

  /**
   * Looks at a block and remembers it. One call at a time.
   * @returns the fault that it proves together with an earlier one
   * @throws what the node answers when it does not have the block's parent, or the store's errors
   */
  async see(block: BlockHeader): Promise<ConsensusFault | undefined> {
    const [parentCid] = block.parents
    if (parentCid === undefined) return undefined
    const parent = await this.#block(parentCid)
    const cid = blockCid(block)
    const own = [
      { key: HEADER + cid, value: encode(blockHeader, block) },
      { key: heightKey(block.height) + cid, value: cid.bytes },
    ]
    try {
      await this.#filter.pass(block, parent.height, own)
      return undefined
    } catch (error) {
      if (!(error instanceof SlashError) || error.witness === undefined) throw error
      const fault = faultOf(await this.#block(error.witness), block, parent)
      // A block on another branch than the earlier one: nobody is to blame, and it is one to compare later ones with.
      if (fault === undefined) await this.#c.records.batch([...slashRecords(block), ...own], { sync: true })
      return fault
    } finally {
      await this.#forget(block.height)
    }
  }

  async #block(cid: CID): Promise<BlockHeader> {
    const known = this.#c.records.get(HEADER + cid)
    return known === undefined ? this.#c.api.chainGetBlock([cid]) : decodeBlock(known)
  }

  async #forget(height: ChainEpoch): Promise<void> {
    if (height < this.#forgotten + FORGET_EVERY) return
    this.#forgotten = height
    const { records } = this.#c
    const limit = heightKey(Math.max(0, height - KEEP_EPOCHS))
    const gone: string[] = []
    for await (const { key, value } of records.iterate(BY_HEIGHT)) {
      if (key >= limit) break
      const cid = cidFromBytes(value)
      const header = records.get(HEADER + cid)
      gone.push(key, HEADER + cid)
      if (header === undefined) continue
      for (const { key, value } of slashRecords(decodeBlock(header))) {
        const there = records.get(key)
        if (there !== undefined && Buffer.compare(there, value) === 0) gone.push(key)
      }
    }
    if (gone.length > 0) await records.batch(gone.map((key) => ({ key, value: undefined })))
  }
}

function heightKey(height: ChainEpoch): string {
  return `${BY_HEIGHT}${String(height).padStart(12, '0')}/`
}

/** What two blocks of a miner prove; `parent` is a parent of `later`. Lotus slashFilterMinedBlock. */
function faultOf(earlier: BlockHeader, later: BlockHeader, parent: BlockHeader): ConsensusFault | undefined {
  // The actor wants the lower one first, in whatever order they came.
  const [first, second] = earlier.height <= later.height ? [earlier, later] : [later, earlier]
  if (first.height === second.height) return { kind: 'double fork', first, second, extra: undefined }
  if (sameCids(first.parents, second.parents)) return { kind: 'time offset', first, second, extra: undefined }
  const sibling = sameCids(earlier.parents, parent.parents) && earlier.height === parent.height
  const left = !later.parents.some((p) => cidKey(p) === cidKey(blockCid(earlier)))
  return sibling && left ? { kind: 'parent grinding', first: earlier, second: later, extra: parent } : undefined
}

function sameCids(a: readonly CID[], b: readonly CID[]): boolean {
  return a.length === b.length && a.every((c, i) => cidKey(c) === cidKey(b[i] as CID))
}
