import { buildMessagesAmt } from '../../actors/amt-build.ts'
import { encode } from '../../codec/codec.ts'
import { blockMessageLimit } from '../../networks/constants.ts'
import type { BlockWriter } from '../../store/blockstore.ts'
import { type BlockHeader, msgMeta } from '../../types/block.ts'
import { type CID, cidKey, cidOf } from '../../types/cid.ts'
import type { FullBlock } from '../../types/full-block.ts'
import { messageCid, signedMessageCid } from '../../types/message.ts'
import { BlockError } from '../errors.ts'

/** The root under which a block's header names its messages; what makes it up goes to `sink` (Lotus consensus/common.go). */
export function messageRoot(sink: BlockWriter, bls: readonly CID[], secp: readonly CID[]): CID {
  const data = encode(msgMeta, { blsMessages: buildMessagesAmt(sink, bls), secpkMessages: buildMessagesAmt(sink, secp) })
  const root = cidOf(data)
  sink.put(root, data)
  return root
}

const nowhere: BlockWriter = { put: () => {} }

/** @throws BlockError BLOCK_MESSAGE_COUNT (Lotus chain/sync.go, BlockMessageLimit) */
export function checkMessageCount(count: number): void {
  if (count > blockMessageLimit)
    throw new BlockError('BLOCK_MESSAGE_COUNT', `${count} messages are more than the ${blockMessageLimit} of a block`)
}

/**
 * The CIDs of messages are those that the header names.
 * @throws BlockError BLOCK_MESSAGE_ROOT
 */
export function checkMessageCids(header: Pick<BlockHeader, 'messages'>, bls: readonly CID[], secp: readonly CID[]): void {
  const root = messageRoot(nowhere, bls, secp)
  if (cidKey(root) === cidKey(header.messages)) return
  throw new BlockError('BLOCK_MESSAGE_ROOT', `the messages have the root ${root}, the header names ${header.messages}`)
}

/** Number and root of a block's messages. @throws BlockError BLOCK_MESSAGE_COUNT, BLOCK_MESSAGE_ROOT */
export function checkMessageRoot({ header, bls, secp }: FullBlock): void {
  checkMessageCount(bls.length + secp.length)
  checkMessageCids(header, bls.map(messageCid), secp.map(signedMessageCid))
}
