import type { BlockReader, BlockWriter } from '../store/blockstore.ts'
import { type CID, cid } from '../types/cid.ts'
import { type MessageReceipt, messageReceipt, type StampedEvent, stampedEvent } from '../types/receipt.ts'
import { Amt, amtOf } from './amt.ts'

/** Bits of an event array's index that a level takes (FIP-0049). */
export const EVENTS_BIT_WIDTH = 5

/** A tipset's receipts, in the order of execution (Lotus chain/consensus/compute_state.go). */
export function buildReceiptsAmt(writer: BlockWriter, receipts: Iterable<MessageReceipt>): CID {
  return amtOf(writer, receipts, { legacy: true, value: messageReceipt })
}

/** The events of one message, in the order in which they were emitted. */
export function buildEventsAmt(writer: BlockWriter, events: Iterable<StampedEvent>): CID {
  return amtOf(writer, events, { bitWidth: EVENTS_BIT_WIDTH, value: stampedEvent })
}

/** A block's list of messages. */
export function buildMessagesAmt(writer: BlockWriter, messages: Iterable<CID>): CID {
  return amtOf(writer, messages, { legacy: true, value: cid })
}

/** All events under the root that a receipt names. @throws MissingBlockError, ActorError STATE_MALFORMED */
export function readEvents(store: BlockReader, root: CID): StampedEvent[] {
  return Array.from(new Amt(store, root, { bitWidth: EVENTS_BIT_WIDTH, value: stampedEvent }).entries(), ([, e]) => e)
}
