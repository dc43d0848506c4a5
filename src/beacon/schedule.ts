import type { DrandPoint } from '../networks/drand.ts'
import { drandAt } from '../networks/schedule.ts'
import type { BeaconEntry } from '../types/block.ts'
import type { ChainEpoch } from '../types/scalars.ts'
import { type BeaconRules, type BlockEpoch, expectedRounds } from './block-entries.ts'
import { BeaconClient, type BeaconClientInit } from './client.ts'
import type { EntryVerifier } from './verify-entry.ts'

/** Rounds that are asked for at once: after an outage there are hundreds, and a server that answers all of them is late for each. */
const ROUNDS_AT_ONCE = 32

/** The clients of all drand networks that a Filecoin network has used, by epoch. */
export class BeaconSchedule {
  readonly rules: BeaconRules
  readonly #clients: ReadonlyMap<DrandPoint, BeaconClient>

  constructor(components: { readonly rules: BeaconRules; readonly verifier: EntryVerifier }, init: BeaconClientInit = {}) {
    this.rules = components.rules
    this.#clients = new Map(
      components.rules.network.drand.map((drand) => [drand, new BeaconClient({ drand, verifier: components.verifier }, init)]),
    )
  }

  /** The client of the drand network that an epoch's blocks use. */
  at(epoch: ChainEpoch): BeaconClient {
    return this.#clients.get(drandAt(this.rules.network, epoch)) as BeaconClient
  }

  /**
   * The entries that a new block must carry; rounds that are not out yet are not waited for (Lotus BeaconEntriesForBlock).
   * @param previous the newest entry of the chain below the block
   * @throws BeaconError BEACON_UNAVAILABLE; the signal's reason
   */
  async entriesForBlock(at: BlockEpoch, previous: BeaconEntry, signal: AbortSignal): Promise<BeaconEntry[]> {
    const { rounds } = expectedRounds(this.rules, at, previous.round)
    const client = this.at(at.epoch)
    const batches: BeaconEntry[][] = []
    // The newest first: where that one is not out yet, none is asked for.
    for (let end = rounds.length; end > 0; end -= ROUNDS_AT_ONCE) {
      const some = rounds.slice(Math.max(0, end - ROUNDS_AT_ONCE), end).reverse()
      batches.push(await Promise.all(some.map((round) => client.entry(round, signal, { wait: false }))))
    }
    return batches.flat().reverse()
  }
}
