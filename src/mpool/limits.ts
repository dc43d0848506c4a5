/** Numbers of the message pool (Lotus chain/messagepool). Amounts in attoFIL, gas in units, times in ms. */

/** Longest signed message in CBOR, bytes. */
export const MAX_MESSAGE_SIZE = 64 << 10
/** Room that checks of unsigned messages leave for the signature, bytes. */
export const SIGNATURE_ROOM = 128
/** Messages of one sender that may wait; of a stranger's push no more than the second. */
export const MAX_ACTOR_PENDING = 1000
export const MAX_ACTOR_PENDING_UNTRUSTED = 100
/** How far ahead of the next nonce a message from the network may be. */
export const MAX_NONCE_GAP = 4n
/** A replacement pays at least this share of what it replaces, in percent, and 1 attoFIL more. */
export const REPLACE_BY_FEE_MIN = 110n
export const REPLACE_BY_FEE_DEFAULT = 125n
/** What of the base fee a fee cap must reach for a message to be taken in, and to be sent again or kept in a prune. */
export const ADD_BASE_FEE_DIVISOR = 100n
export const KEEP_BASE_FEE_DIVISOR = 10n
/** The base fee may be this many times as high before it is no longer foreseen (checks only warn). */
export const BASE_FEE_UPPER_FACTOR = 10n
/** Less gas than any message needs: a block with less left is full (gasguess.MinGas). */
export const LEAST_GAS = 1_298_450
/** Messages of one kind in a block: what its list may hold (cbor-gen MaxLength). */
export const MAX_OF_KIND = 8192
/** Blocks of one tipset that selection reckons with. */
export const MAX_BLOCKS = 15
/** From this ticket quality on the block is likely the first of its tipset, and greedy selection is best. */
export const GREEDY_QUALITY = 0.84
/** Messages of one republishing, and the pause between two of them. */
export const REPUBLISH_LIMIT = 30
export const REPUBLISH_PAUSE_MS = 100
/** BLS signatures that are remembered: blocks carry only their sum, and a reverted message needs its own. */
export const KEPT_BLS_SIGNATURES = 40_000
/** Signatures that are known to be good. */
export const KEPT_VERIFIED = 32_000
