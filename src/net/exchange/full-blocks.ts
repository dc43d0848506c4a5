import type { FullBlock } from '../../types/full-block.ts'
import type { Tipset } from '../../types/tipset.ts'
import type { CompactedMessages } from '../../types/wire/chain-exchange.ts'
import { NetError } from '../errors.ts'

/** Made already, by the messages: what was compared with the headers is what is stored. */
const made = new WeakMap<CompactedMessages, { readonly tipset: Tipset; readonly blocks: FullBlock[] }>()

/**
 * The blocks of a tipset, each with its own messages, from the form in which an answer brings them.
 * @throws NetError NET_BAD_ANSWER for an index that points to nothing
 */
export function fullBlocks(tipset: Tipset, messages: CompactedMessages): FullBlock[] {
  const known = made.get(messages)
  if (known?.tipset === tipset) return known.blocks
  const blocks = tipset.blocks.map((header, i) => ({
    header,
    bls: pick(messages.bls, messages.blsIncludes[i]),
    secp: pick(messages.secpk, messages.secpkIncludes[i]),
  }))
  made.set(messages, { tipset, blocks })
  return blocks
}

function pick<T>(all: readonly T[], indices: readonly bigint[] | undefined): T[] {
  if (indices === undefined) throw new NetError('NET_BAD_ANSWER', 'an answer has no messages for one of its blocks')
  return indices.map((index) => {
    const one = index < BigInt(all.length) ? all[Number(index)] : undefined
    if (one === undefined) throw new NetError('NET_BAD_ANSWER', `an answer names message ${index} of ${all.length}`)
    return one
  })
}
