import { NodeError } from '../lib/errors.ts'
import { getLogger } from '../lib/log.ts'
import type { PeerAddresses } from '../net/addresses.ts'
import type { BlockListStore, BlockLists } from '../net/gater.ts'
import type { PeerBook } from '../net/peer-manager.ts'
import type { MetadataStore } from '../store/metadata.ts'

const log = getLogger('net')

const PEERS = '/nelumbo/peers'
const BLOCKED = '/nelumbo/blocked'

/** Addresses of peers, kept from one run to the next. Losing them costs a new search, so damage is only warned of. */
export function peerBook(metadata: MetadataStore): PeerBook {
  return {
    load: async () => {
      try {
        const peers: unknown = JSON.parse(metadata.getText(PEERS) ?? '[]')
        return Array.isArray(peers) ? peers.filter(isPeer) : []
      } catch (error) {
        log.warn('the record of known peers is damaged; peers are looked for anew', {}, error)
        return []
      }
    },
    save: (peers) => metadata.put(PEERS, JSON.stringify(peers)),
  }
}

function isPeer(value: unknown): value is PeerAddresses {
  const { id, addrs } = (value ?? {}) as { id?: unknown; addrs?: unknown }
  return typeof id === 'string' && isTexts(addrs)
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((v) => typeof v === 'string')
}

/** Whom the operator blocked. A damaged record stops the node: it must not let in whom it was told to keep out. */
export function blockListStore(metadata: MetadataStore): BlockListStore {
  return {
    load: async () => {
      const text = metadata.getText(BLOCKED)
      if (text === undefined) return undefined
      const lists = parsed(text)
      if (lists === undefined)
        throw new NodeError(
          'NODE_BLOCK_LISTS',
          'the record of blocked peers and addresses is damaged; restore the repo from a backup',
        )
      return lists
    },
    save: (lists) => metadata.put(BLOCKED, JSON.stringify(lists), { sync: true }),
  }
}

function parsed(text: string): BlockLists | undefined {
  try {
    const { peers, ipAddrs, ipSubnets } = JSON.parse(text) as Record<string, unknown>
    return isTexts(peers) && isTexts(ipAddrs) && isTexts(ipSubnets) ? { peers, ipAddrs, ipSubnets } : undefined
  } catch {
    return undefined
  }
}
