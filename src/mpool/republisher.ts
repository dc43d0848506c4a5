import { getLogger } from '../lib/log.ts'
import { blockGasLimit } from '../networks/constants.ts'
import { baseFeeLowerBound } from './admission.ts'
import { KEEP_BASE_FEE_DIVISOR, LEAST_GAS, REPUBLISH_LIMIT, REPUBLISH_PAUSE_MS } from './limits.ts'
import type { MessagePool } from './message-pool.ts'
import type { PooledMessage } from './pooled-message.ts'
import { pushDown } from './selection/block.ts'
import { byPerformance, messageChains, type SenderState } from './selection/chains.ts'

const log = getLogger('mpool')

export interface RepublisherInit {
  /** Between two rounds. */
  readonly intervalMs: number
  /** Between two messages, so that peers see them in order; 100 but in tests. */
  readonly pauseMs?: number
}

/** Sends this node's own messages out again until a block holds them (Lotus chain/messagepool/repub.go). */
export class Republisher {
  readonly #pool: MessagePool
  readonly #pauseMs: number
  readonly #stop = new AbortController()
  readonly #timer: NodeJS.Timeout
  #running: Promise<void> | undefined

  constructor(components: { readonly pool: MessagePool }, init: RepublisherInit) {
    this.#pool = components.pool
    this.#pauseMs = init.pauseMs ?? REPUBLISH_PAUSE_MS
    this.#timer = setInterval(() => this.start(), init.intervalMs)
    this.#timer.unref()
    this.#pool.follower.onRepublishedApplied = () => this.start()
  }

  /** Begins a round unless one runs. */
  start(): void {
    if (this.#running !== undefined || this.#stop.signal.aborted) return
    this.#running = this.run()
      .catch((error: unknown) => log.error('local messages could not be sent out again', {}, error))
      .finally(() => {
        this.#running = undefined
      })
  }

  /** One round. */
  async run(): Promise<void> {
    const pool = this.#pool
    // A round that is under way is not to start another one.
    pool.follower.republished = new Set()
    const pending = new Map<string, readonly PooledMessage[]>()
    for (const sender of pool.state.pending.localSenders()) {
      const messages = pool.queue(sender)?.list() ?? []
      if (messages.length > 0) pending.set(sender.key, messages)
    }
    if (pending.size === 0) return
    const [baseFee, senders] = await Promise.all([pool.state.facts.baseFee(), pool.state.senderStates(pending)])
    const chosen = messagesToRepublish({
      pending,
      senders,
      baseFee: baseFeeLowerBound(baseFee, KEEP_BASE_FEE_DIVISOR),
      minGas: (length) => pool.minGas(length),
    })
    log.info('local messages are sent out again', { messages: chosen.length })
    const sent = new Set<string>()
    for (const [i, m] of chosen.entries()) {
      if (this.#stop.signal.aborted) return
      if (i > 0) await pause(this.#pauseMs, this.#stop.signal)
      if (await pool.publish(m.signed)) sent.add(m.id)
    }
    pool.follower.republished = sent
  }

  /** Settles when no round runs that `start` began. */
  async settled(): Promise<void> {
    await this.#running
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#pool.follower.onRepublishedApplied = undefined
    this.#stop.abort()
    await this.#running
  }
}

export interface RepublishInput {
  readonly pending: ReadonlyMap<string, readonly PooledMessage[]>
  readonly senders: ReadonlyMap<string, SenderState>
  /** What a message must be able to pay to be in a block within 20 epochs. */
  readonly baseFee: bigint
  readonly minGas: (length: number) => bigint
}

/** The best chains up to a block's gas and 30 messages. */
export function messagesToRepublish({ pending, senders, baseFee, minGas }: RepublishInput): PooledMessage[] {
  const chains = [...pending].flatMap(([sender, messages]) => {
    const state = senders.get(sender)
    return state === undefined ? [] : messageChains(messages, state, baseFee, minGas)
  })
  chains.sort(byPerformance)
  const out: PooledMessage[] = []
  let gas = Number(blockGasLimit)
  for (let i = 0; i < chains.length && out.length < REPUBLISH_LIMIT && gas > LEAST_GAS; ) {
    const chain = chains[i] as (typeof chains)[number]
    if (!chain.valid) i++
    else if (chain.gasLimit > gas) {
      chain.trim(gas, REPUBLISH_LIMIT)
      if (chain.valid) pushDown(chains, i, byPerformance)
    } else {
      const payable = chain.messages.findIndex((m) => m.signed.message.gasFeeCap < baseFee)
      const fit = payable < 0 ? chain.messages : chain.messages.slice(0, payable)
      for (const m of fit) gas -= Number(m.signed.message.gasLimit)
      out.push(...fit)
      // What cannot pay holds up all that comes after it.
      if (payable >= 0) chain.invalidate()
      else i++
    }
  }
  return out.slice(0, REPUBLISH_LIMIT)
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms)
    function done(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    signal.addEventListener('abort', done, { once: true })
  })
}
