import { type CID, cidKey } from '../types/cid.ts'
import { type Message, messageCid, type SignedMessage, signedMessageCid } from '../types/message.ts'
import type { MessageReceipt } from '../types/receipt.ts'
import type { ChainEpoch } from '../types/scalars.ts'
import type { Tipset } from '../types/tipset.ts'
import { StateError } from './errors.ts'
import type { StateManager } from './state-manager.ts'

/** A look-back without end. */
export const NO_LIMIT = -1

export interface FoundMessage {
  /** The tipset whose parent state includes the message. */
  readonly tipset: Tipset
  readonly receipt: MessageReceipt
  /** The message that was executed: the one sought, or its replacement. */
  readonly message: CID
}

const bare = (m: Message | SignedMessage): Message => ('signature' in m ? m.message : m)
const cidOnChain = (m: Message | SignedMessage): CID => ('signature' in m ? signedMessageCid(m) : messageCid(m))

/** Whether two messages do the same, fees aside: one may replace the other (Lotus EqualCall). */
function sameCall(a: Message, b: Message): boolean {
  const without = (m: Message): Message => ({ ...m, gasLimit: 0n, gasFeeCap: 0n, gasPremium: 0n })
  return cidKey(messageCid(without(a))) === cidKey(messageCid(without(b)))
}

/**
 * Whether the execution of the messages in `tipset`'s parent included the message sought.
 * @throws StateError STATE_MESSAGE_REPLACED when another message took its nonce
 */
function executedIn(
  sm: StateManager,
  tipset: Tipset,
  sought: CID,
  message: Message,
  allowReplaced: boolean,
): FoundMessage | undefined {
  if (tipset.height === 0) return undefined
  const messages = sm.chain.messagesForTipset(sm.chain.tipset(tipset.parents))
  for (let i = messages.length - 1; i >= 0; i--) {
    const m = messages[i] as Message | SignedMessage
    const candidate = bare(m)
    if (!candidate.from.equals(message.from)) continue
    if (candidate.nonce < message.nonce) return undefined
    if (candidate.nonce > message.nonce) continue
    const cid = cidOnChain(m)
    if (!sameCall(candidate, message) || (!allowReplaced && cidKey(cid) !== cidKey(sought))) {
      throw new StateError(
        'STATE_MESSAGE_REPLACED',
        `message ${sought} was replaced by ${cid}, which has the same nonce ${message.nonce}`,
      )
    }
    const receipt = sm.chain.receipt(tipset.first.parentMessageReceipts, i)
    if (receipt === undefined)
      throw new StateError('STATE_EXECUTION', `the tipset at height ${tipset.height} has no receipt ${i}`)
    return { tipset, receipt, message: cid }
  }
  return undefined
}

/**
 * Looks for the execution of a message from `from` backwards, by its sender's nonce (Lotus chain/stmgr/searchwait.go).
 * @param limit epochs to look back; NO_LIMIT for all, 0 looks at `from` alone
 * @throws StateError STATE_MESSAGE_REPLACED
 */
export function searchMessage(
  sm: StateManager,
  from: Tipset,
  sought: CID,
  limit: ChainEpoch,
  allowReplaced: boolean,
): FoundMessage | undefined {
  const message = bare(sm.chain.message(sought))
  const atHead = executedIn(sm, from, sought, message, allowReplaced)
  if (atHead !== undefined) return atHead
  const cid = cidOnChain(sm.chain.message(sought))
  const tree = sm.parentState(from)
  let actor = tree.getActor(message.from)
  const id = tree.lookupId(message.from)
  if (actor === undefined || id === undefined) return undefined
  let at = from
  while (at.height > 0 && (limit === NO_LIMIT || at.height > from.height - limit)) {
    // No message of the sender, or none with so high a nonce, was executed up to here.
    if (actor === undefined || actor.nonce === 0n || actor.nonce < message.nonce) return undefined
    const parent = sm.chain.tipset(at.parents)
    const before = sm.parentState(parent).getActor(id)
    if (before === undefined || (actor.nonce > message.nonce && before.nonce <= message.nonce)) {
      const found = executedIn(sm, at, cid, message, allowReplaced)
      if (found !== undefined) return found
    }
    at = parent
    actor = before
  }
  return undefined
}
