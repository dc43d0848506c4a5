import type { Context } from '../../context.ts'
import { en } from '../../en.ts'
import { usage } from '../../errors.ts'
import { parseCid } from '../../parse.ts'
import type { TipsetJson } from '../../wire.ts'

export async function checkpoint({
  node,
  args,
  flags,
  out,
}: Context<{ readonly epoch: { readonly kind: 'int' } }>): Promise<void> {
  const key = args.flatMap((arg) => arg.split(',')).map((cid) => parseCid(cid.trim(), '<tipsetKey>'))
  if (flags.epoch === undefined && key.length === 0) throw usage(en.errors.checkpointTarget())
  if (flags.epoch !== undefined && key.length > 0) throw usage(en.errors.keyOrEpoch())
  const cids = flags.epoch === undefined ? key : (await node.call<TipsetJson>('ChainGetTipSetByHeight', flags.epoch, [])).Cids
  await node.call('SyncCheckpoint', cids)
  if (out.wantsJson) out.json({ Cids: cids })
}
