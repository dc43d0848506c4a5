/** Layer 4: drand: what its rounds must look like, and where new ones come from. */
import { Lru } from '../lib/lru.ts'
import { type DrandRound, drandVerifyAsync } from '../native/crypto.ts'
import type { DrandChainInfo, DrandNetwork } from '../networks/drand.ts'
import type { BeaconEntry } from '../types/block.ts'
import { mockEntry } from './mock.ts'

/** Rounds kept as verified, as many as Lotus keeps (chain/beacon/drand/drand.go). */
const KEPT_ROUNDS = 1024

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

function roundOf(kind: DrandNetwork['kind'], info: DrandChainInfo, entry: BeaconEntry, previous: Uint8Array): DrandRound {
  const round = { publicKey: Buffer.from(info.publicKey, 'hex'), round: entry.round, signature: entry.data }
  return kind === 'chained'
    ? { ...round, scheme: 'pedersen-bls-chained', previousSignature: previous }
    : { ...round, scheme: 'bls-unchained-g1-rfc9380' }
}

/**
 * Checks entries of drand networks and remembers those that were right: all blocks of a tipset carry the same ones.
 * One verifier serves several networks.
 */
export class EntryVerifier {
  /** Signature of each verified round, by the network's hash and the round; a round has one signature only. */
  readonly #good = new Lru<string, Uint8Array>(KEPT_ROUNDS)
  /** Checks under way, by all that goes into them: the blocks of a tipset come at one time. */
  readonly #running = new Map<string, Promise<boolean>>()
  readonly #verify: (round: DrandRound) => Promise<boolean>

  constructor(verify: (round: DrandRound) => Promise<boolean> = drandVerifyAsync) {
    this.#verify = verify
  }

  /** @param previous signature of the round before, used by chained networks only */
  async verify(drand: DrandNetwork, entry: BeaconEntry, previous: Uint8Array): Promise<boolean> {
    if (drand.info === undefined) return sameBytes(entry.data, mockEntry(entry.round).data)
    const known = this.known(drand, entry.round)
    if (known !== undefined) return sameBytes(known, entry.data)
    const round = roundOf(drand.kind, drand.info, entry, previous)
    const key = `${drand.info.hash}/${entry.round}/${hex(entry.data)}/${drand.kind === 'chained' ? hex(previous) : ''}`
    let running = this.#running.get(key)
    if (running === undefined) {
      running = this.#verify(round).finally(() => this.#running.delete(key))
      this.#running.set(key, running)
    }
    const ok = await running
    if (ok) this.#good.set(`${drand.info.hash}/${entry.round}`, entry.data)
    return ok
  }

  /** The signature of a round that was verified before. */
  known(drand: DrandNetwork, round: bigint): Uint8Array | undefined {
    return drand.info === undefined ? undefined : this.#good.get(`${drand.info.hash}/${round}`)
  }
}
