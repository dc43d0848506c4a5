import type { PeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { NetError } from './errors.ts'

/** A peer with addresses at which it may be reached, as text. */
export interface PeerAddresses {
  readonly id: string
  readonly addrs: readonly string[]
}

/** @throws NetError NET_ADDRESS */
export function peerIdFromText(text: string): PeerId {
  try {
    return peerIdFromString(text)
  } catch (cause) {
    throw new NetError('NET_ADDRESS', `"${text.slice(0, 80)}" is not a peer id`, { cause })
  }
}

/** @throws NetError NET_ADDRESS */
export function multiaddrFromText(text: string): Multiaddr {
  try {
    return multiaddr(text)
  } catch (cause) {
    throw new NetError('NET_ADDRESS', `"${text.slice(0, 120)}" is not a multiaddress`, { cause })
  }
}

/** The peer id at the end of a multiaddress; undefined where there is none (as in most `/dnsaddr` ones). */
export function peerIdIn(addr: Multiaddr): string | undefined {
  return addr
    .getComponents()
    .filter((c) => c.name === 'p2p')
    .at(-1)?.value
}

/** @throws NetError NET_ADDRESS for an address that names no peer, unless it is a `/dnsaddr` whose records name them */
export function checkPeerAddress(text: string): Multiaddr {
  const addr = multiaddrFromText(text)
  const peer = peerIdIn(addr)
  if (peer !== undefined) peerIdFromText(peer)
  else if (addr.getComponents()[0]?.name !== 'dnsaddr') {
    throw new NetError('NET_ADDRESS', `the address "${text.slice(0, 120)}" does not end in /p2p/<peer id>`)
  }
  return addr
}

/** The address without a trailing `/p2p/…`, as Lotus lists the addresses of a peer whose id stands beside them. */
export function withoutPeer(addr: Multiaddr): string {
  return addr.toString().replace(/\/p2p\/[^/]+$/, '')
}
