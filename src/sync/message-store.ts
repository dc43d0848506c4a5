import { encode } from '../codec/codec.ts'
import { messageRoot } from '../consensus/rules/message-root.ts'
import type { Block, Blockstore, BlockWriter } from '../store/blockstore.ts'
import { type BlockHeader, blockHeader } from '../types/block.ts'
import { cidKey, cidOf } from '../types/cid.ts'
import type { FullBlock } from '../types/full-block.ts'
import { message, messageCid, signedMessage, signedMessageCid } from '../types/message.ts'
import { SyncError } from './errors.ts'

/** Messages of each kind that a block may carry. */
export const MAX_MESSAGES = 8192

/** Made already: what came from a peer is compared with its header first, and stored then. */
const made = new WeakMap<FullBlock, Block[]>()

/**
 * The blocks that hold a block's messages: each message, their lists, and the root that the header names.
 * @throws SyncError SYNC_HEADERS when the messages are not those of the header
 */
export function messageBlocks(block: FullBlock): Block[] {
  const known = made.get(block)
  if (known !== undefined) return known
  if (block.bls.length > MAX_MESSAGES || block.secp.length > MAX_MESSAGES) {
    throw new SyncError('SYNC_HEADERS', `the block carries more than ${MAX_MESSAGES} messages of a kind`, { permanent: true })
  }
  const blocks: Block[] = []
  const sink: BlockWriter = { put: (cid, data) => void blocks.push({ cid, data }) }
  for (const m of block.bls) sink.put(messageCid(m), encode(message, m))
  for (const m of block.secp) sink.put(signedMessageCid(m), encode(signedMessage, m))
  const root = messageRoot(sink, block.bls.map(messageCid), block.secp.map(signedMessageCid))
  if (cidKey(root) !== cidKey(block.header.messages)) {
    throw new SyncError('SYNC_HEADERS', `the messages make the root ${root}, the header names ${block.header.messages}`, {
      permanent: true,
    })
  }
  made.set(block, blocks)
  return blocks
}

/** Stores a block with its messages; nothing is kept of one whose messages do not fit its header. */
export async function storeFullBlock(store: Blockstore, block: FullBlock): Promise<void> {
  const header: BlockHeader = block.header
  const data = encode(blockHeader, header)
  await store.putMany([...messageBlocks(block), { cid: cidOf(data), data }])
}
