import type { Context } from '../../context.ts'
import type { TipsetJson } from '../../wire.ts'

export async function head({ node, flags, out }: Context<{ height: { kind: 'bool' } }>): Promise<void> {
  const { Height, Cids } = await node.call<TipsetJson>('ChainHead')
  out.answer(flags.height ? Height : { Height, Cids }, () => {
    if (flags.height) out.line(Height)
    else for (const cid of Cids) out.line(cid['/'])
  })
}
