import { submitWindowedPoStParams } from '../../actors/methods/miner-sectors.ts'
import type { Api } from '../../api/api.ts'
import type { MessageLookup } from '../../api/types/execution.ts'
import { decode, encode } from '../../codec/codec.ts'
import { errorMessage } from '../../lib/errors.ts'
import { getLogger } from '../../lib/log.ts'
import type { Address } from '../../types/address.ts'
import type { BitField } from '../../types/bitfield.ts'
import { type Message, type SignedMessage, signedMessageCid } from '../../types/message.ts'
import type { ChainEpoch } from '../../types/scalars.ts'
import { TipsetKey } from '../../types/tipset.ts'
import type { ControlAddresses } from '../control-addresses.ts'
import type { Deadline } from './deadlines.ts'
import { type FeeApi, type FeeInit, prepareMessage, raisedFee, sendSpec } from './fees.ts'
import type { PostParams } from './prove-deadline.ts'

const log = getLogger('wdpost')

/** DomainSeparationTag_PoStChainCommit (go-state-types crypto). */
const COMMIT_TAG = 9
/** Miner actor, method SubmitWindowedPoSt. */
const SUBMIT_WINDOWED_POST = 5n
/** Epochs that a message may wait for a block before more is offered for it. */
const RAISE_AFTER = 5
/** Premium and fee cap are estimated for a place in a block within so many epochs. */
const HURRY_BLOCKS = 2n
/** What a node says of a message whose nonce another one used on chain: this one's words, and Lotus's (chain/stmgr/searchwait.go). */
const NONCE_USED = /has the same nonce|message with equal nonce/

export type SubmitApi = FeeApi &
  Pick<
    Api,
    | 'chainGetMessagesInTipset'
    | 'chainHead'
    | 'mpoolPending'
    | 'mpoolPush'
    | 'mpoolPushMessage'
    | 'stateGetRandomnessFromTickets'
    | 'stateMinerDeadlines'
    | 'stateSearchMsg'
    | 'walletSignMessage'
    | 'stateAccountKey'
  >

export interface SubmitComponents {
  readonly api: SubmitApi
  readonly addresses: ControlAddresses
}

export interface SubmitInit extends FeeInit {
  /** The actor's id address. */
  readonly miner: Address
}

/** Where a message of a deadline stands, seen from a head. */
export type Standing =
  | { readonly at: 'posted' }
  | { readonly at: 'pending'; readonly message: SignedMessage }
  /** In a block of the head itself, whose messages the next tipset will show as executed. */
  | { readonly at: 'included' }
  | { readonly at: 'refused'; readonly exitCode: number }
  | { readonly at: 'unsent' }
  /** The chain has moved on meanwhile: its new head shows it. */
  | { readonly at: 'unsettled' }

interface Sent {
  message: SignedMessage
  /** Height of the head when it was last sent. */
  height: ChainEpoch
  /** Whether it was said already that the fee limit is reached. */
  limited: boolean
}

/**
 * The messages of one deadline's proofs, on their way into the chain. What counts is what the chain and the pool show, so that a
 * restart, a reorganisation or a lost message need no care of their own: each `advance` looks and does what is missing.
 */
export class Submission {
  readonly #c: SubmitComponents
  readonly #init: SubmitInit
  readonly #deadline: Deadline
  readonly #messages: readonly PostParams[]
  readonly #sent = new Map<PostParams, Sent>()

  constructor(components: SubmitComponents, init: SubmitInit, deadline: Deadline, messages: readonly PostParams[]) {
    this.#c = components
    this.#init = init
    this.#deadline = deadline
    this.#messages = messages
  }

  /**
   * Sends what is not on its way, and offers more for what waits too long.
   * @returns `posted` when the head's state has all proofs, `refused` when the chain did not take one of them
   */
  async advance(head: { readonly key: TipsetKey; readonly height: ChainEpoch }): Promise<'posted' | 'waiting' | 'refused'> {
    const posted = await postedPartitions(this.#c.api, this.#init.miner, this.#deadline, head.key)
    const open = this.#messages.filter((m) => !m.partitions.every((p) => posted.has(p.index)))
    if (open.length === 0) return 'posted'
    const pending = await this.#c.api.mpoolPending([head.key])
    let outcome: 'waiting' | 'refused' = 'waiting'
    let failure: unknown
    for (const params of open) {
      try {
        const standing = await this.#standing(params, pending, head.key)
        if (standing.at === 'refused') {
          this.#sent.delete(params)
          log.error('the chain refused a window PoSt', { deadline: this.#deadline.index, exitCode: standing.exitCode })
          outcome = 'refused'
        } else if (standing.at === 'unsent') await this.#send(params, head)
        else if (standing.at === 'pending') await this.#hurry(params, standing.message, head)
      } catch (error) {
        // The others are worth sending all the same.
        failure ??= error
      }
    }
    if (failure !== undefined) throw failure
    return outcome
  }

  /**
   * What is known of messages that were executed: the last one's epoch, with their CIDs. Nothing of those that an earlier process
   * sent and that were in a block before this one looked.
   */
  async outcome(head: TipsetKey): Promise<{ readonly executed?: ChainEpoch; readonly messages?: readonly string[] }> {
    const found: MessageLookup[] = []
    try {
      for (const { message } of this.#sent.values()) {
        const lookup = await this.#search(message, head)
        if (lookup !== null) found.push(lookup)
      }
    } catch (error) {
      // It is for people; what counts is in the state already.
      log.debug('it could not be looked up when window PoSts were executed', { deadline: this.#deadline.index }, error)
    }
    if (found.length === 0) return {}
    return { executed: Math.max(...found.map((f) => f.height)), messages: found.map((f) => String(f.message)) }
  }

  async #standing(params: PostParams, pending: readonly SignedMessage[], head: TipsetKey): Promise<Standing> {
    const { api } = this.#c
    const sent = this.#sent.get(params)
    const waiting = pending.find((m) => this.#carries(m.message, params))
    if (waiting !== undefined) return { at: 'pending', message: waiting }
    // Neither waiting nor in the state: it is in the head, it was executed and failed, or the pool has lost it.
    const inHead = await api.chainGetMessagesInTipset([head])
    if (inHead.some((m) => this.#carries(m.message, params))) return { at: 'included' }
    const found = sent === undefined ? null : await this.#search(sent.message, head)
    if (found !== null) {
      return found.receipt.exitCode === 0 && sent !== undefined
        ? { at: 'pending', message: sent.message }
        : { at: 'refused', exitCode: found.receipt.exitCode }
    }
    // The pool is of the head that the chain has by now. Where that is a later one, its blocks may hold what the pool does not show.
    const now = new TipsetKey((await api.chainHead([])).cids)
    return now.equals(head) ? { at: 'unsent' } : { at: 'unsettled' }
  }

  /** Where a message that was sent, or one with other fees in its place, was executed; null where none was. */
  async #search(message: SignedMessage, head: TipsetKey): Promise<MessageLookup | null> {
    const cid = signedMessageCid(message)
    try {
      return await this.#c.api.stateSearchMsg([head, cid, this.#lookback(), true])
    } catch (error) {
      // Another message has used its nonce: it never comes into the chain.
      if (!NONCE_USED.test(errorMessage(error))) throw error
      log.warn('a window PoSt was displaced by another message of its sender', { message: String(cid) }, errorMessage(error))
      return null
    }
  }

  #lookback(): ChainEpoch {
    return this.#deadline.wPoStChallengeWindow + this.#deadline.wPoStChallengeLookback
  }

  /** Whether a message submits these partitions for this challenge. */
  #carries(message: Message, params: PostParams): boolean {
    if (message.method !== SUBMIT_WINDOWED_POST || message.to.key !== this.#init.miner.key) return false
    let other: PostParams
    try {
      other = decode(submitWindowedPoStParams, message.params)
    } catch {
      return false
    }
    return (
      other.deadline === params.deadline &&
      other.chainCommitEpoch === this.#deadline.challenge &&
      other.partitions.length === params.partitions.length &&
      other.partitions.every((p, i) => p.index === params.partitions[i]?.index)
    )
  }

  async #send(params: PostParams, head: { readonly key: TipsetKey; readonly height: ChainEpoch }): Promise<void> {
    const { api } = this.#c
    const before = this.#sent.get(params)
    if (before !== undefined) {
      // The pool has lost it. The same message again keeps its nonce; what the pool says against it is told below by a new one.
      try {
        await api.mpoolPush([before.message])
        this.#sent.set(params, { ...before, height: head.height })
        return
      } catch (error) {
        // A block that the chain left gave it back to the pool meanwhile.
        if ((await api.mpoolPending([head.key])).some((m) => this.#carries(m.message, params))) return
        log.warn('a window PoSt that the pool has lost is not taken again; a new message is made', {}, errorMessage(error))
      }
    }
    const chainCommitEpoch = this.#deadline.challenge
    const chainCommitRand = await api.stateGetRandomnessFromTickets([COMMIT_TAG, chainCommitEpoch, new Uint8Array(0), head.key])
    const encoded = encode(submitWindowedPoStParams, { ...params, chainCommitEpoch, chainCommitRand })
    const wanted = { method: SUBMIT_WINDOWED_POST, params: encoded }
    const message = await prepareMessage(this.#c, this.#init, this.#init.miner, wanted)
    const signed = await api.mpoolPushMessage([message, sendSpec(this.#init)])
    log.info('sent a window PoSt', {
      deadline: this.#deadline.index,
      partitions: params.partitions.length,
      message: String(signedMessageCid(signed)),
    })
    this.#sent.set(params, { message: signed, height: head.height, limited: false })
  }

  /** Offers more for a message that waits too long for a block. */
  async #hurry(params: PostParams, waiting: SignedMessage, head: { readonly height: ChainEpoch }): Promise<void> {
    const sent = this.#sent.get(params) ?? { message: waiting, height: head.height, limited: false }
    this.#sent.set(params, { ...sent, message: waiting })
    if (head.height < sent.height + RAISE_AFTER) return
    const { api } = this.#c
    const { message } = waiting
    const premium = await api.gasEstimateGasPremium([HURRY_BLOCKS, message.from, message.gasLimit, TipsetKey.empty])
    const feeCap = await api.gasEstimateFeeCap([{ ...message, gasPremium: premium }, 20n, TipsetKey.empty])
    const raised = raisedFee(message, { premium, feeCap }, this.#init.maxFee)
    if (raised === undefined) {
      if (!sent.limited)
        log.error('a window PoSt waits for a block and may not offer more: raise Fees.MaxWindowPoStGasFee', {
          deadline: this.#deadline.index,
          message: String(signedMessageCid(waiting)),
        })
      this.#sent.set(params, { ...sent, message: waiting, limited: true })
      return
    }
    const from = await api.stateAccountKey([raised.from, TipsetKey.empty])
    const signed = await api.walletSignMessage([from, { ...raised, from }])
    await api.mpoolPush([signed])
    log.warn('a window PoSt waits for a block; its fee was raised', {
      deadline: this.#deadline.index,
      premium: raised.gasPremium,
      feeCap: raised.gasFeeCap,
    })
    this.#sent.set(params, { message: signed, height: head.height, limited: false })
  }
}

/** A deadline's partitions whose proofs a state has. */
export async function postedPartitions(
  api: Pick<Api, 'stateMinerDeadlines'>,
  miner: Address,
  deadline: Deadline,
  tipset: TipsetKey,
): Promise<BitField> {
  const deadlines = await api.stateMinerDeadlines([miner, tipset])
  return (deadlines[Number(deadline.index)] as (typeof deadlines)[number]).postSubmissions
}
