import type { Context } from '../../context.ts'
import { parsePeerId } from '../../peer-arg.ts'

export function protect(context: Context): Promise<void> {
  return change(context, 'NetProtectAdd', 'added to protected peers:')
}

export function unprotect(context: Context): Promise<void> {
  return change(context, 'NetProtectRemove', 'removed from protected peers:')
}

async function change({ node, args, out }: Context, method: string, heading: string): Promise<void> {
  const peers = args.map((arg) => parsePeerId(arg, '<peerId>'))
  await node.call(method, peers)
  out.answer(peers, () => {
    out.line(heading)
    for (const peer of peers) out.line(` ${peer}`)
  })
}

export async function listProtected({ node, out }: Context): Promise<void> {
  const peers = (await node.call<readonly string[] | null>('NetProtectList')) ?? []
  out.answer(peers, () => {
    for (const peer of peers) out.line(peer)
  })
}
