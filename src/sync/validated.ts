import { Lru } from '../lib/lru.ts'
import type { MetadataStore } from '../store/metadata.ts'
import { type CID, cidKey } from '../types/cid.ts'
import type { TipsetKey } from '../types/tipset.ts'

const PREFIX = '/nelumbo/validated/'

/** Which blocks passed every rule here; kept over restarts, so that a sync goes on where it stopped. */
export class ValidatedBlocks {
  readonly #metadata: MetadataStore
  readonly #recent = new Lru<string, true>(16_384)

  constructor(metadata: MetadataStore) {
    this.#metadata = metadata
  }

  has(cid: CID): boolean {
    const key = cidKey(cid)
    if (this.#recent.get(key) === true) return true
    if (this.#metadata.get(PREFIX + cid.toString()) === undefined) return false
    this.#recent.set(key, true)
    return true
  }

  hasAll(key: TipsetKey): boolean {
    return key.cids.every((c) => this.has(c))
  }

  async add(cids: readonly CID[]): Promise<void> {
    await this.#metadata.batch(cids.map((c) => ({ key: PREFIX + c.toString(), value: new Uint8Array(0) })))
    for (const c of cids) this.#recent.set(cidKey(c), true)
  }
}
