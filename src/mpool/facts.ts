import { Batcher } from '../lib/batcher.ts'
import { Lru } from '../lib/lru.ts'
import type { Address } from '../types/address.ts'
import type { Tipset } from '../types/tipset.ts'
import type { PoolChain, SenderFacts } from './pool-chain.ts'

/** Senders that are known at one head. */
const KEPT_SENDERS = 50_000
/** Senders asked for in one go. */
const BATCH = 512

/** What is known of senders after one tipset; each is asked for once, many at a time. */
export class Facts {
  readonly base: Tipset
  readonly #senders = new Lru<string, Promise<SenderFacts | undefined>>(KEPT_SENDERS)
  readonly #batcher: Batcher<Address, SenderFacts | undefined>
  readonly #chain: PoolChain
  #baseFee: Promise<bigint> | undefined

  constructor(chain: PoolChain, base: Tipset) {
    this.base = base
    this.#chain = chain
    this.#batcher = new Batcher((addresses) => chain.senders(addresses, base), BATCH)
  }

  /** @param address a key address. @returns undefined for a sender that is not in the state */
  sender(address: Address): Promise<SenderFacts | undefined> {
    let known = this.#senders.get(address.key)
    if (known === undefined) {
      known = this.#batcher.load(address)
      this.#senders.set(address.key, known)
      known.catch(() => this.#senders.delete(address.key))
    }
    return known
  }

  /** Base fee of the blocks that follow, attoFIL. */
  baseFee(): Promise<bigint> {
    if (this.#baseFee === undefined) {
      this.#baseFee = this.#chain.baseFee(this.base)
      this.#baseFee.catch(() => {
        this.#baseFee = undefined
      })
    }
    return this.#baseFee
  }
}
