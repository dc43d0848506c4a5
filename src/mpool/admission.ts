import { Batcher } from '../lib/batcher.ts'
import { Lru } from '../lib/lru.ts'
import { minimumBaseFee, totalFil } from '../networks/constants.ts'
import { formatFil } from '../types/scalars.ts'
import type { Tipset } from '../types/tipset.ts'
import { MpoolError } from './errors.ts'
import type { Facts } from './facts.ts'
import { ADD_BASE_FEE_DIVISOR, KEPT_VERIFIED, MAX_MESSAGE_SIZE } from './limits.ts'
import type { MessageFaults, PoolChain, SenderFacts } from './pool-chain.ts'
import type { PooledMessage } from './pooled-message.ts'

/** Messages that a worker looks at in one go: each costs up to 2 ms for a signature, and blocks wait in the same queue. */
const BATCH = 32
/** Heads that may come while a message is judged before the judgement of an older one has to do. */
const MAX_TRIES = 4

/** The base fee that a fee cap must reach, attoFIL per unit of gas. */
export function baseFeeLowerBound(baseFee: bigint, divisor: bigint): bigint {
  const bound = baseFee / divisor
  return bound < minimumBaseFee ? minimumBaseFee : bound
}

/** What was found of a message and its sender, at the pool's head. */
export interface Judged {
  readonly faults: MessageFaults
  readonly sender: SenderFacts | undefined
}

/** With the head that it was judged by. */
export interface Judgement {
  readonly judged: Judged
  readonly base: Tipset
}

/** The checks of messages that come in (Lotus chain/messagepool/messagepool.go, checkMessage and addTs). */
export class Admission {
  readonly #facts: () => Facts
  readonly #verified = new Lru<string, true>(KEPT_VERIFIED)
  readonly #examiner: Batcher<PooledMessage, MessageFaults>

  constructor(chain: PoolChain, facts: () => Facts) {
    this.#facts = facts
    this.#examiner = new Batcher(async (messages) => {
      const verified = messages.map((m) => this.#verified.get(signatureKey(m)) !== undefined)
      const found = await chain.examine(
        messages.map((m) => m.signed),
        verified,
        facts().base,
      )
      for (const [i, { signature }] of found.entries())
        if (signature === undefined) this.#verified.set(signatureKey(messages[i] as PooledMessage), true)
      return found
    }, BATCH)
  }

  /**
   * The checks that need no state but the rules in force; the sender's facts come with it, so that nothing has to be waited for
   * afterwards.
   * @throws MpoolError
   */
  async judge(m: PooledMessage): Promise<Judgement> {
    checkSize(m)
    let tries = 0
    for (;;) {
      const facts = this.#facts()
      const [faults, sender] = await Promise.all([
        this.#examiner.load(m),
        facts.sender(m.signed.message.from).catch((cause: unknown) => {
          throw new MpoolError('MPOOL_SENDER_UNKNOWN', 'failed to look up actor state nonce: validation failure', { cause })
        }),
      ])
      checkAlone(m, faults)
      if (facts === this.#facts() || ++tries >= MAX_TRIES) return { judged: { faults, sender }, base: facts.base }
    }
  }

  /** Whether the signature is good, for messages of our own that are sent out again. */
  async isSigned(m: PooledMessage): Promise<boolean> {
    return (await this.#examiner.load(m)).signature === undefined
  }
}

/** @throws MpoolError MPOOL_TOO_BIG */
function checkSize(m: PooledMessage): void {
  if (m.bytes.length > MAX_MESSAGE_SIZE)
    throw new MpoolError('MPOOL_TOO_BIG', `mpool message too large (${m.bytes.length}B): message too big`)
}

function checkAlone(m: PooledMessage, faults: MessageFaults): void {
  const { value, gasFeeCap } = m.signed.message
  if (faults.form !== undefined) throw new MpoolError('MPOOL_INVALID', `message not valid for block inclusion: ${faults.form}`)
  if (value >= totalFil) throw new MpoolError('MPOOL_VALUE', 'cannot send more filecoin than will ever exist')
  if (gasFeeCap < minimumBaseFee) throw new MpoolError('MPOOL_FEE_CAP', 'gas fee cap too low')
  if (faults.signature !== undefined)
    throw new MpoolError('MPOOL_SIGNATURE', `signature verification failed: ${faults.signature}`)
}

/**
 * The checks by the state of the head, in Lotus's order.
 * @param pendingFunds attoFIL that the sender's other messages in the pool may cost
 * @param prefix the letter of addresses in errors
 * @returns false for a local message that no block would take for now: it is kept and sent out later
 * @throws MpoolError
 */
export function checkState(
  m: PooledMessage,
  { faults, sender }: Judged,
  base: Tipset,
  local: boolean,
  pendingFunds: bigint,
  prefix: 'f' | 't',
): boolean {
  const { from, nonce, gasFeeCap } = m.signed.message
  if (sender === undefined)
    throw new MpoolError('MPOOL_SENDER_UNKNOWN', 'failed to look up actor state nonce: actor not found: validation failure')
  if (sender.nonce > nonce)
    throw new MpoolError('MPOOL_NONCE_LOW', `minimum expected nonce is ${sender.nonce}, got ${nonce}: message nonce too low`)
  if (sender.after?.canSend !== true)
    throw new MpoolError('MPOOL_SENDER', `sender actor ${from.toString(prefix)} is not a valid top-level sender`)
  if (faults.gas !== undefined)
    throw new MpoolError('MPOOL_INVALID', `verify msg failed: message will not be included in a block: ${faults.gas}`)
  const bound = baseFeeLowerBound(base.first.parentBaseFee, ADD_BASE_FEE_DIVISOR)
  const payable = gasFeeCap >= bound
  if (!payable && !local)
    throw new MpoolError(
      'MPOOL_FEE_CAP',
      `verify msg failed: GasFeeCap doesn't meet base fee lower bound for inclusion in the next 20 blocks (GasFeeCap: ${gasFeeCap}, baseFeeLowerBound: ${bound}): validation failure`,
    )
  const { balance } = sender.after
  if (balance < m.requiredFunds)
    throw new MpoolError(
      'MPOOL_FUNDS',
      `failed to check balance: not enough funds (required: ${formatFil(m.requiredFunds)}, balance: ${formatFil(balance)}): not enough funds to execute transaction`,
    )
  const together = m.requiredFunds + pendingFunds
  if (balance < together)
    throw new MpoolError(
      'MPOOL_FUNDS',
      `failed to check balance: not enough funds including pending messages (required: ${formatFil(together)}, balance: ${formatFil(balance)}): validation failure`,
    )
  return local && payable
}

/** A BLS message's CID does not cover its signature. */
function signatureKey(m: PooledMessage): string {
  return m.id + Buffer.from(m.signed.signature.data).toString('latin1')
}
