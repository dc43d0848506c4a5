import * as m from '../api/miner/storage.ts'
import { fileTypesOf, sectorName } from '../miner/storage/sector-files.ts'
import type { SectorStore } from '../miner/storage/sector-store.ts'
import { type BoundHandler, bind } from '../rpc/router.ts'

/** The folders of sectors, over the API (Lotus node/impl/storminer.go). */
export function storageHandlers({ store }: { readonly store: SectorStore }): readonly BoundHandler[] {
  const { index } = store
  return [
    bind(m.storageAddLocal, async ([path]) => void (await store.attach(path))),
    bind(m.storageDetachLocal, ([path]) => store.detach(path)),
    bind(m.storageRedeclareLocal, ([id, dropMissing]) => store.redeclare(id ?? undefined, dropMissing)),
    bind(m.storageList, () => {
      const out = new Map<string, { miner: bigint; number: bigint; sectorFileType: number }[]>()
      for (const [id, declared] of index.list()) {
        out.set(
          id,
          declared.map(({ sector, types }) => ({ ...sector, sectorFileType: types })),
        )
      }
      return out
    }),
    bind(m.storageLocal, () => store.local()),
    bind(m.storageStat, ([id]) => store.stat(id)),
    bind(m.storageInfoOf, ([id]) => {
      const { groups, allowTo, allowTypes, denyTypes, allowMiners, denyMiners, urls, ...rest } = index.info(id)
      return {
        ...rest,
        urls: [...urls],
        groups: [...groups],
        allowTo: [...allowTo],
        allowTypes: [...allowTypes],
        denyTypes: [...denyTypes],
        allowMiners: [...allowMiners],
        denyMiners: [...denyMiners],
      }
    }),
    bind(m.storageFindSector, ([sector, fileType]) => {
      const found = new Map<string, { readonly primary: boolean; readonly types: string[] }>()
      for (const type of fileTypesOf(fileType)) {
        for (const { info, primary } of index.find(sector, type)) {
          const before = found.get(info.id)
          found.set(info.id, { primary: primary || before?.primary === true, types: [...(before?.types ?? []), type] })
        }
      }
      return [...found].map(([id, { primary, types }]) => {
        const { weight, canSeal, canStore, urls, ...info } = index.info(id)
        return {
          id,
          urls: types.flatMap((type) => urls.map((url) => `${url}/${type}/${sectorName(sector)}`)),
          baseUrls: [...urls],
          weight,
          canSeal,
          canStore,
          primary,
          allowTypes: [...info.allowTypes],
          denyTypes: [...info.denyTypes],
          allowMiners: [...info.allowMiners],
          denyMiners: [...info.denyMiners],
        }
      })
    }),
  ]
}
