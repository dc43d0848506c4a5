import { removeDevnet } from '../../../node/devnet/remove.ts'
import type { devnetFolderFlag } from '../../commands/devnet.ts'
import type { Context } from '../../context.ts'
import { devnetText as text } from '../../en-devnet.ts'
import { usage } from '../../errors.ts'
import { layoutOf } from './folder.ts'

/** Removes the devnet, when that is really meant. */
export async function reset(context: Context<typeof devnetFolderFlag & { 'really-do-it': { kind: 'bool' } }>): Promise<void> {
  const layout = layoutOf(context)
  if (!context.flags['really-do-it']) throw usage(text.reallyDoIt(layout.folder))
  const name = await removeDevnet(layout)
  context.out.line(text.removed(name, layout.folder))
}
