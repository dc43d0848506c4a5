import type { Context } from '../../context.ts'
import { en } from '../../en.ts'
import { usage } from '../../errors.ts'
import { parseCid } from '../../parse.ts'

export async function markBad({ node, args }: Context): Promise<void> {
  await node.call('SyncMarkBad', parseCid(args[0] ?? '', '<blockCid>'))
}

export async function unmarkBad({ node, args, flags }: Context<{ readonly all: { readonly kind: 'bool' } }>): Promise<void> {
  const [cid] = args
  if (flags.all && cid !== undefined) throw usage(en.errors.blockOrAll())
  if (flags.all) {
    await node.call('SyncUnmarkAllBad')
    return
  }
  if (cid === undefined) throw usage(en.errors.blockMissing())
  await node.call('SyncUnmarkBad', parseCid(cid, '[blockCid]'))
}

export async function checkBad({ node, args, out }: Context): Promise<void> {
  const cid = parseCid(args[0] ?? '', '<blockCid>')
  const reason = await node.call<string>('SyncCheckBad', cid)
  out.answer({ Block: cid, Bad: reason !== '', Reason: reason }, () =>
    out.line(reason === '' ? 'block was not marked as bad' : reason),
  )
}
