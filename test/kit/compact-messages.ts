// The messages of a tipset in the form in which chain exchange sends them, made from decoded messages.

import { cidKey } from '../../src/types/cid.ts'
import { type Message, messageCid, type SignedMessage, signedMessageCid } from '../../src/types/message.ts'
import type { CompactedMessages } from '../../src/types/wire/chain-exchange.ts'

/** Each message once, in the order of its first block, and each block's messages as indices (Lotus chain/exchange gatherMessages). */
export function compactMessages(
  blocks: readonly { readonly bls: readonly Message[]; readonly secp: readonly SignedMessage[] }[],
): CompactedMessages {
  const [bls, blsIncludes] = compact(
    blocks.map((b) => b.bls),
    (m) => cidKey(messageCid(m)),
  )
  const [secpk, secpkIncludes] = compact(
    blocks.map((b) => b.secp),
    (m) => cidKey(signedMessageCid(m)),
  )
  return { bls, blsIncludes, secpk, secpkIncludes }
}

function compact<T>(blocks: readonly (readonly T[])[], keyOf: (message: T) => string): [T[], bigint[][]] {
  const keys = [...new Set(blocks.flat().map(keyOf))]
  const byKey = new Map(blocks.flat().map((m) => [keyOf(m), m]))
  return [keys.map((k) => byKey.get(k) as T), blocks.map((list) => list.map((m) => BigInt(keys.indexOf(keyOf(m)))))]
}
