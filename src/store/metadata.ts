import { decode, encode } from '../codec/codec.ts'
import { tuple } from '../codec/combinators.ts'
import { type CID, cid, cidFromBytes } from '../types/cid.ts'
import { type TipsetKey, tipsetKey } from '../types/tipset.ts'
import { StoreError } from './errors.ts'
import { openLevel } from './open-level.ts'
import { type RawDel, RawLevel, type RawPut } from './raw-level.ts'

/** Keys as Lotus writes them into `datastore/metadata` (go-datastore puts a slash in front of every key). */
export const metadataKeys = {
  /** JSON list of the CIDs of the heaviest tipset. */
  head: '/head',
  /** Bytes of the genesis block's CID. */
  genesis: '/0',
  /** JSON list of the CIDs of the checkpoint's tipset. */
  checkpoint: '/chain/checks',
  /** What the F3 block of an imported snapshot held; pieces lie below it. */
  f3Snapshot: '/nelumbo/f3-snapshot',
} as const

const TIPSET_STATE = '/nelumbo/tipset-state/'
const MIGRATION = '/migration-cache/'

const tipsetStateCodec = tuple('TipsetState', { stateRoot: cid, receiptsRoot: cid })

export interface TipsetState {
  readonly stateRoot: CID
  readonly receiptsRoot: CID
}

export type MetadataChange = { readonly key: string; readonly value: Uint8Array | undefined }

/**
 * Small records about the chain and the node, in a LevelDB of their own. Reading is synchronous. Several threads of one
 * process may have it open.
 */
export class MetadataStore {
  readonly #db: RawLevel
  /** Values on their way to the disk; null for what is being removed. */
  readonly #pending = new Map<string, Uint8Array | null>()
  readonly #writes = new Set<Promise<void>>()
  #failure: unknown
  #closing: Promise<void> | undefined
  #closed = false

  private constructor(db: RawLevel) {
    this.#db = db
  }

  /** @throws StoreError STORE_OPEN, STORE_CORRUPT */
  static async open(path: string): Promise<MetadataStore> {
    const db = new RawLevel(path, { cacheBytes: 8 << 20, writeBufferBytes: 4 << 20, maxFileBytes: 2 << 20 })
    await openLevel(db, path)
    return new MetadataStore(db)
  }

  /** Memory that LevelDB takes. */
  get memoryBytes(): number {
    return this.#closed ? 0 : this.#db.memoryBytes
  }

  get(key: string): Uint8Array | undefined {
    if (this.#closed) throw new StoreError('STORE_CLOSED', 'the metadata store is closed')
    const pending = this.#pending.get(key)
    if (pending !== undefined) return pending ?? undefined
    return this.#db.rawGet(bytesOf(key))
  }

  getText(key: string): string | undefined {
    const value = this.get(key)
    return value === undefined ? undefined : Buffer.from(value).toString('utf8')
  }

  put(key: string, value: Uint8Array | string, options: { readonly sync?: boolean } = {}): Promise<void> {
    return this.batch([{ key, value: typeof value === 'string' ? bytesOf(value) : value }], options)
  }

  delete(key: string, options: { readonly sync?: boolean } = {}): Promise<void> {
    return this.batch([{ key, value: undefined }], options)
  }

  /**
   * Applies all changes or none; readers of this thread see them at once.
   * @param options.sync settles when a power cut can no longer lose them
   */
  async batch(changes: readonly MetadataChange[], options: { readonly sync?: boolean } = {}): Promise<void> {
    if (this.#closing !== undefined) throw new StoreError('STORE_CLOSED', 'the metadata store is closed')
    const operations = changes.map(({ key, value }): RawPut | RawDel =>
      value === undefined ? { type: 'del', key: bytesOf(key) } : { type: 'put', key: bytesOf(key), value },
    )
    for (const { key, value } of changes) this.#pending.set(key, value ?? null)
    const write = this.#db.rawBatch(operations, options.sync === true)
    const settled = write.then(
      () => {},
      () => {},
    )
    this.#writes.add(settled)
    try {
      await write
    } finally {
      this.#writes.delete(settled)
      for (const { key, value } of changes) if (this.#pending.get(key) === (value ?? null)) this.#pending.delete(key)
    }
  }

  /** Records whose key begins with `prefix`, in key order; those that are on the disk when it starts. */
  async *iterate(prefix: string): AsyncGenerator<{ readonly key: string; readonly value: Uint8Array }, void, undefined> {
    await Promise.all(this.#writes)
    const gte = bytesOf(prefix)
    // Keys are UTF-8, in which the byte 0xff does not occur.
    const lt = Buffer.concat([gte, Uint8Array.of(0xff)])
    for await (const [key, value] of this.#db.iterator({ gte, lt })) yield { key: Buffer.from(key).toString('utf8'), value }
  }

  /** The state after a tipset's execution, if it was computed before. */
  tipsetState(key: TipsetKey): TipsetState | undefined {
    const value = this.get(tipsetStateKey(key))
    return value === undefined ? undefined : decode(tipsetStateCodec, value)
  }

  /** Remembers the state after a tipset's execution; written in the background. */
  putTipsetState(key: TipsetKey, state: TipsetState): void {
    if (this.#failure !== undefined) throw this.#failure
    this.put(tipsetStateKey(key), encode(tipsetStateCodec, { ...state })).catch((e: unknown) => {
      this.#failure = e
    })
  }

  /** The state that an upgrade to a network version made of a state before (Lotus keeps them at the same key). */
  migration(networkVersion: number, root: CID): CID | undefined {
    const value = this.get(migrationKey(networkVersion, root))
    return value === undefined ? undefined : cidFromBytes(value)
  }

  /** Remembers an upgrade's result; written in the background. */
  putMigration(networkVersion: number, root: CID, result: CID): void {
    if (this.#failure !== undefined) throw this.#failure
    this.put(migrationKey(networkVersion, root), result.bytes).catch((e: unknown) => {
      this.#failure = e
    })
  }

  /** Removes head, genesis, checkpoint and the states of tipsets: a chain that is imported next starts afresh. */
  async forgetChain(): Promise<void> {
    const gone: MetadataChange[] = Object.values(metadataKeys).map((key) => ({ key, value: undefined }))
    for (const prefix of [TIPSET_STATE, MIGRATION])
      for await (const { key } of this.iterate(prefix)) gone.push({ key, value: undefined })
    await this.batch(gone, { sync: true })
  }

  /** Settles when what is being written can be read by other threads. */
  async settled(): Promise<void> {
    await Promise.all(this.#writes)
  }

  /** Waits for what is being written, then closes. */
  close(): Promise<void> {
    this.#closing ??= (async () => {
      await Promise.all(this.#writes)
      this.#closed = true
      await this.#db.close()
    })()
    return this.#closing
  }
}

function bytesOf(key: string): Uint8Array {
  return Buffer.from(key, 'utf8')
}

function migrationKey(networkVersion: number, root: CID): string {
  return `${MIGRATION}nv${networkVersion}/${root}`
}

function tipsetStateKey(key: TipsetKey): string {
  return TIPSET_STATE + Buffer.from(encode(tipsetKey, key)).toString('base64url')
}
