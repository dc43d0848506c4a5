import type { Context } from '../../context.ts'
import type { AddrInfoJson } from '../../net-wire.ts'
import { addrInfoText, parsePeerId, peersOf } from '../../peer-arg.ts'

export async function connect(context: Context): Promise<void> {
  const peers = await peersOf(context, '<peer>')
  await forEach(context, 'connect', peers, (peer) => context.node.call('NetConnect', peer))
}

export async function disconnect(context: Context): Promise<void> {
  const peers = context.args.map((arg) => ({ ID: parsePeerId(arg, '<peerId>') }))
  await forEach(context, 'disconnect', peers, ({ ID }) => context.node.call('NetDisconnect', ID))
}

/** One after the other, with a line for each; the first failure ends it. */
async function forEach<P extends { readonly ID: string }>(
  { out }: Context,
  verb: string,
  peers: readonly P[],
  call: (peer: P) => Promise<unknown>,
): Promise<void> {
  for (const peer of peers) {
    if (!out.wantsJson) out.text(`${verb} ${peer.ID}: `)
    try {
      await call(peer)
    } catch (error) {
      if (!out.wantsJson) out.line('failure')
      throw error
    }
    if (!out.wantsJson) out.line('success')
  }
  if (out.wantsJson) out.json(peers)
}

export async function findPeer({ node, args, out }: Context): Promise<void> {
  const peer = await node.call<AddrInfoJson>('NetFindPeer', parsePeerId(args[0] ?? '', '<peerId>'))
  out.answer(peer, () => out.line(addrInfoText(peer)))
}
