/** Storage miners: `view.ts` is the version-independent reader, the other files hold the descriptors of what a miner's state is made of. */
import type { BlockReader } from '../../store/blockstore.ts'
import { BitField, bitfield } from '../../types/bitfield.ts'
import type { CID } from '../../types/cid.ts'
import type { ChainEpoch, SectorNumber, StoragePower, TokenAmount } from '../../types/scalars.ts'
import { Amt } from '../amt.ts'
import { ActorError, malformed } from '../errors.ts'
import { Hamt } from '../hamt.ts'
import { uintKey } from '../keys.ts'
import { loadState } from '../load-state.ts'
import type { ActorRegistry } from '../manifest.ts'
import { qaPowerForWeight } from '../policy/quality.ts'
import type { Actor } from '../state-tree.ts'
import { loadActorState } from '../view.ts'
import { DeadlineView } from './deadline.ts'
import { type DeadlineInfo, deadlineInfo, nextNotElapsed, WPOST_PERIOD_DEADLINES } from './deadline-info.ts'
import { deadlineState, deadlinesState } from './deadline-state.ts'
import { type MinerInfo, minerInfo } from './info.ts'
import { type PartitionView, type SectorExpiration, unionOf } from './partition.ts'
import {
  type SectorOnChainInfo,
  type SectorPreCommitOnChainInfo,
  sectorOnChainInfo,
  sectorPreCommitOnChainInfo,
} from './sector.ts'
import { type MinerState, minerState, type VestingFund, vestingFundsTail, vestingFundsV8 } from './state.ts'

const SECTORS_WIDTH = 5
/** abi.MaxSectorNumber: numbers are below 2^63. */
const MAX_SECTOR_NUMBER = 0x7fff_ffff_ffff_ffffn

/** Where a sector is proven. */
export interface SectorLocation {
  readonly deadline: number
  readonly partition: number
}

/** attoFIL that a miner cannot spend. */
export interface LockedFunds {
  readonly vestingFunds: TokenAmount
  readonly initialPledgeRequirement: TokenAmount
  readonly preCommitDeposits: TokenAmount
}

/** A miner actor of any version from v8 on. Nothing is read before it is asked for. */
export class MinerView {
  readonly version: number
  readonly state: MinerState
  readonly #store: BlockReader
  #info: MinerInfo | undefined
  #due: readonly CID[] | undefined

  constructor(store: BlockReader, state: MinerState, version: number) {
    this.#store = store
    this.state = state
    this.version = version
  }

  /** @throws MissingBlockError, ActorError */
  static load(store: BlockReader, registry: ActorRegistry, actor: Actor): MinerView {
    const { state, version } = loadActorState(store, registry, actor, 'storageminer', minerState)
    return new MinerView(store, state, version)
  }

  info(): MinerInfo {
    this.#info ??= loadState(this.#store, minerInfo(this.version), this.state.info)
    return this.#info
  }

  #sectors(): Amt<SectorOnChainInfo> {
    return new Amt(this.#store, this.state.sectors, { bitWidth: SECTORS_WIDTH, value: sectorOnChainInfo(this.version) })
  }

  /** A sector that is proven or faulty; undefined for any other. */
  sector(n: SectorNumber): SectorOnChainInfo | undefined {
    return n > MAX_SECTOR_NUMBER ? undefined : this.#sectors().get(n)
  }

  /** All sectors, ascending by number. */
  *sectors(): Generator<SectorOnChainInfo> {
    yield* this.#sectors().values()
  }

  get sectorCount(): bigint {
    return this.#sectors().count
  }

  /**
   * The sectors of a set, ascending.
   * @throws ActorError ACTOR_ENTRY_NOT_FOUND when the miner lacks one of them
   */
  *sectorsOf(numbers: BitField): Generator<SectorOnChainInfo> {
    const sectors = this.#sectors()
    // A hostile set of 2^63 numbers ends at the first that is not there.
    for (const n of numbers) {
      const sector = n > MAX_SECTOR_NUMBER ? undefined : sectors.get(n)
      if (sector === undefined) throw sectorNotFound(n)
      yield sector
    }
  }

  /** Quality-adjusted bytes of a sector. */
  qaPowerOf(sector: SectorOnChainInfo): StoragePower {
    const from = this.version >= 12 ? sector.powerBaseEpoch : sector.activation
    return qaPowerForWeight(this.info().sectorSize, sector.expiration - from, sector.verifiedDealWeight)
  }

  #preCommits(): Hamt<SectorPreCommitOnChainInfo, bigint> {
    return new Hamt(this.#store, this.state.preCommittedSectors, {
      value: sectorPreCommitOnChainInfo(this.version),
      key: uintKey,
    })
  }

  /** A sector that is committed to and not yet proven. */
  preCommittedSector(n: SectorNumber): SectorPreCommitOnChainInfo | undefined {
    return this.#preCommits().get(n)
  }

  *preCommittedSectors(): Generator<SectorPreCommitOnChainInfo> {
    for (const [, info] of this.#preCommits().entries()) yield info
  }

  /** Numbers that were ever used. */
  allocatedSectors(): BitField {
    return loadState(this.#store, bitfield, this.state.allocatedSectors)
  }

  isAllocated(n: SectorNumber): boolean {
    return this.allocatedSectors().has(n)
  }

  /** The lowest numbers that were never used, `count` of them. */
  unallocatedSectorNumbers(count: number): SectorNumber[] {
    const free = BitField.fromRuns([{ start: 0n, length: MAX_SECTOR_NUMBER }]).subtract(this.allocatedSectors())
    const out: bigint[] = []
    for (const n of free) {
      if (out.length >= count) break
      out.push(n)
    }
    return out
  }

  #deadlineLinks() {
    if (this.#due === undefined) {
      const { due } = loadState(this.#store, deadlinesState, this.state.deadlines)
      if (due.length !== WPOST_PERIOD_DEADLINES) malformed(`a miner has ${due.length} deadlines, not ${WPOST_PERIOD_DEADLINES}`)
      this.#due = due
    }
    return this.#due
  }

  /** @throws ActorError ACTOR_ENTRY_NOT_FOUND for an index past 47 */
  deadline(index: number): DeadlineView {
    const at = this.#deadlineLinks()[index]
    if (at === undefined)
      throw new ActorError(
        'ACTOR_ENTRY_NOT_FOUND',
        `there is no deadline ${index}; they are numbered 0 to ${WPOST_PERIOD_DEADLINES - 1}`,
      )
    return new DeadlineView(this.#store, index, loadState(this.#store, deadlineState(this.version), at))
  }

  /** All 48, in order. */
  *deadlines(): Generator<DeadlineView> {
    for (let i = 0; i < WPOST_PERIOD_DEADLINES; i++) yield this.deadline(i)
  }

  *partitions(): Generator<PartitionView> {
    for (const d of this.deadlines()) for (const [, p] of d.partitions()) yield p
  }

  /** The union over all partitions: `miner.unionOfPartitions((p) => p.active)`. */
  unionOfPartitions(pick: (partition: PartitionView) => BitField): BitField {
    return unionOf(this.partitions(), pick)
  }

  /** Numbers of sectors by their state (StateMinerSectorCount). */
  counts(): { readonly live: bigint; readonly active: bigint; readonly faulty: bigint } {
    let [live, active, faulty] = [0n, 0n, 0n]
    for (const p of this.partitions()) {
      live += p.live.count
      active += p.active.count
      faulty += p.faulty.count
    }
    return { live, active, faulty }
  }

  /** Live sectors by the deadlines' own counts. */
  get liveSectorCount(): number {
    let n = 0
    for (const d of this.deadlines()) n += d.state.liveSectors
    return n
  }

  /** @throws ActorError ACTOR_ENTRY_NOT_FOUND */
  findSector(n: SectorNumber): SectorLocation {
    for (const d of this.deadlines())
      for (const [i, p] of d.partitions()) if (p.allSectors.has(n)) return { deadline: d.index, partition: i }
    throw sectorNotFound(n, 'is not due at any deadline')
  }

  /**
   * When a sector ends, by the queues of its partition.
   * @throws ActorError ACTOR_ENTRY_NOT_FOUND also for a terminated sector, as Lotus does
   */
  sectorExpiration(n: SectorNumber): SectorExpiration {
    for (const p of this.partitions()) {
      const found = p.expirationOf(n)
      if (found === undefined) continue
      if (found.onTime === 0 && found.early === 0) break
      return found
    }
    throw sectorNotFound(n)
  }

  /** The deadline that the state says is current, as of an epoch; may be over when the miner's cron does not run. */
  recordedDeadline(epoch: ChainEpoch): DeadlineInfo {
    return deadlineInfo(this.state.provingPeriodStart, this.state.currentDeadline, epoch)
  }

  /** StateMinerProvingDeadline. */
  provingDeadline(epoch: ChainEpoch): DeadlineInfo {
    return nextNotElapsed(this.recordedDeadline(epoch))
  }

  get lockedFunds(): LockedFunds {
    return {
      vestingFunds: this.state.lockedFunds,
      initialPledgeRequirement: this.state.initialPledge,
      preCommitDeposits: this.state.preCommitDeposits,
    }
  }

  /** attoFIL that are due to the network. */
  get feeDebt(): TokenAmount {
    return this.state.feeDebt
  }

  get isDebtFree(): boolean {
    return this.state.feeDebt <= 0n
  }

  /**
   * What the owner may withdraw of a balance, fee debt taken off; may be negative by the debt.
   * Undefined when more is locked than the miner has.
   */
  availableBalance(balance: TokenAmount): TokenAmount | undefined {
    const unlocked = balance - this.state.lockedFunds - this.state.preCommitDeposits - this.state.initialPledge
    return unlocked < 0n ? undefined : unlocked - this.state.feeDebt
  }

  /** Funds that are locked now, by the epoch at whose end they become free. */
  vestingFunds(): readonly VestingFund[] {
    const v = this.state.vestingFunds
    if (v === null) return []
    if (!('head' in v)) return loadState(this.#store, vestingFundsV8, v).funds
    return [v.head, ...loadState(this.#store, vestingFundsTail, v.tail)]
  }

  /** attoFIL that have vested before an epoch and are still counted as locked. */
  vestedFunds(epoch: ChainEpoch): TokenAmount {
    let sum = 0n
    for (const f of this.vestingFunds()) {
      if (f.epoch >= epoch) break
      sum += f.amount
    }
    return sum
  }
}

function sectorNotFound(n: SectorNumber, what = 'is not in the state of the miner'): ActorError {
  return new ActorError('ACTOR_ENTRY_NOT_FOUND', `sector ${n} ${what}`, { fields: { sector: n } })
}
