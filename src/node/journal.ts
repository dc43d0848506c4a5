import { createWriteStream, existsSync, type WriteStream } from 'node:fs'
import { rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { getLogger } from '../lib/log.ts'
import type { ChainStore } from '../store/chain-store.ts'

const log = getLogger('journal')

/** Lotus journal/fsjournal: a new file after 1 GiB. */
const MAX_BYTES = 1 << 30
const NAME = 'lotus-journal.ndjson'

/** A journal of what happened, one JSON object a line, in the repo's `journal` folder. */
export class Journal {
  readonly #folder: string
  #stream: WriteStream
  #bytes: number
  readonly #forget: (() => void)[] = []
  #full = false

  private constructor(folder: string, stream: WriteStream, bytes: number) {
    this.#folder = folder
    this.#stream = stream
    this.#bytes = bytes
  }

  static async open(folder: string): Promise<Journal> {
    const path = join(folder, NAME)
    const bytes = existsSync(path) ? (await stat(path)).size : 0
    return new Journal(folder, Journal.#append(path), bytes)
  }

  /** Records every change of the head. */
  follow(chain: Pick<ChainStore, 'onHeadChange'>): void {
    const forget = chain.onHeadChange((changes, head) =>
      this.record('sync:head_change', {
        To: head.cids.map((c) => ({ '/': c.toString() })),
        ToHeight: head.height,
        RevCount: changes.filter((c) => c.type === 'revert').length,
        ApplyCount: changes.filter((c) => c.type === 'apply').length,
      }),
    )
    this.#forget.push(forget)
  }

  static #append(path: string): WriteStream {
    const stream = createWriteStream(path, { flags: 'a', mode: 0o600 })
    stream.on('error', (error) => log.error('the journal cannot be written', { path }, error))
    return stream
  }

  /** @param event `system:event`, as Lotus names them */
  record(event: string, data: object): void {
    // A disk that does not keep up costs entries of the journal, never memory.
    if (this.#full) return
    const line = `${JSON.stringify({ Timestamp: new Date().toISOString(), Event: event, Data: data })}\n`
    this.#bytes += line.length
    if (!this.#stream.write(line)) {
      this.#full = true
      this.#stream.once('drain', () => {
        this.#full = false
      })
    }
    if (this.#bytes > MAX_BYTES) void this.#roll()
  }

  async #roll(): Promise<void> {
    this.#bytes = 0
    const path = join(this.#folder, NAME)
    const old = this.#stream
    try {
      await rename(path, join(this.#folder, `lotus-journal-${new Date().toISOString().replaceAll(':', '')}.ndjson`))
      this.#stream = Journal.#append(path)
      old.end()
    } catch (error) {
      log.error('the journal could not begin a new file', { path }, error)
    }
  }

  async close(): Promise<void> {
    for (const forget of this.#forget) forget()
    await new Promise<void>((resolve) => {
      this.#stream.end(resolve)
    })
  }
}
