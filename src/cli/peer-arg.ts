/** Peers on a command line: ids, multiaddresses, miners. */
import type { Context } from './context.ts'
import { en } from './en.ts'
import { failed, usage } from './errors.ts'
import { multiaddrText } from './multiaddr.ts'
import type { AddrInfoJson } from './net-wire.ts'
import { shorten } from './parse.ts'
import type { MinerInfoJson } from './wire.ts'

const peerIdForm = /^(1[1-9A-HJ-NP-Za-km-z]{20,120}|Qm[1-9A-HJ-NP-Za-km-z]{44}|b[a-z2-7]{20,200}|[kz][0-9A-Za-z]{20,200})$/

/** A peer id. Only the form is checked; the daemon reads it. */
export function parsePeerId(text: string, name: string): string {
  if (peerIdForm.test(text)) return text
  throw usage(en.errors.notPeerId(name, shorten(text)))
}

/** Go's text of a peer with its addresses, `{id: [addr addr]}`. */
export function addrInfoText({ ID, Addrs }: AddrInfoJson): string {
  return `{${ID}: [${(Addrs ?? []).join(' ')}]}`
}

/**
 * The peers that arguments name: multiaddresses, those of one peer put together, or one miner, whose peer is looked up in
 * the state (Lotus cli/net.go, AddrInfoFromArg).
 */
export async function peersOf({ args, node, out }: Context, name: string): Promise<readonly AddrInfoJson[]> {
  const [first = ''] = args
  if (args.length === 1 && /^[ft][0-4][0-9a-z]+$/.test(first)) {
    const peer = await peerOfMiner({ node }, first)
    if (!out.wantsJson) out.line(`${first} -> ${addrInfoText(peer)}`)
    return [peer]
  }
  const peers = new Map<string, string[]>()
  for (const arg of args) {
    const match = /^(\/.+)?\/p2p\/([^/]+)$/.exec(arg)
    if (match === null) throw usage(en.errors.notPeer(name, shorten(arg)))
    const [, addr, id = ''] = match
    const known = peers.get(parsePeerId(id, name)) ?? []
    peers.set(id, addr === undefined ? known : [...known, addr])
  }
  return [...peers].map(([ID, Addrs]) => ({ ID, Addrs }))
}

async function peerOfMiner({ node }: Pick<Context, 'node'>, miner: string): Promise<AddrInfoJson> {
  const { PeerId, Multiaddrs } = await node.call<MinerInfoJson>('StateMinerInfo', miner, [])
  if (PeerId === null) throw failed(en.errors.minerWithoutPeer(miner))
  return { ID: PeerId, Addrs: (Multiaddrs ?? []).map((bytes) => multiaddrText(Buffer.from(bytes, 'base64'))) }
}
