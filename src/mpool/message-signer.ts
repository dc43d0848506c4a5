import type { MessageSendSpec } from '../api/types/mpool.ts'
import { NO_UUID } from '../api/types/mpool.ts'
import { decode, encode } from '../codec/codec.ts'
import { uint64 } from '../codec/primitives.ts'
import { errorMessage } from '../lib/errors.ts'
import { getLogger } from '../lib/log.ts'
import type { MetadataStore } from '../store/metadata.ts'
import { type Address, Protocol } from '../types/address.ts'
import { EAM_ID, isMaskedId } from '../types/eth/address.ts'
import { type Message, type SignedMessage, signedMessage, signedMessageCid } from '../types/message.ts'
import { MpoolError } from './errors.ts'
import type { MessagePool } from './message-pool.ts'

const log = getLogger('mpool')

/** Where Lotus keeps the next nonces, and what was sent under an id. */
const NONCE_KEY = '/message-signer/ActorNextNonce/'
const UUID_KEY = '/message-signer/MsgUuidSet/'

export interface MessageSignerComponents {
  readonly pool: Pick<MessagePool, 'push' | 'nextNonce' | 'queue' | 'resolve' | 'sender'>
  readonly metadata: MetadataStore
  /** Signs with the key of the message's sender. */
  readonly sign: (message: Message) => Promise<SignedMessage>
  /** Fills in gas limit, premium and fee cap. */
  readonly fill: (message: Message, spec: MessageSendSpec | null) => Promise<Message>
}

/**
 * Numbers, signs and sends messages, one after the other for each sender. The next nonce is on the disk together with the message
 * that used the last one, before anybody sees it: a node that is killed at any point neither loses a nonce nor uses one twice.
 */
export class MessageSigner {
  readonly #c: MessageSignerComponents
  readonly #prefix: 'f' | 't'
  readonly #turns = new Map<string, Promise<unknown>>()

  constructor(components: MessageSignerComponents, init: { readonly addressPrefix: 'f' | 't' }) {
    this.#c = components
    this.#prefix = init.addressPrefix
  }

  /**
   * Sends a message (Lotus MpoolPushMessage).
   * @param spec `msgUuid` makes a second send of the same id return what the first one sent
   * @throws MpoolError, and what signing and estimating throw
   */
  async send(given: Message, spec: MessageSendSpec | null): Promise<SignedMessage> {
    checkRecipient(given.to, this.#prefix)
    const uuid = spec === null || spec.msgUuid === NO_UUID ? undefined : spec.msgUuid.toLowerCase()
    const sent = this.#sentUnder(uuid)
    if (sent !== undefined) return sent
    if (given.nonce !== 0n)
      throw new MpoolError('MPOOL_NONCE_GIVEN', `MpoolPushMessage expects message nonce to be 0, was ${given.nonce}`)
    const [key] = await this.#c.pool.resolve([given.from])
    if (key === undefined)
      throw new MpoolError(
        'MPOOL_SENDER_UNKNOWN',
        `getting key address: ${given.from.toString(this.#prefix)} has no key: actor not found`,
      )
    return this.#inTurn(key, () => this.#send({ ...given, from: key }, spec, uuid))
  }

  async #send(given: Message, spec: MessageSendSpec | null, uuid: string | undefined): Promise<SignedMessage> {
    // The same id may have been sent while this call waited for its turn.
    const sent = this.#sentUnder(uuid)
    if (sent !== undefined) return sent
    const filled = await this.#c.fill(given, spec).catch((cause: unknown) => {
      throw new MpoolError('MPOOL_ESTIMATE', `GasEstimateMessageGas error: ${errorMessage(cause)}`, { cause })
    })
    if (filled.gasPremium > filled.gasFeeCap)
      throw new MpoolError(
        'MPOOL_ESTIMATE',
        `After estimation, GasPremium is greater than GasFeeCap (${filled.gasPremium} > ${filled.gasFeeCap})`,
      )
    await this.#checkBalance(filled)
    const nonce = await this.nextNonce(filled.from)
    const signed = await this.#c.sign({ ...filled, nonce })
    const records = [{ key: this.#nonceKey(filled.from), value: encode(uint64, nonce + 1n) }]
    if (uuid !== undefined) records.push({ key: UUID_KEY + uuid, value: encode(signedMessage, signed) })
    try {
      await this.#c.pool.push(signed, { trusted: true, local: true, records })
    } catch (cause) {
      if (!(cause instanceof MpoolError)) throw cause
      throw new MpoolError(cause.code, 'mpool push: failed to push message', { cause, rpcCode: cause.rpcCode })
    }
    return signed
  }

  /** @throws MpoolError MPOOL_FUNDS when the sender cannot pay value and gas */
  async #checkBalance(m: Message): Promise<void> {
    const balance = (await this.#c.pool.sender(m.from))?.after?.balance ?? 0n
    const required = m.value + m.gasFeeCap * m.gasLimit
    if (balance < required) throw new MpoolError('MPOOL_FUNDS', `mpool push: not enough funds: ${balance} < ${required}`)
  }

  /** The nonce of a sender's next message: after all that the chain, the pool and this node's own record know of. */
  async nextNonce(sender: Address): Promise<bigint> {
    const known = await this.#c.pool.nextNonce(sender)
    const record = this.#c.metadata.get(this.#nonceKey(sender))
    const own = record === undefined ? known : decode(uint64, record)
    if (known > own) log.warn('messages of a sender were numbered elsewhere', { sender: String(sender), own, known })
    let next = known > own ? known : own
    // Beyond a gap there may be messages that another signer numbered.
    const queue = this.#c.pool.queue(sender)
    while (queue?.get(next) !== undefined) next++
    return next
  }

  #nonceKey(sender: Address): string {
    return NONCE_KEY + sender.toString(this.#prefix)
  }

  #sentUnder(uuid: string | undefined): SignedMessage | undefined {
    const record = uuid === undefined ? undefined : this.#c.metadata.get(UUID_KEY + uuid)
    if (record === undefined) return undefined
    const sent = decode(signedMessage, record)
    log.warn('a message was sent under this id before', { uuid, message: String(signedMessageCid(sent)) })
    return sent
  }

  #inTurn<T>(sender: Address, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(sender.key) ?? Promise.resolve()
    const run = before.then(work, work)
    const settled = run.then(
      () => {},
      () => {},
    )
    this.#turns.set(sender.key, settled)
    void settled.then(() => {
      if (this.#turns.get(sender.key) === settled) this.#turns.delete(sender.key)
    })
    return run
  }
}

/**
 * A delegated recipient is an Ethereum address: FIL sent to any other is lost (Lotus sanityCheckOutgoingMessage).
 * @throws MpoolError MPOOL_TO
 */
export function checkRecipient(to: Address, prefix: 'f' | 't'): void {
  if (to.protocol !== Protocol.delegated) return
  const { namespace, subaddress } = to.delegated as NonNullable<Address['delegated']>
  if (namespace === EAM_ID && subaddress.length === 20 && !isMaskedId(subaddress)) return
  throw new MpoolError('MPOOL_TO', `message recipient ${to.toString(prefix)} is a delegated address but not a valid Eth Address`)
}
