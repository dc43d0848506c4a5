// A chain as the scheduler of window PoSts sees it, small enough to be turned by hand: deadlines, a pool, messages that get into
// blocks when the test says so. Nothing of it is consensus.

import { submitWindowedPoStParams } from '../../src/actors/methods/miner-sectors.ts'
import { decode } from '../../src/codec/codec.ts'
import { ControlAddresses } from '../../src/miner/control-addresses.ts'
import type { Prover, ProvingSector } from '../../src/miner/proving.ts'
import { ProofRecords, type RecordStore } from '../../src/miner/wdpost/proof-records.ts'
import { WindowPostScheduler } from '../../src/miner/wdpost/scheduler.ts'
import type { WindowPostEvent } from '../../src/miner/wdpost/window.ts'
import { blake2b256 } from '../../src/native/crypto.ts'
import { Address } from '../../src/types/address.ts'
import { BitField } from '../../src/types/bitfield.ts'
import { cidOf } from '../../src/types/cid.ts'
import { type Message, type SignedMessage, signedMessageCid } from '../../src/types/message.ts'
import { SignatureType } from '../../src/types/signature.ts'

export const MINER = Address.fromId(1000n)
const WORKER = Address.fromId(100n)
const PERIOD_START = 1000

interface Partition {
  live: BitField
  faulty: BitField
  recovering: BitField
}

/** A proof type of 2 KiB sectors, network version 28. */
const SEAL_PROOF = 5

export class PostChain {
  height = PERIOD_START
  /** Changes the randomness, as a reorganisation may. */
  fork = 0
  readonly partitions = new Map<number, Partition[]>()
  readonly pool: SignedMessage[] = []
  /** Executed messages, with their exit codes. */
  readonly executed: { readonly message: SignedMessage; readonly height: number; readonly exitCode: number }[] = []
  readonly posted = new Map<number, Set<bigint>>()
  readonly pushes: SignedMessage[] = []
  readonly declared: Message[] = []
  readonly events: WindowPostEvent[] = []
  readonly records = new Map<string, Uint8Array>()
  readonly proofsMade: string[] = []
  /** Sectors whose files are gone. */
  readonly lost = new Set<bigint>()
  /** Sectors that pass the check of their files and fail in the proof. */
  readonly broken = new Set<bigint>()
  /** Whether proofs verify; called for each. */
  verifies = () => true
  /** Set to hold proofs back until the test lets them go. */
  gate: Promise<void> = Promise.resolve()
  nextExit = 0
  premium = 1000n
  maxFee = 10n ** 18n
  onPush: () => void = () => undefined
  /** What the pool has against a message that was signed before. */
  onPushAgain: (m: SignedMessage) => string | undefined = () => undefined
  #nonce = 0n

  key() {
    return { cids: [cidOf(Buffer.from(`${this.fork}/${this.height}`))], height: this.height }
  }

  /** Messages of the head's own blocks, not executed yet. */
  inHead: SignedMessage[] = []
  /** The node's head where it is already past the one that the scheduler was told of. */
  later: ReturnType<PostChain['key']> | undefined
  /** Nonces that another message used on chain. */
  readonly displaced = new Set<bigint>()

  sectors(deadline: number, partition: number, numbers: readonly number[]): void {
    const all = this.partitions.get(deadline) ?? []
    all[partition] = { live: BitField.of(numbers), faulty: BitField.empty, recovering: BitField.empty }
    this.partitions.set(deadline, all)
  }

  /** Executes what waits, from a new tipset on. */
  mine(): void {
    for (const message of this.pool.splice(0)) {
      this.executed.push({ message, height: this.height, exitCode: this.nextExit })
      if (message.message.method !== 5n || this.nextExit !== 0) continue
      const params = decode(submitWindowedPoStParams, message.message.params)
      const done = this.posted.get(Number(params.deadline)) ?? new Set()
      for (const p of params.partitions) done.add(p.index)
      this.posted.set(Number(params.deadline), done)
    }
  }

  /** A scheduler over this chain, as if the process had just been started. */
  scheduler(changes: object = {}): WindowPostScheduler {
    const store: RecordStore = {
      get: (k) => this.records.get(k),
      put: async (k, v) => void this.records.set(k, v),
      delete: async (k) => void this.records.delete(k),
    }
    const api = this.#api()
    const none = { preCommitControl: [], commitControl: [], terminateControl: [], dealPublishControl: [] }
    const addresses = new ControlAddresses(
      { api: api as never },
      { ...none, disableOwnerFallback: false, disableWorkerFallback: false },
    )
    return new WindowPostScheduler(
      {
        api: api as never,
        prover: this.prover(),
        verify: async () => this.verifies(),
        addresses,
        records: new ProofRecords(store, MINER),
        journal: (e) => void this.events.push(e),
      },
      {
        miner: MINER,
        disablePreChecks: false,
        maxPartitionsPerPostMessage: 0,
        singleRecoveringPartitionPerPostMessage: false,
        maxFee: this.maxFee,
        maximizeFeeCap: false,
        postProofType: 10,
        maxPartitionsPerRecoveryMessage: 0,
        recoveringSectorLimit: 0n,
        ...changes,
      },
    )
  }

  prover(): Prover {
    const names = (sectors: readonly ProvingSector[]) => sectors.map((s) => s.number).join(',')
    return {
      winningPost: async () => [],
      windowPost: async (_miner, proofType, sectors, randomness, options) => {
        await this.gate
        options?.signal?.throwIfAborted()
        const skipped = sectors.map((s) => s.number).filter((n) => this.broken.has(n))
        if (skipped.length > 0) return { proofs: [], skipped }
        this.proofsMade.push(names(sectors))
        return { proofs: [{ proofType, proof: blake2b256(randomness) }], skipped: [] }
      },
      checkProvable: async (_miner, _type, sectors) =>
        new Map(sectors.filter((s) => this.lost.has(s.number)).map((s) => [s.number, 'the sealed file is missing'])),
    }
  }

  #deadline() {
    const index = Math.floor((this.height - PERIOD_START) / 60) % 48
    const periodStart = PERIOD_START + Math.floor((this.height - PERIOD_START) / 2880) * 2880
    const open = periodStart + index * 60
    return {
      currentEpoch: this.height,
      periodStart,
      index: BigInt(index),
      open,
      close: open + 60,
      challenge: open - 20,
      faultCutoff: open - 70,
      wPoStPeriodDeadlines: 48n,
      wPoStProvingPeriod: 2880,
      wPoStChallengeWindow: 60,
      wPoStChallengeLookback: 20,
      faultDeclarationCutoff: 70,
    }
  }

  #api() {
    const info = { owner: Address.fromId(99n), worker: WORKER, controlAddresses: [] }
    const random = (tag: number, epoch: number) => blake2b256(Buffer.from(`${this.fork}/${tag}/${epoch}`))
    return {
      chainHead: async () => this.later ?? this.key(),
      stateMinerProvingDeadline: async () => this.#deadline(),
      stateNetworkVersion: async () => 28,
      stateMinerPartitions: async ([, index]: [unknown, number]) =>
        (this.partitions.get(index) ?? []).map((p) => ({
          allSectors: p.live,
          liveSectors: p.live,
          faultySectors: p.faulty,
          recoveringSectors: p.recovering,
          activeSectors: p.live.subtract(p.faulty),
        })),
      stateMinerSectors: async ([, wanted]: [unknown, BitField]) =>
        [...wanted].map((n) => ({
          sectorNumber: n,
          sealProof: SEAL_PROOF,
          sealedCid: cidOf(Buffer.from(`sector ${n}`)),
          sectorKeyCid: null,
        })),
      stateMinerDeadlines: async () =>
        Array.from({ length: 48 }, (_, i) => ({ postSubmissions: BitField.of(this.posted.get(i) ?? []) })),
      stateMinerInfo: async () => info,
      stateSectorPartition: async ([, sector]: [unknown, bigint]) => {
        for (const [deadline, all] of this.partitions)
          for (const [partition, p] of all.entries())
            if (p.live.has(sector)) return { deadline: BigInt(deadline), partition: BigInt(partition) }
        return null
      },
      stateGetRandomnessFromBeacon: async ([tag, epoch]: [number, number]) => random(tag, epoch),
      stateGetRandomnessFromTickets: async ([tag, epoch]: [number, number]) => random(tag, epoch),
      stateSearchMsg: async ([, cid]: [unknown, { toString(): string }]) => {
        const sought = this.pushes.find((m) => String(signedMessageCid(m)) === String(cid))
        if (sought !== undefined && this.displaced.has(sought.message.nonce))
          throw new Error(`message ${cid} was replaced by another, which has the same nonce ${sought.message.nonce}`)
        const found = this.executed.find((e) => String(signedMessageCid(e.message)) === String(cid))
        return found === undefined ? null : { message: cid, receipt: { exitCode: found.exitCode }, height: found.height }
      },
      chainGetMessagesInTipset: async () => this.inHead.map((m) => ({ cid: signedMessageCid(m), message: m.message })),
      stateAccountKey: async ([a]: [Address]) => a,
      walletBalance: async () => 10n ** 21n,
      walletHas: async () => true,
      walletSignMessage: async ([, message]: [unknown, Message]) => this.#signed(message),
      gasEstimateMessageGas: async ([m]: [Message]) => ({
        ...m,
        gasLimit: 1_000_000n,
        gasPremium: this.premium,
        gasFeeCap: this.premium * 2n,
      }),
      gasEstimateGasPremium: async () => this.premium,
      gasEstimateFeeCap: async () => this.premium * 2n,
      mpoolPending: async () => [...this.pool],
      mpoolPushMessage: async ([m]: [Message]) => {
        const signed = this.#signed({ ...m, nonce: this.#nonce++ })
        this.#take(signed)
        return signed
      },
      mpoolPush: async ([m]: [SignedMessage]) => {
        const fault = this.onPushAgain(m)
        if (fault !== undefined) throw new Error(fault)
        this.#take(m)
        return signedMessageCid(m)
      },
    }
  }

  #signed(message: Message): SignedMessage {
    return { message, signature: { type: SignatureType.bls, data: new Uint8Array(96) } }
  }

  #take(m: SignedMessage): void {
    const same = this.pool.findIndex((o) => o.message.nonce === m.message.nonce)
    if (same >= 0) this.pool.splice(same, 1)
    this.pool.push(m)
    this.pushes.push(m)
    if (m.message.method === 11n) this.declared.push(m.message)
    this.onPush()
  }
}
