import { initStoragePath, readPathMeta } from '../../../../miner/storage/path-meta.ts'
import type { MinerFlags } from '../../../commands/miner/flags.ts'
import type { attachFlags, redeclareFlags } from '../../../commands/miner/storage.ts'
import type { Context } from '../../../context.ts'
import { storageErrors } from '../../../en-storage.ts'
import { expandHome } from '../../../environment.ts'
import { usage } from '../../../errors.ts'
import { parseSize } from '../../../parse.ts'

export async function attach({ args, flags, miner }: Context<typeof attachFlags & MinerFlags>): Promise<void> {
  const path = expandHome(args[0] as string)
  if (flags.init) {
    const maxStorage = flags['max-storage'] === undefined ? 0n : parseSize(flags['max-storage'], '--max-storage')
    if (!flags.seal && !flags.store) throw usage(storageErrors.noUse())
    await initStoragePath(path, {
      weight: BigInt(flags.weight),
      canSeal: flags.seal,
      canStore: flags.store,
      maxStorage,
      groups: flags.groups,
      allowTo: flags['allow-to'],
    })
  }
  await miner.call('StorageAddLocal', path)
}

export async function detach({
  args,
  flags,
  miner,
}: Context<{ readonly 'really-do-it': { readonly kind: 'bool' } } & MinerFlags>): Promise<void> {
  if (!flags['really-do-it']) throw usage(storageErrors.notSure())
  await miner.call('StorageDetachLocal', expandHome(args[0] as string))
}

export async function redeclare({ args, flags, miner }: Context<typeof redeclareFlags & MinerFlags>): Promise<void> {
  const [path] = args
  const given = [path !== undefined, flags.id !== undefined, flags.all].filter(Boolean).length
  if (given !== 1) throw usage(storageErrors.whichPath())
  // The path's own file names it: the miner may know the folder under another name.
  const id = path === undefined ? flags.id : (await readPathMeta(expandHome(path))).id
  await miner.call('StorageRedeclareLocal', id ?? null, flags['drop-missing'])
}
