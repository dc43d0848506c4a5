import { CheckCode, type MessageCheckStatus, type MessagePrototype } from '../api/types/mpool.ts'
import { encode } from '../codec/codec.ts'
import { minimumBaseFee } from '../networks/constants.ts'
import type { Address } from '../types/address.ts'
import { chainLength, type Message, message, messageCid } from '../types/message.ts'
import { baseFeeLowerBound } from './admission.ts'
import { BASE_FEE_UPPER_FACTOR, KEEP_BASE_FEE_DIVISOR, MAX_MESSAGE_SIZE, SIGNATURE_ROOM } from './limits.ts'
import type { MessagePool } from './message-pool.ts'
import type { SenderFacts } from './pool-chain.ts'

export interface CheckerComponents {
  readonly pool: Pick<MessagePool, 'head' | 'atHead' | 'queue' | 'resolve' | 'sender' | 'messageCharge' | 'formFault'>
}

/** A sender as far as the messages that were looked at have brought it. */
interface Progress {
  nextNonce: bigint
  requiredFunds: bigint
  readonly known: SenderFacts | undefined
}

type Checks = MessageCheckStatus[]

/** Says what stands against messages, in the order and with the numbers of Lotus (chain/messagepool/check.go). */
export class MessageChecker {
  readonly #pool: CheckerComponents['pool']

  constructor(components: CheckerComponents) {
    this.#pool = components.pool
  }

  /** Messages that are to be sent after those that wait. */
  async prototypes(given: readonly MessagePrototype[]): Promise<Checks[]> {
    await this.#pool.atHead()
    return this.#check(
      given.map((p) => p.message),
      { afterPending: true, fixedNonce: (i) => given[i]?.validNonce === true },
    )
  }

  /** The messages of a sender that wait. */
  async pending(sender: Address): Promise<Checks[]> {
    await this.#pool.atHead()
    const [key] = await this.#pool.resolve([sender])
    const waiting = key === undefined ? [] : (this.#pool.queue(key)?.list() ?? [])
    return this.#check(
      waiting.map((m) => m.signed.message),
      { afterPending: false, fixedNonce: () => true },
    )
  }

  /** The messages that would wait if those given replaced theirs. */
  async replacing(given: readonly Message[]): Promise<Checks[]> {
    await this.#pool.atHead()
    const keys = await this.#pool.resolve(given.map((m) => m.from))
    const bySender = new Map<string, Map<bigint, Message>>()
    for (const [i, m] of given.entries()) {
      const key = keys[i] ?? m.from
      let messages = bySender.get(key.key)
      if (messages === undefined) {
        const waiting = this.#pool.queue(key)?.list() ?? []
        messages = new Map(waiting.map((w) => [w.signed.message.nonce, w.signed.message]))
        bySender.set(key.key, messages)
      }
      messages.set(m.nonce, m)
    }
    const all = [...bySender.values()].flatMap((messages) =>
      [...messages.values()].sort((a, b) => (a.nonce < b.nonce ? -1 : a.nonce > b.nonce ? 1 : 0)),
    )
    return this.#check(all, { afterPending: false, fixedNonce: () => true })
  }

  async #check(
    messages: readonly Message[],
    options: { readonly afterPending: boolean; readonly fixedNonce: (index: number) => boolean },
  ): Promise<Checks[]> {
    const senders = new Map<string, Progress>()
    const out: Checks[] = []
    for (const [i, m] of messages.entries()) {
      const checks: Checks = []
      out.push(checks)
      const progress = await this.#progress(m.from, senders, options.afterPending, checks, messageCid(m))
      if (progress === undefined) continue
      this.#checkOne(m, progress, options.fixedNonce(i), checks)
    }
    return out
  }

  /** The two look-ups that all else rests on; undefined where one fails. */
  async #progress(
    sender: Address,
    senders: Map<string, Progress>,
    afterPending: boolean,
    checks: Checks,
    cid: MessageCheckStatus['cid'],
  ): Promise<Progress | undefined> {
    const say = statement(checks, cid)
    let progress = senders.get(sender.key)
    if (progress !== undefined) {
      say(CheckCode.getStateNonce, '', null)
    } else {
      const [key] = await this.#pool.resolve([sender])
      const known = key === undefined ? undefined : await this.#pool.sender(key)
      const queue = key === undefined || !afterPending ? undefined : this.#pool.queue(key)
      const waiting = queue?.list() ?? []
      progress = {
        known,
        nextNonce: queue === undefined ? (known?.nonce ?? 0n) : queue.nextNonce,
        requiredFunds: waiting.reduce((sum, w) => sum + w.requiredFunds + w.signed.message.value, 0n),
      }
      senders.set(sender.key, progress)
      if (known === undefined) say(CheckCode.getStateNonce, 'error retrieving state nonce: actor not found', null)
      else say(CheckCode.getStateNonce, '', { nonce: progress.nextNonce })
    }
    if (progress.known === undefined) return undefined
    const balance = progress.known.after?.balance
    if (balance === undefined) {
      say(CheckCode.getStateBalance, 'error retrieving state balance: actor not found', null)
      return undefined
    }
    say(CheckCode.getStateBalance, '', { balance: balance.toString() })
    return progress
  }

  #checkOne(m: Message, progress: Progress, fixedNonce: boolean, checks: Checks): void {
    const say = statement(checks, messageCid(m))
    say(CheckCode.serialize, '', null)
    const tooBig = encode(message, m).length > MAX_MESSAGE_SIZE - SIGNATURE_ROOM
    say(CheckCode.size, tooBig ? 'message too big' : '', null)
    const fault = this.#pool.formFault(m)
    say(CheckCode.validity, fault === undefined ? '' : `syntactically invalid message: ${fault}`, null)
    if (fault !== undefined) return
    const { compute, storage } = this.#pool.messageCharge(chainLength(m))
    // Lotus shows the charge as its machine keeps it.
    const minGas = {
      Name: 'OnChainMessage',
      Extra: null,
      ComputeGas: compute,
      StorageGas: storage,
      VirtualCompute: 0,
      VirtualStorage: 0,
    }
    say(CheckCode.minGas, m.gasLimit < compute + storage ? 'GasLimit less than epoch minimum gas' : '', { minGas })
    this.#checkFees(m, say)
    say(
      CheckCode.nonce,
      fixedNonce && progress.nextNonce !== m.nonce ? `message nonce doesn't match next nonce (${progress.nextNonce})` : '',
      { nextNonce: progress.nextNonce },
    )
    if (!fixedNonce || progress.nextNonce === m.nonce) progress.nextNonce++
    progress.requiredFunds += m.gasFeeCap * m.gasLimit + m.value
    const balance = progress.known?.after?.balance ?? 0n
    say(CheckCode.balance, balance < progress.requiredFunds ? 'insufficient balance' : '', {
      requiredFunds: progress.requiredFunds.toString(),
    })
  }

  #checkFees(m: Message, say: Say): void {
    const poor = m.gasFeeCap < minimumBaseFee
    say(CheckCode.minBaseFee, poor ? 'GasFeeCap less than minimum base fee' : '', null)
    if (poor) return
    const baseFee = this.#pool.head.first.parentBaseFee
    const lower = baseFeeLowerBound(baseFee, KEEP_BASE_FEE_DIVISOR)
    const upper = baseFee * BASE_FEE_UPPER_FACTOR
    const shown = { baseFee: baseFee.toString() }
    say(CheckCode.baseFee, m.gasFeeCap < baseFee ? 'GasFeeCap less than current base fee' : '', shown)
    say(
      CheckCode.baseFeeLowerBound,
      m.gasFeeCap < lower ? 'GasFeeCap less than base fee lower bound for inclusion in next 20 epochs' : '',
      { ...shown, baseFeeLowerBound: lower.toString() },
    )
    say(
      CheckCode.baseFeeUpperBound,
      m.gasFeeCap < upper ? 'GasFeeCap less than base fee upper bound for inclusion in next 20 epochs' : '',
      { ...shown, baseFeeUpperBound: upper.toString() },
      // The base fee may never rise so high: a warning.
      true,
    )
  }
}

type Say = (code: number, err: string, hint: Readonly<Record<string, unknown>> | null, ok?: boolean) => void

function statement(checks: Checks, cid: MessageCheckStatus['cid']): Say {
  return (code, err, hint, ok = err === '') => checks.push({ cid, code, ok, err, hint })
}
