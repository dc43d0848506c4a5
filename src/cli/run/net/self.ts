import type { Context } from '../../context.ts'
import type { AddrInfoJson, NatInfoJson } from '../../net-wire.ts'

/** go-libp2p's network.Reachability. */
const reachabilities = ['Unknown', 'Public', 'Private'] as const

export async function listen({ node, out }: Context): Promise<void> {
  const self = await node.call<AddrInfoJson>('NetAddrsListen')
  out.answer(self, () => {
    for (const addr of self.Addrs ?? []) out.line(`${addr}/p2p/${self.ID}`)
  })
}

export async function id({ node, out }: Context): Promise<void> {
  const self = await node.call<string>('ID')
  out.answer(self, () => out.line(self))
}

export async function reachability({ node, out }: Context): Promise<void> {
  const info = await node.call<NatInfoJson>('NetAutoNatStatus')
  const { Reachability, PublicAddrs } = info
  out.answer(info, () => {
    out.line(`AutoNAT status:  ${reachabilities[Reachability] ?? Reachability}`)
    if (PublicAddrs !== null && PublicAddrs.length > 0) out.line(`Public address: [${PublicAddrs.join(' ')}]`)
  })
}
