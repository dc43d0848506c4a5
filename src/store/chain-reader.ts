import { type Codec, decode } from '../codec/codec.ts'
import { CodecError } from '../codec/errors.ts'
import { Lru } from '../lib/lru.ts'
import { type BlockHeader, blockHeader, type MsgMeta, msgMeta } from '../types/block.ts'
import { type CID, cidFromBytes, cidKey } from '../types/cid.ts'
import { type Message, message, type SignedMessage, signedMessage } from '../types/message.ts'
import { type MessageReceipt, messageReceipt } from '../types/receipt.ts'
import type { ChainEpoch } from '../types/scalars.ts'
import { Tipset, TipsetKey } from '../types/tipset.ts'
import { type BlockReader, mustGet } from './blockstore.ts'
import { ChainIndex, type ChainLink } from './chain-index.ts'
import { StoreError } from './errors.ts'
import { type HeaderLinks, headerLinks } from './header-links.ts'
import { legacyCidList, legacyEntry, legacyList } from './message-amt.ts'
import { type SenderRules, selectMessages } from './message-selection.ts'

/** Messages of each kind that a block may carry (Lotus build/buildconstants BlockMessageLimit is 10,000; the list reader takes 8,192). */
const MAX_MESSAGES = 8192
/** Receipts of one tipset: no more than its messages, of which there are as many as its blocks may carry. */
const MAX_RECEIPTS = 1 << 17

export interface BlockMessages {
  readonly bls: readonly Message[]
  readonly secp: readonly SignedMessage[]
  readonly blsCids: readonly CID[]
  readonly secpCids: readonly CID[]
}

export interface TipsetMessages {
  readonly block: BlockHeader
  /** In execution order: those of the block that no block before it in the tipset carried. */
  readonly messages: readonly (Message | SignedMessage)[]
}

export interface HeadChange {
  readonly type: 'current' | 'revert' | 'apply'
  readonly tipset: Tipset
}

/** More than the look-back of power (900) reaches. */
const CACHED_TIPSETS = 1024
/** CIDs of messages that are kept, in lists of a block each; a block of a busy chain has some 200. */
const CACHED_MESSAGE_CIDS = 65_536

interface MessageCids {
  readonly blsCids: readonly CID[]
  readonly secpCids: readonly CID[]
}

export interface ChainReaderOptions {
  /** How senders are told apart; without it a tipset that mixes id and key addresses among its senders is refused. */
  readonly senders?: SenderRules
  /** Tipsets kept decoded; each thread that reads the chain has its own. */
  readonly cachedTipsets?: number
  /** Share one among the readers of a thread. */
  readonly index?: ChainIndex
}

/**
 * Reads the chain out of a block store: headers, tipsets, messages, receipts, and the way between tipsets. Everything is
 * synchronous and reads nothing but blocks, so that a reader works in any thread and never goes stale.
 */
export class ChainReader {
  readonly store: BlockReader
  readonly #tipsets: Lru<string, Tipset>
  readonly #metas = new Lru<string, MessageCids>(
    CACHED_MESSAGE_CIDS,
    ({ blsCids, secpCids }) => 1 + blsCids.length + secpCids.length,
  )
  readonly #index: ChainIndex
  readonly #senders: SenderRules | undefined

  constructor(store: BlockReader, options: ChainReaderOptions = {}) {
    this.store = store
    this.#senders = options.senders
    this.#tipsets = new Lru(options.cachedTipsets ?? CACHED_TIPSETS)
    this.#index = options.index ?? new ChainIndex()
  }

  /** @throws MissingBlockError, StoreError STORE_CHAIN_OBJECT */
  block(cid: CID): BlockHeader {
    return this.#object(blockHeader, cid)
  }

  /** @throws MissingBlockError, StoreError STORE_CHAIN_OBJECT for an empty key or blocks that form no tipset */
  tipset(key: TipsetKey): Tipset {
    const known = this.#tipsets.get(key.id)
    if (known !== undefined) return known
    if (key.isEmpty) throw new StoreError('STORE_CHAIN_OBJECT', 'an empty tipset key names no tipset')
    let tipset: Tipset
    const headers = key.cids.map((c) => this.block(c))
    try {
      tipset = Tipset.create(headers)
    } catch (cause) {
      throw new StoreError('STORE_CHAIN_OBJECT', `the blocks ${key} form no tipset`, { cause })
    }
    this.remember(tipset)
    // Asked for in another order it is the same tipset; both spellings are remembered.
    if (!tipset.key.equals(key)) this.#tipsets.set(key.id, tipset)
    return tipset
  }

  /** Keeps a tipset that the caller holds decoded already. */
  remember(tipset: Tipset): void {
    this.#tipsets.set(tipset.key.id, tipset)
  }

  /** @throws MissingBlockError, also for the parent of the genesis, which is no block of the chain */
  parent(tipset: Tipset): Tipset {
    return this.tipset(tipset.parents)
  }

  /** The tipset at height 0; on a long chain the first call reads a header of every epoch. */
  genesisOf(tipset: Tipset): Tipset {
    return this.tipsetByHeight(0, tipset, { before: true })
  }

  /** The messages that a block carries, in the order of its two lists. */
  messages(block: BlockHeader): BlockMessages {
    const { blsCids, secpCids } = this.messageCids(block)
    return {
      bls: blsCids.map((c) => this.#object(message, c)),
      secp: secpCids.map((c) => this.#object(signedMessage, c)),
      blsCids,
      secpCids,
    }
  }

  /** The CIDs of a block's messages. */
  messageCids(block: BlockHeader): MessageCids {
    const key = cidKey(block.messages)
    const known = this.#metas.get(key)
    if (known !== undefined) return known
    const meta: MsgMeta = this.#object(msgMeta, block.messages)
    const lists = {
      blsCids: legacyCidList(this.store, meta.blsMessages, MAX_MESSAGES),
      secpCids: legacyCidList(this.store, meta.secpkMessages, MAX_MESSAGES),
    }
    this.#metas.set(key, lists)
    return lists
  }

  /**
   * What each block of a tipset adds to its execution (Lotus chain/store/messages.go BlockMsgsForTipset): a message is taken
   * when its nonce follows the last one taken of its sender in this tipset.
   */
  blockMessages(tipset: Tipset): TipsetMessages[] {
    const blocks = tipset.blocks.map((block) => ({ block, ...this.messages(block) }))
    return selectMessages(tipset, blocks, this.#senders)
  }

  /** The messages of a tipset in execution order, each once. */
  messagesForTipset(tipset: Tipset): (Message | SignedMessage)[] {
    return this.blockMessages(tipset).flatMap((b) => b.messages)
  }

  /**
   * A message by its CID, signed or not.
   * @throws MissingBlockError, StoreError STORE_CHAIN_OBJECT for a block that is no message
   */
  message(cid: CID): Message | SignedMessage {
    const data = mustGet(this.store, cid)
    try {
      return decode(message, data)
    } catch (e) {
      if (!(e instanceof CodecError)) throw e
      return this.#object(signedMessage, cid)
    }
  }

  /** The receipts below a root (of a block header's `parentMessageReceipts`), in execution order. */
  receipts(root: CID): MessageReceipt[] {
    return legacyList(this.store, root, MAX_RECEIPTS).map((raw) => decodeObject(messageReceipt, raw, root))
  }

  /** One receipt, undefined past the end. */
  receipt(root: CID, index: number): MessageReceipt | undefined {
    const raw = legacyEntry(this.store, root, index)
    return raw === undefined ? undefined : decodeObject(messageReceipt, raw, root)
  }

  /**
   * The tipset at `height` on the chain that ends in `from`. For a null round: the one before it where `before` is true,
   * the one after it otherwise.
   * @throws StoreError STORE_HEIGHT for a negative height or one above `from`
   */
  tipsetByHeight(height: ChainEpoch, from: Tipset, options: { readonly before: boolean }): Tipset {
    if (height < 0) throw new StoreError('STORE_HEIGHT', `height ${height} is negative`)
    if (height > from.height)
      throw new StoreError('STORE_HEIGHT', `height ${height} lies above the tipset to start from (${from.height})`)
    const link = this.#index.lookUp(from, height, (key) => this.#parentLink(key))
    const found = link.key.equals(from.key) ? from : this.tipset(link.key)
    return found.height === height || !options.before ? found : this.parent(found)
  }

  /** Key and height of a tipset's parent, from two headers: deep look-ups pass many tipsets that nobody wants decoded. */
  #parentLink(key: TipsetKey): ChainLink {
    const known = this.#tipsets.get(key.id)
    const parents = known?.parents ?? new TipsetKey(this.#links(key).parents.map((c) => cidFromBytes(c.slice())))
    return { key: parents, height: this.#tipsets.get(parents.id)?.height ?? this.#links(parents).height }
  }

  #links(key: TipsetKey): HeaderLinks {
    const [first] = key.cids
    if (first === undefined) throw new StoreError('STORE_CHAIN_OBJECT', 'an empty tipset key names no tipset')
    const data = mustGet(this.store, first)
    try {
      return headerLinks(data)
    } catch (cause) {
      throw noObject(first, 'BlockHeader', cause)
    }
  }

  /**
   * What leads from one tipset to another: reverts downwards, then applies upwards.
   * @param limits.max steps before STORE_PATH_TOO_LONG is thrown (a caller over RPC must not walk the whole chain)
   */
  path(from: Tipset, to: Tipset, limits: { readonly max?: number; readonly signal?: AbortSignal } = {}): HeadChange[] {
    const reverts: HeadChange[] = []
    const applies: HeadChange[] = []
    const max = limits.max ?? Number.POSITIVE_INFINITY
    let left = from
    let right = to
    while (!left.equals(right)) {
      limits.signal?.throwIfAborted()
      if (reverts.length + applies.length >= max)
        throw new StoreError('STORE_PATH_TOO_LONG', `more than ${max} tipsets lie between ${from.key} and ${to.key}`)
      if (left.height > right.height) {
        reverts.push({ type: 'revert', tipset: left })
        left = this.parent(left)
      } else {
        applies.push({ type: 'apply', tipset: right })
        right = this.parent(right)
      }
    }
    return [...reverts, ...applies.reverse()]
  }

  /** The highest tipset that both chains hold. */
  commonAncestor(a: Tipset, b: Tipset): Tipset {
    let left = a
    let right = b
    // The index brings both to one height before the walk starts.
    if (left.height > right.height) left = this.tipsetByHeight(right.height, left, { before: true })
    else if (right.height > left.height) right = this.tipsetByHeight(left.height, right, { before: true })
    while (!left.equals(right)) {
      if (left.height > right.height) left = this.parent(left)
      else right = this.parent(right)
    }
    return left
  }

  /** True when `a` stands below `b` on b's chain (a tipset is not its own ancestor, as in Lotus). */
  isAncestor(a: Tipset, b: Tipset): boolean {
    if (b.height <= a.height) return false
    return this.tipsetByHeight(a.height, b, { before: false }).equals(a)
  }

  #object<T>(codec: Codec<T>, cid: CID): T {
    return decodeObject(codec, mustGet(this.store, cid), cid)
  }
}

function decodeObject<T>(codec: Codec<T>, data: Uint8Array, cid: CID): T {
  try {
    return decode(codec, data)
  } catch (cause) {
    throw noObject(cid, codec.name, cause)
  }
}

function noObject(cid: CID, name: string, cause: unknown): StoreError {
  return new StoreError('STORE_CHAIN_OBJECT', `block ${cid} is no ${name}`, { cause, fields: { cid: cid.toString() } })
}
