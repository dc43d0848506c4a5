// A chain in memory on which miners of fixed power make blocks: draws are hashes instead of signatures, and nothing is executed.

import { createHash } from 'node:crypto'
import type { TipsetView } from '../../src/api/types/chain.ts'
import type { MiningBaseInfo } from '../../src/api/types/miner.ts'
import type { BlockTemplate, MiningAttempt } from '../../src/api/types/mining.ts'
import type { MiningChain } from '../../src/miner/mining/chain.ts'
import { MadeBlocks } from '../../src/miner/mining/made-blocks.ts'
import { PastGuard } from '../../src/miner/mining/past.ts'
import { BlockProducer } from '../../src/miner/mining/producer.ts'
import type { RoundComponents } from '../../src/miner/mining/round.ts'
import { SlashFilter } from '../../src/miner/mining/slash-filter.ts'
import type { MinerRecords } from '../../src/miner/records.ts'
import { Address } from '../../src/types/address.ts'
import type { BlockHeader, BlockMsg } from '../../src/types/block.ts'
import { drawingEntry, electionInput } from '../../src/types/draws.ts'
import { winCount } from '../../src/types/election.ts'
import type { SignedMessage } from '../../src/types/message.ts'
import { Tipset, type TipsetKey } from '../../src/types/tipset.ts'
import { blockOf, someCid } from './slash-blocks.ts'
import { VirtualClock } from './virtual-clock.ts'

export const DELAY_SECS = 30
const START = 1_700_000_000

/** Records in memory. */
export class MemoryRecords implements MinerRecords {
  readonly map = new Map<string, Uint8Array>()

  get(key: string): Uint8Array | undefined {
    return this.map.get(key)
  }

  async batch(changes: readonly { readonly key: string; readonly value: Uint8Array | undefined }[]): Promise<void> {
    for (const { key, value } of changes) {
      if (value === undefined) this.map.delete(key)
      else this.map.set(key, value)
    }
  }

  async *iterate(prefix: string): AsyncGenerator<{ readonly key: string; readonly value: Uint8Array }> {
    for (const key of [...this.map.keys()].sort())
      if (key.startsWith(prefix)) yield { key, value: this.map.get(key) as Uint8Array }
  }
}

export function view(tipset: Tipset): TipsetView {
  return { cids: tipset.cids, blocks: tipset.blocks, height: tipset.height }
}

function hash96(...parts: readonly (Uint8Array | string)[]): Uint8Array {
  const h = createHash('sha512')
  for (const p of parts) h.update(p)
  return new Uint8Array(Buffer.concat([h.digest(), Buffer.alloc(32)]))
}

export class MiningWorld implements MiningChain {
  readonly clock = new VirtualClock(START * 1000)
  readonly records: MinerRecords
  readonly filter: SlashFilter
  readonly past: PastGuard
  readonly power: ReadonlyMap<bigint, bigint>
  /** Everything that was submitted, with the time. */
  readonly submitted: { readonly block: BlockMsg; readonly at: number }[] = []
  readonly attempts: MiningAttempt[] = []
  /** How often messages were asked for, and for how many blocks. */
  readonly selections: number[] = []
  readonly proofs: number[] = []
  readonly #tipsets = new Map<string, Tipset>()
  #head: Tipset
  producer: BlockProducer | undefined
  /** Stands for the messages of the blocks that are made: with another one they are other blocks. */
  salt = ''

  /** @param power bytes by miner's id */
  constructor(power: ReadonlyMap<bigint, bigint>, records: MinerRecords = new MemoryRecords()) {
    this.power = power
    this.records = records
    this.filter = new SlashFilter({ records })
    this.past = new PastGuard({ chain: this, records, filter: this.filter })
    this.#head = Tipset.create([{ ...blockOf(0n, 0, [], 'genesis'), timestamp: BigInt(START) }])
    this.#tipsets.set(this.#head.key.id, this.#head)
  }

  get top(): Tipset {
    return this.#head
  }

  /** Another tipset becomes the head. */
  setHead(tipset: Tipset): void {
    this.#tipsets.set(tipset.key.id, tipset)
    this.#head = tipset
  }

  /** A block of somebody else on the head. */
  foreign(miner: bigint, height: number, salt: string): BlockHeader {
    const timestamp = BigInt(START + height * DELAY_SECS)
    return { ...blockOf(miner, height, this.#head.cids, salt), timestamp }
  }

  async head(): Promise<TipsetView> {
    return view(this.#head)
  }

  async tipset(key: TipsetKey): Promise<TipsetView> {
    return view(this.#tipsets.get(key.id) as Tipset)
  }

  async tipsetAt(height: number): Promise<TipsetView> {
    let at = this.#head
    while (at.height > height) at = this.#tipsets.get(at.parents.id) as Tipset
    return view(at)
  }

  async beaconReady(): Promise<void> {}

  async baseInfo(miner: Address, epoch: number): Promise<MiningBaseInfo | null> {
    const minerPower = this.power.get(miner.id as bigint) ?? 0n
    return {
      minerPower,
      networkPower: [...this.power.values()].reduce((a, b) => a + b, 0n),
      sectors: [{ sealProof: 5, sectorNumber: 1n, sectorKey: null, sealedCid: someCid('sealed') }],
      workerKey: miner,
      sectorSize: 2048n,
      prevBeaconEntry: { round: BigInt(epoch - 1), data: hash96(String(epoch - 1)) },
      beaconEntries: [{ round: BigInt(epoch), data: hash96(String(epoch)) }],
      eligibleForMining: minerPower > 0n,
    }
  }

  async draw(worker: Address, input: Uint8Array): Promise<Uint8Array> {
    return hash96(worker.bytes, input)
  }

  /** How often the miner's draw of an epoch wins, by the arithmetic alone. */
  async winsOf(miner: Address, epoch: number): Promise<number> {
    const info = (await this.baseInfo(miner, epoch)) as MiningBaseInfo
    const entry = drawingEntry(info, info.prevBeaconEntry)
    const proof = await this.draw(miner, electionInput(entry, epoch, miner))
    return winCount(proof, info.minerPower, info.networkPower)
  }

  async select(_base: TipsetKey, qualities: readonly number[]): Promise<readonly (readonly SignedMessage[])[]> {
    this.selections.push(qualities.length)
    return qualities.map(() => [])
  }

  async createBlock(t: BlockTemplate): Promise<BlockMsg> {
    const header: BlockHeader = {
      ...blockOf(t.miner.id as bigint, t.epoch, t.parents.cids, this.salt),
      ticket: t.ticket,
      electionProof: t.electionProof,
      beaconEntries: t.beaconEntries,
      winPostProof: t.winningPost,
      timestamp: t.timestamp,
    }
    return { header, blsMessages: [], secpkMessages: [] }
  }

  async submit(block: BlockMsg): Promise<void> {
    this.submitted.push({ block, at: this.clock.now() })
    const beside = this.#head.height === block.header.height ? this.#head.blocks : []
    const fits = beside.filter((b) => b.parents.map(String).join() === block.header.parents.map(String).join())
    this.setHead(Tipset.create([...fits, block.header]))
  }

  get components(): RoundComponents {
    return {
      chain: this,
      prover: {
        winningPost: async (_miner, sectors) => {
          this.proofs.push(sectors.length)
          return [{ proofType: 0, proof: new Uint8Array(192) }]
        },
      },
      filter: this.filter,
      made: new MadeBlocks({ records: this.records }),
      past: this.past,
      clock: this.clock,
      elapsed: () => this.clock.now(),
    }
  }

  get rules() {
    return { blockDelaySecs: DELAY_SECS, propagationDelaySecs: 10, equivocationDelaySecs: 2, smoke: -1 }
  }

  /** Runs block production until `done`. */
  async mine(actors: readonly bigint[], done: (attempts: readonly MiningAttempt[]) => boolean): Promise<void> {
    let finish: () => void = () => {}
    const finished = new Promise<void>((resolve) => {
      finish = resolve
    })
    const record = { put: async (a: MiningAttempt) => void this.attempts.push(a) }
    const onAttempt = (): void => {
      if (done(this.attempts)) finish()
    }
    const producer = new BlockProducer(
      { ...this.components, record, onAttempt },
      { ...this.rules, actors: actors.map((id) => Address.fromId(id)), jitterMs: 0 },
    )
    this.producer = producer
    producer.start()
    await finished
    await producer.close()
  }
}
