import { type Address, Protocol } from '../types/address.ts'
import type { BlockHeader } from '../types/block.ts'
import type { CID } from '../types/cid.ts'
import type { Message, SignedMessage } from '../types/message.ts'
import type { ChainEpoch } from '../types/scalars.ts'
import type { Tipset } from '../types/tipset.ts'
import { StoreError } from './errors.ts'

/** What telling senders apart needs of layers above the store. */
export interface SenderRules {
  /** First epoch from which an id address and a key address of one actor count as one sender (network version 13, Hyperdrive). */
  readonly resolveFrom: ChainEpoch
  /** The id address of an actor in a state. */
  resolve(stateRoot: CID, address: Address): Address
}

interface Candidate {
  readonly block: BlockHeader
  readonly bls: readonly Message[]
  readonly secp: readonly SignedMessage[]
}

/**
 * Chooses what each block adds to the tipset's execution. The first message of a sender is right by the validity of its
 * block; of the others those count whose nonce is the next one, so that a message in two blocks is taken once, from the
 * first. Source: Lotus chain/store/messages.go.
 */
export function selectMessages(
  tipset: Tipset,
  blocks: readonly Candidate[],
  rules: SenderRules | undefined,
): { readonly block: BlockHeader; readonly messages: (Message | SignedMessage)[] }[] {
  const nextNonce = new Map<string, bigint>()
  const senders = senderKeys(tipset, nextNonce, rules)
  const taken = (m: Message): boolean => {
    const sender = senders(m.from)
    const next = nextNonce.get(sender) ?? m.nonce
    if (next !== m.nonce) return false
    nextNonce.set(sender, next + 1n)
    return true
  }
  return blocks.map(({ block, bls, secp }) => ({
    block,
    messages: [...bls.filter((m) => taken(m)), ...secp.filter((m) => taken(m.message))],
  }))
}

/** Keys by address until the first id address appears, by resolved id from then on (what was noted before is re-keyed). */
function senderKeys(tipset: Tipset, noted: Map<string, bigint>, rules: SenderRules | undefined): (address: Address) => string {
  if (rules !== undefined && tipset.height < rules.resolveFrom) return (a) => a.key
  let byId = false
  const known = new Map<string, Address>()
  const resolve = (a: Address): string => {
    if (a.protocol === Protocol.id) return a.key
    if (rules === undefined)
      throw new StoreError(
        'STORE_CHAIN_OBJECT',
        `tipset ${tipset.key} has senders by id and by key: the state is needed to tell them apart`,
      )
    return rules.resolve(tipset.parentStateRoot, a).key
  }
  return (a) => {
    if (!byId && a.protocol === Protocol.id) {
      byId = true
      const before = [...noted]
      for (const [key, nonce] of before) {
        const address = known.get(key)
        if (address !== undefined) noted.set(resolve(address), nonce)
      }
    }
    if (byId) return resolve(a)
    known.set(a.key, a)
    return a.key
  }
}
