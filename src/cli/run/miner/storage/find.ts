import { fileTypeBit, type SectorFileType } from '../../../../miner/storage/sector-files.ts'
import type { MinerFlags } from '../../../commands/miner/flags.ts'
import type { Context } from '../../../context.ts'
import { storageErrors } from '../../../en-storage.ts'
import { usage } from '../../../errors.ts'
import { shorten } from '../../../parse.ts'
import type { StorageLocalJson } from './wire.ts'

/** Kinds with the names that Lotus prints. */
const kinds: readonly (readonly [SectorFileType, string])[] = [
  ['unsealed', 'Unsealed'],
  ['sealed', 'Sealed'],
  ['cache', 'Cache'],
  ['update', 'Update'],
  ['update-cache', 'UpdateCache'],
]

interface FoundJson {
  readonly ID: string
  readonly URLs: readonly string[] | null
  readonly CanSeal: boolean
  readonly CanStore: boolean
}

export async function find({ args, flags, miner, out }: Context<MinerFlags>): Promise<void> {
  const text = args[0] as string
  if (!/^\d{1,20}$/.test(text) || BigInt(text) >= 2n ** 64n) throw usage(storageErrors.badSector(shorten(text)))
  const actor = flags.actor ?? (await miner.call<string>('ActorAddress'))
  const id = /^[ft]0(\d{1,20})$/.exec(actor)?.[1]
  if (id === undefined) throw usage(storageErrors.noId(shorten(actor)))
  const sector = { Miner: BigInt(id), Number: BigInt(text) }
  const byId = new Map<string, { readonly found: FoundJson; readonly types: string[] }>()
  for (const [type, name] of kinds) {
    for (const found of (await miner.call<FoundJson[] | null>('StorageFindSector', sector, fileTypeBit(type), 0, false)) ?? []) {
      const known = byId.get(found.ID)
      if (known === undefined) byId.set(found.ID, { found, types: [name] })
      else known.types.push(name)
    }
  }
  const local = await miner.call<StorageLocalJson>('StorageLocal')
  const sorted = [...byId].sort(([a], [b]) => (a < b ? -1 : 1))
  out.answer(
    sorted.map(([path, { found, types }]) => ({ ...found, Types: types, Local: local[path] ?? null })),
    () => {
      for (const [path, { found, types }] of sorted) {
        out.line(`In ${path} (${types.join(', ')})`)
        out.line(`\tSealing: ${found.CanSeal}; Storage: ${found.CanStore}`)
        out.line(local[path] === undefined ? '\tRemote' : `\tLocal (${local[path]})`)
        for (const url of found.URLs ?? []) out.line(`\tURL: ${url}`)
      }
    },
  )
}
