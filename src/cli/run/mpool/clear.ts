import type { Context } from '../../context.ts'
import { mpoolErrors } from '../../en-mpool.ts'
import { usage } from '../../errors.ts'

type Bool = { readonly kind: 'bool' }

export async function clear({ node, flags }: Context<{ readonly local: Bool; readonly 'really-do-it': Bool }>): Promise<void> {
  if (!flags['really-do-it']) throw usage(mpoolErrors.clearReally())
  await node.call('MpoolClear', flags.local)
}
