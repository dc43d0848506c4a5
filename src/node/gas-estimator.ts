import { RpcCode } from '../api/errors.ts'
import type { MessageSendSpec } from '../api/types/mpool.ts'
import { encode } from '../codec/codec.ts'
import { errorMessage, NodeError } from '../lib/errors.ts'
import type { MessagePool } from '../mpool/message-pool.ts'
import { blockGasLimit } from '../networks/constants.ts'
import { estimateFeeCap, messagesBefore } from '../state/gas-estimate.ts'
import { Address } from '../types/address.ts'
import { type Message, message, type SignedMessage, signedMessage } from '../types/message.ts'
import type { TokenAmount } from '../types/scalars.ts'
import type { Tipset } from '../types/tipset.ts'
import type { ChainPool } from './chain-pool.ts'

/** Epochs within which a message that is sent should be in a block, and for which its fee cap lasts. */
const SEND_EPOCHS = 10n
const SEND_QUEUE = 20n
/** Spread of the premiums that are proposed (Lotus: 0.5 %). */
const NOISE_SIGMA = 0.005

export type GasErrorCode =
  /** The message takes more gas than a block has. */
  | 'GAS_OUT_OF_GAS'
  /** The message would fail. */
  | 'GAS_REVERTED'
  /** The sender cannot send messages. */
  | 'GAS_SENDER'

/** Why gas could not be estimated; `rpcData` is what a contract reverts with, as Lotus's clients expect it. */
export class GasError extends NodeError {
  declare readonly code: GasErrorCode
  readonly rpcData: string | undefined

  constructor(code: GasErrorCode, text: string, options: { readonly rpcCode?: number; readonly rpcData?: string } = {}) {
    super(code, text, options.rpcCode === undefined ? {} : { rpcCode: options.rpcCode })
    this.rpcData = options.rpcData
  }
}

export interface GasEstimatorComponents {
  readonly workers: Pick<ChainPool, 'gas' | 'pool'>
  readonly mpool: Pick<MessagePool, 'head' | 'atHead' | 'queue' | 'resolve' | 'config'>
  /** The letter of addresses in errors. */
  readonly addressPrefix: 'f' | 't'
  /** Highest fee of a message whose sender names none, attoFIL. */
  readonly defaultMaxFee: TokenAmount
  /** Standard normal; tests give their own. */
  readonly normal?: () => number
}

/** Lotus's words, which clients look for. */
const senderRefused = (text: string): GasError => new GasError('GAS_SENDER', `${text}: sender validation failed`)

export interface EstimateOptions {
  readonly signal?: AbortSignal
}

/** What a message should offer (Lotus node/impl/full/gas.go); the work is done in worker threads. */
export class GasEstimator {
  readonly #c: GasEstimatorComponents

  constructor(components: GasEstimatorComponents) {
    this.#c = components
  }

  feeCap(given: Message, epochs: bigint, base: Tipset): TokenAmount {
    return estimateFeeCap(base, given.gasPremium, epochs)
  }

  premium(epochs: bigint, base: Tipset, { signal }: EstimateOptions = {}): Promise<TokenAmount> {
    const noise = 1 + (this.#c.normal ?? normal)() * NOISE_SIGMA
    return this.#c.workers.gas('gasPremium', { epochs, noise, base: base.cids.map(String) }, signal)
  }

  /**
   * The message is run on the pool's head, where the messages that wait belong; the base is where its sender must be (as in Lotus).
   * @param more messages of the sender that run before it, after those that wait
   * @throws GasError
   */
  async limit(
    given: Message,
    base: Tipset,
    { signal, more = [] }: EstimateOptions & { readonly more?: readonly SignedMessage[] } = {},
  ): Promise<bigint> {
    const { mpool, workers } = this.#c
    await mpool.atHead()
    const key = await this.#keyOf(given.from, base)
    if (key === undefined) {
      const name = given.from.toString(this.#c.addressPrefix)
      throw senderRefused(`gas estimation failed: resolving sender ${name}: there is no account at this address`)
    }
    const waiting =
      mpool
        .queue(key)
        ?.list()
        .map((m) => m.signed) ?? []
    const before = [...messagesBefore(waiting, given.nonce), ...more]
    const request = {
      message: encode(message, given),
      before: before.map((m) => encode(signedMessage, m)),
      base: mpool.head.cids.map(String),
    }
    const found = await workers.gas('gasLimit', request, signal).catch((cause: unknown) => {
      if (!(cause instanceof NodeError) || cause.code !== 'STATE_ACTOR_NOT_FOUND') throw cause
      throw new GasError('GAS_SENDER', `gas estimation failed: CallWithGas failed: ${cause.message}`)
    })
    if ('gas' in found) return found.gas
    if (found.failure === 'out-of-gas') throw new GasError('GAS_OUT_OF_GAS', 'call ran out of gas', { rpcCode: RpcCode.outOfGas })
    if (found.failure === 'sender') throw senderRefused(found.message)
    throw new GasError('GAS_REVERTED', found.message, {
      rpcCode: RpcCode.executionReverted,
      rpcData: `0x${Buffer.from(found.data).toString('hex')}`,
    })
  }

  async #keyOf(sender: Address, base: Tipset): Promise<Address | undefined> {
    const { mpool, workers } = this.#c
    if (base.equals(mpool.head)) return (await mpool.resolve([sender]))[0]
    const [key] = await workers.pool('poolKeys', { addresses: [sender.bytes], base: base.cids.map(String) })
    return key === undefined ? undefined : Address.fromBytes(key)
  }

  /** The message with what it leaves at 0 filled in, within the fee that is allowed. */
  async fill(
    given: Message,
    spec: MessageSendSpec | null,
    base: Tipset,
    options: EstimateOptions & { readonly more?: readonly SignedMessage[] } = {},
  ): Promise<Message> {
    let m = given
    if (m.gasLimit === 0n) {
      const used = await this.limit(m, base, options)
      const limit = BigInt(Math.floor(Number(used) * this.#c.mpool.config.gasLimitOverestimation))
      m = { ...m, gasLimit: limit > blockGasLimit ? blockGasLimit : limit }
    }
    if (m.gasPremium === 0n) m = { ...m, gasPremium: await this.premium(SEND_EPOCHS, base, options) }
    if (m.gasFeeCap === 0n) m = { ...m, gasFeeCap: this.feeCap(m, SEND_QUEUE, base) }
    return capFee(m, spec, this.#c.defaultMaxFee)
  }

  /** As `fill` for messages of one sender that follow from one another from a nonce on; one that fails stops none of the others. */
  async fillMany(
    given: readonly { readonly message: Message; readonly spec: MessageSendSpec | null }[],
    fromNonce: bigint,
    base: Tipset,
    options: EstimateOptions = {},
  ): Promise<{ readonly message: Message | null; readonly error: string }[]> {
    const out: { readonly message: Message | null; readonly error: string }[] = []
    const before: SignedMessage[] = []
    let nonce = fromNonce
    for (const { message: m, spec } of given) {
      try {
        const filled = await this.fill({ ...m, nonce }, spec, base, { ...options, more: before })
        before.push({ message: filled, signature: { type: 1, data: new Uint8Array(65) } })
        out.push({ message: filled, error: '' })
        nonce++
      } catch (error) {
        options.signal?.throwIfAborted()
        out.push({ message: null, error: errorMessage(error) })
      }
    }
    return out
  }
}

/** Keeps a message's fee within what is allowed (Lotus messagepool.CapGasFee). */
export function capFee(m: Message, spec: MessageSendSpec | null, defaultMaxFee: TokenAmount): Message {
  const maxFee = spec === null || spec.maxFee === 0n ? defaultMaxFee : spec.maxFee
  const cap = spec?.maximizeFeeCap === true || m.gasFeeCap * m.gasLimit > maxFee
  const gasFeeCap = cap ? maxFee / m.gasLimit : m.gasFeeCap
  return { ...m, gasFeeCap, gasPremium: m.gasPremium < gasFeeCap ? m.gasPremium : gasFeeCap }
}

/** A normally distributed number (Box and Muller). */
function normal(): number {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random())
}
