import { buildEventsAmt, buildReceiptsAmt } from '../actors/amt-build.ts'
import { CRON_ACTOR, REWARD_ACTOR, SYSTEM_ACTOR } from '../actors/well-known.ts'
import { decode, encode } from '../codec/codec.ts'
import { list, tuple } from '../codec/combinators.ts'
import { int64 } from '../codec/primitives.ts'
import type { ApplyResult } from '../native/fvm.ts'
import type { BlockWriter } from '../store/blockstore.ts'
import { address } from '../types/address.ts'
import { type CID, cidFromBytes, cidKey } from '../types/cid.ts'
import { type Message, messageCid, type SignedMessage, signedMessageCid } from '../types/message.ts'
import { type MessageReceipt, stampedEvent } from '../types/receipt.ts'
import { type ChainEpoch, tokenAmount } from '../types/scalars.ts'
import type { Tipset } from '../types/tipset.ts'
import { BLOCK_GAS_LIMIT } from './base-fee.ts'
import { StateError } from './errors.ts'
import type { UpgradeSchedule } from './upgrades.ts'
import { Vm, type VmComponents } from './vm.ts'

export interface TipsetState {
  readonly stateRoot: CID
  readonly receiptsRoot: CID
}

/** One message as it ran. */
export interface AppliedMessage {
  /** The CID by which the message is known on chain; for implicit ones that of the message as it ran. */
  readonly cid: CID
  readonly message: Message
  readonly receipt: MessageReceipt
  readonly result: ApplyResult
  readonly implicit: boolean
  /** Wall-clock nanoseconds; for people, never for consensus. */
  readonly durationNs: number
}

export interface ExecuteOptions {
  readonly tracing?: boolean
  /** Called after each message; returning false ends the execution there (then no state is made). */
  readonly onApplied?: (applied: AppliedMessage) => boolean | undefined
}

export interface ExecuteComponents extends VmComponents {
  readonly upgrades: UpgradeSchedule
  /** Takes every block that execution makes. */
  readonly sink: BlockWriter
  migrate(root: CID, height: ChainEpoch): CID
}

const AWARD_BLOCK_REWARD = 2n
const EPOCH_TICK = 2n
const awardParams = tuple('AwardBlockRewardParams', {
  miner: address,
  penalty: tokenAmount,
  gasReward: tokenAmount,
  winCount: int64,
})
const events = list(stampedEvent, { max: 1 << 20 })

const systemMessage = (to: Message['to'], epoch: ChainEpoch, method: bigint, params: Uint8Array): Message => ({
  version: 0n,
  to,
  from: SYSTEM_ACTOR,
  nonce: BigInt(epoch),
  value: 0n,
  gasLimit: BLOCK_GAS_LIMIT * 10_000n,
  gasFeeCap: 0n,
  gasPremium: 0n,
  method,
  params,
})

class Halt extends Error {}

/**
 * Runs a tipset on its parent's state: cron and upgrades of the null rounds before it, the messages of its blocks once each
 * in order, each block's reward, then cron. Source: Lotus chain/consensus/compute_state.go.
 * @returns undefined when `onApplied` ended it
 * @throws StateError
 */
export function executeTipset(c: ExecuteComponents, tipset: Tipset, options: ExecuteOptions = {}): TipsetState | undefined {
  if (tipset.height === 0) return { stateRoot: tipset.parentStateRoot, receiptsRoot: tipset.first.parentMessageReceipts }
  refuseDoubleMiners(tipset)
  try {
    return run(c, tipset, options)
  } catch (error) {
    if (error instanceof Halt) return undefined
    throw error
  }
}

function refuseDoubleMiners(tipset: Tipset): void {
  const seen = new Set<string>()
  for (const { miner } of tipset.blocks) {
    if (seen.has(miner.key))
      throw new StateError('STATE_EXECUTION', `miner ${miner} has two blocks in the tipset at height ${tipset.height}`)
    seen.add(miner.key)
  }
}

function run(c: ExecuteComponents, tipset: Tipset, options: ExecuteOptions): TipsetState {
  const parent = c.chain.tipset(tipset.parents)
  const baseFee = tipset.first.parentBaseFee
  const tracing = options.tracing ?? false
  let root = tipset.parentStateRoot

  const report = (applied: AppliedMessage): void => {
    if (options.onApplied?.(applied) === false) throw new Halt()
  }
  const withVm = <T>(epoch: ChainEpoch, timestamp: bigint, use: (vm: Vm) => T): T => {
    const vm = new Vm(c, { stateRoot: root, epoch, timestamp, baseFee, base: tipset, tracing })
    try {
      return use(vm)
    } finally {
      vm.close()
    }
  }
  const applySystem = (vm: Vm, what: string, m: Message): void => {
    const started = process.hrtime.bigint()
    const { message, result } = vm.applyImplicit(m)
    report({
      cid: messageCid(message),
      message,
      receipt: receiptOf(vm, result),
      result,
      implicit: true,
      durationNs: elapsed(started),
    })
    if (result.exitCode !== 0) {
      throw new StateError(
        'STATE_EXECUTION',
        `${what} failed at epoch ${m.nonce} with exit code ${result.exitCode}: ${result.failureInfo ?? 'no reason given'}`,
      )
    }
  }
  const cron = (vm: Vm, epoch: ChainEpoch): void =>
    applySystem(vm, 'cron', systemMessage(CRON_ACTOR, epoch, EPOCH_TICK, new Uint8Array(0)))
  const flush = (vm: Vm): CID => {
    const { root: next, blocks } = vm.flush()
    for (const b of blocks) c.sink.put(b.cid, b.data)
    return next
  }

  for (let epoch = parent.height; epoch < tipset.height; epoch++) {
    if (epoch > parent.height) {
      const timestamp = c.genesisTimestamp + BigInt(c.network.blockDelaySecs) * BigInt(epoch)
      root = withVm(epoch, timestamp, (vm) => {
        cron(vm, epoch)
        return flush(vm)
      })
    }
    root = c.migrate(root, epoch)
  }

  return withVm(tipset.height, tipset.minTimestamp, (vm) => {
    const receipts: MessageReceipt[] = []
    const done = new Set<string>()
    for (const { block, messages } of c.chain.blockMessages(tipset)) {
      let penalty = 0n
      let gasReward = 0n
      for (const m of messages) {
        const bare = 'signature' in m ? m.message : m
        // By the unsigned message: one message under two signatures runs once.
        const key = cidKey(messageCid(bare))
        if (done.has(key)) continue
        done.add(key)
        const started = process.hrtime.bigint()
        const result = vm.apply(m)
        const receipt = receiptOf(vm, result)
        receipts.push(receipt)
        gasReward += result.minerTip
        penalty += result.penalty
        keepEvents(c.sink, result, receipt)
        report({ cid: cidOnChain(m), message: bare, receipt, result, implicit: false, durationNs: elapsed(started) })
      }
      const winCount = block.electionProof?.winCount ?? 0n
      const params = encode(awardParams, { miner: block.miner, penalty, gasReward, winCount })
      applySystem(vm, `the reward for ${block.miner}`, systemMessage(REWARD_ACTOR, tipset.height, AWARD_BLOCK_REWARD, params))
    }
    cron(vm, tipset.height)
    const receiptsRoot = buildReceiptsAmt(c.sink, receipts)
    return { stateRoot: flush(vm), receiptsRoot }
  })
}

function cidOnChain(m: Message | SignedMessage): CID {
  return 'signature' in m ? signedMessageCid(m) : messageCid(m)
}

function elapsed(since: bigint): number {
  return Number(process.hrtime.bigint() - since)
}

/** Receipts have an events root from nv18 on, null where there are no events (FIP-0049). */
export function receiptOf(vm: Pick<Vm, 'networkVersion'>, r: ApplyResult): MessageReceipt {
  const base = { exitCode: r.exitCode, return: r.returnData, gasUsed: r.gasUsed }
  if (vm.networkVersion < 18) return base
  return { ...base, eventsRoot: r.eventsRoot === undefined ? null : cidFromBytes(r.eventsRoot) }
}

/** The FVM hands out events and their root but does not store them. */
function keepEvents(sink: BlockWriter, result: ApplyResult, receipt: MessageReceipt): void {
  if (result.events === undefined || receipt.eventsRoot === undefined || receipt.eventsRoot === null) return
  const root = buildEventsAmt(sink, decode(events, result.events, { maxBytes: 2 << 20, maxItems: 1 << 20, maxDepth: 16 }))
  if (cidKey(root) !== cidKey(receipt.eventsRoot)) {
    throw new StateError('STATE_EXECUTION', `events make the root ${root}, the receipt states ${receipt.eventsRoot}`)
  }
}
