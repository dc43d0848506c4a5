import { blake2b256 } from '../native/crypto.ts'
import { maxBeaconRoundForEpoch, networkVersion } from '../networks/schedule.ts'
import type { Network } from '../networks/types.ts'
import type { ChainReader } from '../store/chain-reader.ts'
import type { BeaconEntry } from '../types/block.ts'
import type { ChainEpoch } from '../types/scalars.ts'
import type { Tipset } from '../types/tipset.ts'
import { StateError } from './errors.ts'

/** How far back the entry of a beacon round is sought: blocks faster than the beacon repeat no entry (Lotus chain/rand/rand.go). */
const BEACON_LOOKBACK_TIPSETS = 20

/**
 * Randomness as a chain that ends in one tipset holds it. The rules for heights that fall on null rounds changed
 * with network versions 13 and 14 (Lotus chain/rand/rand.go).
 */
export class ChainRandomness {
  readonly #network: Network
  readonly #chain: ChainReader
  readonly #base: Tipset
  readonly #genesisTimestamp: bigint
  readonly #digests = new Map<string, Uint8Array>()

  /** @param genesisTimestamp Unix seconds of the genesis block */
  constructor(network: Network, chain: ChainReader, base: Tipset, genesisTimestamp: bigint) {
    this.#network = network
    this.#chain = chain
    this.#base = base
    this.#genesisTimestamp = genesisTimestamp
  }

  /** Digest (32 bytes) of the ticket at `epoch`, before drawing. @throws StateError STATE_RANDOMNESS for an epoch after the base */
  ticketDigest(epoch: ChainEpoch): Uint8Array {
    const key = `t${epoch}`
    let digest = this.#digests.get(key)
    if (digest === undefined) {
      // Up to nv12 a null round took the ticket of the tipset before it, later that of the one after it.
      const tipset = this.#tipsetFor(epoch, networkVersion(this.#network, epoch) < 13)
      const ticket = tipset.minTicketBlock.ticket
      if (ticket === null)
        throw new StateError('STATE_RANDOMNESS', `tipset ${tipset.key} at height ${tipset.height} has no ticket`)
      digest = blake2b256(ticket.vrfProof)
      this.#digests.set(key, digest)
    }
    return digest
  }

  /** Digest (32 bytes) of the beacon entry for `epoch`, before drawing. */
  beaconDigest(epoch: ChainEpoch): Uint8Array {
    const key = `b${epoch}`
    let digest = this.#digests.get(key)
    if (digest === undefined) {
      digest = blake2b256(this.beaconEntry(epoch).data)
      this.#digests.set(key, digest)
    }
    return digest
  }

  /** The beacon entry that counts for `epoch`. @throws StateError STATE_RANDOMNESS */
  beaconEntry(epoch: ChainEpoch): BeaconEntry {
    const nv = networkVersion(this.#network, epoch)
    if (nv < 13) return this.latestBeaconEntry(this.#tipsetFor(epoch, true))
    const tipset = this.#tipsetFor(epoch, false)
    if (nv === 13 || epoch < 0) return this.latestBeaconEntry(tipset)
    const round = maxBeaconRoundForEpoch(this.#network, this.#genesisTimestamp, nv, epoch)
    let at = tipset
    for (let i = 0; i < BEACON_LOOKBACK_TIPSETS; i++) {
      const entry = at.first.beaconEntries.find((e) => e.round === round)
      if (entry !== undefined) return entry
      if (at.height === 0) break
      at = this.#chain.tipset(at.parents)
    }
    throw new StateError('STATE_RANDOMNESS', `the chain holds no beacon entry of round ${round} for epoch ${epoch}`)
  }

  /** The newest entry in the blocks of `tipset` or of the 20 tipsets before it (Lotus ChainStore.GetLatestBeaconEntry). */
  latestBeaconEntry(tipset: Tipset): BeaconEntry {
    let at = tipset
    for (let i = 0; i < BEACON_LOOKBACK_TIPSETS; i++) {
      const entry = at.first.beaconEntries.at(-1)
      if (entry !== undefined) return entry
      if (at.height === 0) throw new StateError('STATE_RANDOMNESS', 'the genesis block holds no beacon entry')
      at = this.#chain.tipset(at.parents)
    }
    throw new StateError(
      'STATE_RANDOMNESS',
      `no beacon entry in the ${BEACON_LOOKBACK_TIPSETS} tipsets up to height ${tipset.height}`,
    )
  }

  #tipsetFor(epoch: ChainEpoch, before: boolean): Tipset {
    if (epoch > this.#base.height) {
      throw new StateError(
        'STATE_RANDOMNESS',
        `cannot draw randomness of epoch ${epoch} from a chain of height ${this.#base.height}`,
      )
    }
    return this.#chain.tipsetByHeight(Math.max(epoch, 0), this.#base, { before })
  }
}
