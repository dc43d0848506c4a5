import { type CID, cidFromString } from '../../types/cid.ts'
import { type MetadataStore, metadataKeys } from '../metadata.ts'

/** The certificates of an imported snapshot are kept in pieces of this size. */
const PIECE_BYTES = 1 << 20

export interface F3Data {
  readonly cid: CID
  readonly bytes: number
}

/** Takes the F3 block of a snapshot piece by piece; it counts only once `finish` has recorded its CID. */
export class F3DataWriter {
  readonly #metadata: MetadataStore
  readonly #parts: Uint8Array[] = []
  #gathered = 0
  #pieces = 0
  #bytes = 0

  private constructor(metadata: MetadataStore) {
    this.#metadata = metadata
  }

  /** Removes what an earlier import left. */
  static async begin(metadata: MetadataStore): Promise<F3DataWriter> {
    for await (const { key } of metadata.iterate(metadataKeys.f3Snapshot)) await metadata.delete(key)
    return new F3DataWriter(metadata)
  }

  async write(part: Uint8Array): Promise<void> {
    this.#parts.push(part)
    this.#gathered += part.length
    this.#bytes += part.length
    if (this.#gathered >= PIECE_BYTES) await this.#flush()
  }

  async #flush(): Promise<void> {
    const piece = Buffer.concat(this.#parts, this.#gathered)
    this.#parts.length = 0
    this.#gathered = 0
    await this.#metadata.put(pieceKey(this.#pieces++), piece)
  }

  async finish(cid: CID): Promise<F3Data> {
    if (this.#gathered > 0) await this.#flush()
    const record = JSON.stringify({ cid: cid.toString(), bytes: this.#bytes, pieces: this.#pieces })
    await this.#metadata.put(metadataKeys.f3Snapshot, record, { sync: true })
    return { cid, bytes: this.#bytes }
  }
}

function pieceKey(piece: number): string {
  return `${metadataKeys.f3Snapshot}/${piece.toString().padStart(8, '0')}`
}

/** The F3 block of the snapshot that was imported, undefined when it had none. */
export function importedF3Data(metadata: MetadataStore): (F3Data & { pieces(): Generator<Uint8Array> }) | undefined {
  const text = metadata.getText(metadataKeys.f3Snapshot)
  if (text === undefined) return undefined
  const record = JSON.parse(text) as { cid: string; bytes: number; pieces: number }
  return {
    cid: cidFromString(record.cid),
    bytes: record.bytes,
    *pieces() {
      for (let i = 0; i < record.pieces; i++) yield metadata.get(pieceKey(i)) ?? new Uint8Array(0)
    },
  }
}
