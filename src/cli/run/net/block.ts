import type { Context } from '../../context.ts'
import type { BlockListJson } from '../../net-wire.ts'
import { parsePeerId } from '../../peer-arg.ts'

const fields = { peer: 'Peers', ip: 'IPAddrs', subnet: 'IPSubnets' } as const

export async function change({ node, args, out }: Context, what: 'add' | 'remove', kind: keyof typeof fields): Promise<void> {
  const given = kind === 'peer' ? args.map((arg) => parsePeerId(arg, '<peerId>')) : args
  const list = { Peers: [], IPAddrs: [], IPSubnets: [], [fields[kind]]: given }
  await node.call(what === 'add' ? 'NetBlockAdd' : 'NetBlockRemove', list)
  if (out.wantsJson) out.json(list)
}

export async function list({ node, out }: Context): Promise<void> {
  const lists = await node.call<BlockListJson>('NetBlockList')
  out.answer(lists, () => {
    const print = (heading: string, entries: readonly string[]): void => {
      if (entries.length > 0) out.line(heading)
      for (const entry of entries) out.line(`\t${entry}`)
    }
    print('Blocked Peers:', [...(lists.Peers ?? [])].sort().reverse())
    print('Blocked IPs:', [...(lists.IPAddrs ?? [])].sort())
    print('Blocked Subnets:', [...(lists.IPSubnets ?? [])].sort())
  })
}
