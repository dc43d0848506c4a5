import { decode, encode } from '../codec/codec.ts'
import { CodecError } from '../codec/errors.ts'
import { getLogger } from '../lib/log.ts'
import type { MetadataChange, MetadataStore } from '../store/metadata.ts'
import { type Message, type SignedMessage, signedMessage, signedMessageCid } from '../types/message.ts'
import type { ChainEpoch } from '../types/scalars.ts'

const log = getLogger('mpool')

/** Where Lotus keeps the messages that were pushed here. */
const PREFIX = '/mpool/local/'
/** Epochs after which nothing brings a message back that was in a block. */
const FINALITY = 900

/**
 * Messages of this node's own clients, on the disk: they come back after a restart, however the node ended. A record goes when
 * a message of its nonce has been on chain for so long that no reorganisation undoes it.
 */
export class LocalMessages {
  readonly #metadata: MetadataStore
  /** Keys of records by sender and nonce; more than one where a message was replaced. */
  readonly #records = new Map<string, Set<string>>()
  /** Epochs at which records' nonces were used. */
  readonly #settled = new Map<string, ChainEpoch>()

  constructor(metadata: MetadataStore) {
    this.#metadata = metadata
  }

  /**
   * Settles when a power cut can no longer lose the message, nor `records`, which are written with it or not at all.
   * @throws StoreError
   */
  async save(message: SignedMessage, records: readonly MetadataChange[] = []): Promise<void> {
    const value = encode(signedMessage, message)
    await this.#metadata.batch([{ key: this.#index(message), value }, ...records], { sync: true })
  }

  /** All records, by sender and nonce in no order; those that cannot be read are passed over. */
  async load(): Promise<SignedMessage[]> {
    const out: SignedMessage[] = []
    for await (const { key, value } of this.#metadata.iterate(PREFIX)) {
      try {
        const message = decode(signedMessage, value)
        this.#index(message)
        out.push(message)
      } catch (error) {
        if (!(error instanceof CodecError)) throw error
        log.warn('a record of a local message cannot be read and is passed over', { key }, error)
      }
    }
    return out
  }

  #index(message: SignedMessage): string {
    const place = placeOf(message.message)
    const key = PREFIX + signedMessageCid(message)
    const keys = this.#records.get(place)
    if (keys === undefined) this.#records.set(place, new Set([key]))
    else keys.add(key)
    return key
  }

  /** A message with this sender and nonce stands on chain. */
  settle(message: Pick<Message, 'from' | 'nonce'>, height: ChainEpoch): void {
    const place = placeOf(message)
    if (this.#records.has(place)) this.#settled.set(place, height)
  }

  /** It does not any more. */
  unsettle(message: Pick<Message, 'from' | 'nonce'>): void {
    this.#settled.delete(placeOf(message))
  }

  /** Removes what is final at a head's height. */
  async sweep(height: ChainEpoch): Promise<void> {
    const places = [...this.#settled].filter(([, at]) => at + FINALITY < height).map(([place]) => place)
    await this.#remove(places)
  }

  async forget(messages: readonly Message[]): Promise<void> {
    await this.#remove(messages.map(placeOf))
  }

  async #remove(places: readonly string[]): Promise<void> {
    const keys = places.flatMap((place) => [...(this.#records.get(place) ?? [])])
    for (const place of places) {
      this.#records.delete(place)
      this.#settled.delete(place)
    }
    if (keys.length > 0) await this.#metadata.batch(keys.map((key) => ({ key, value: undefined })))
  }
}

function placeOf({ from, nonce }: Pick<Message, 'from' | 'nonce'>): string {
  return `${from.key}/${nonce}`
}
