import type { Context } from '../../context.ts'
import { en } from '../../en.ts'
import { usage } from '../../errors.ts'
import { parseCid } from '../../parse.ts'
import type { TipsetJson } from '../../wire.ts'

type SetHeadFlags = {
  readonly genesis: { readonly kind: 'bool' }
  readonly epoch: { readonly kind: 'int' }
}

export async function setHead({ node, args, flags, out }: Context<SetHeadFlags>): Promise<void> {
  const words = args.flatMap((arg) => arg.split(','))
  const key = words.map((word) => parseCid(word.trim(), '<tipsetKey>'))
  if (!flags.genesis && flags.epoch === undefined && key.length === 0) throw usage(en.errors.setHeadTarget())
  const tipset = flags.genesis
    ? await node.call<TipsetJson>('ChainGetGenesis')
    : flags.epoch === undefined
      ? await node.call<TipsetJson>('ChainGetTipSet', key)
      : await node.call<TipsetJson>('ChainGetTipSetByHeight', flags.epoch, [])
  await node.call('ChainSetHead', tipset.Cids)
  if (out.wantsJson) out.json({ Height: tipset.Height, Cids: tipset.Cids })
}
