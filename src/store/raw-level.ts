import { ClassicLevel } from 'classic-level'

export interface RawPut {
  readonly type: 'put'
  readonly key: Uint8Array
  readonly value: Uint8Array
}

export interface RawDel {
  readonly type: 'del'
  readonly key: Uint8Array
}

interface RawBatch {
  _put(key: Uint8Array, value: Uint8Array): void
  _write(options: { sync: boolean }): Promise<void>
  close(): Promise<void>
}

/** The part of a subclass's interface (abstract-level's `_batch`, `_getSync`, `_getMany`) that is used below. */
interface Underneath {
  _batch(operations: readonly (RawPut | RawDel)[], options: { sync: boolean }): Promise<void>
  _chainedBatch(): RawBatch
  _getSync(key: Uint8Array, options: typeof VIEW): Uint8Array | undefined
  _getMany(keys: readonly Uint8Array[], options: typeof VIEW): Promise<(Uint8Array | undefined)[]>
}

const VIEW = { keyEncoding: 'view', valueEncoding: 'view', fillCache: true } as const

/**
 * LevelDB with bytes for keys and values. The methods here go around the encoding and the copy of options that abstract-level
 * makes for every entry, which is half the cost of a small put; they are for an open database alone.
 */
export class RawLevel extends ClassicLevel<Uint8Array, Uint8Array> {
  constructor(path: string, options: { cacheBytes: number; writeBufferBytes: number; maxFileBytes: number }) {
    super(path, {
      keyEncoding: 'view',
      valueEncoding: 'view',
      // One database of a process may be open in several of its threads.
      multithreading: true,
      // Keys are hashes and values places or CIDs: nothing that would compress.
      compression: false,
      cacheSize: options.cacheBytes,
      writeBufferSize: options.writeBufferBytes,
      maxFileSize: options.maxFileBytes,
    })
  }

  get #below(): Underneath {
    return this as unknown as Underneath
  }

  rawBatch(operations: readonly (RawPut | RawDel)[], sync: boolean): Promise<void> {
    return this.#below._batch(operations, { sync })
  }

  /**
   * Puts of entries that come one after the other. LevelDB's own batch object takes them at less than half the price of a
   * list of operations, each of which the binding has to look into.
   */
  async rawPutAll(count: number, key: (i: number) => Uint8Array, value: (i: number) => Uint8Array, sync: boolean): Promise<void> {
    const batch = this.#below._chainedBatch()
    try {
      for (let i = 0; i < count; i++) batch._put(key(i), value(i))
      await batch._write({ sync })
    } finally {
      // The database keeps every batch that is not closed.
      await batch.close()
    }
  }

  /** What LevelDB itself counts: its cache of blocks and the tables that wait for the disk. Grows up to the sum of their limits. */
  get memoryBytes(): number {
    return Number(this.getProperty('leveldb.approximate-memory-usage'))
  }

  rawGet(key: Uint8Array): Uint8Array | undefined {
    return this.#below._getSync(key, VIEW)
  }

  rawGetMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    return this.#below._getMany(keys, VIEW)
  }
}
