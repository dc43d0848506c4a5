/** The miner process: the folders that hold sectors. */
import { optional, textMap } from '../../codec/combinators.ts'
import { bool, safeInt, text, uint64 } from '../../codec/primitives.ts'
import { method, param } from '../method.ts'
import { v0v1 } from '../methods/params.ts'
import { fsStat, sectorId, sectorStorageInfos, storageDecls, storageInfo } from '../types/sector-storage.ts'
import { nothing } from '../types/shape.ts'

const common = { versions: v0v1, where: 'main', perm: 'admin' } as const

export const storageAddLocal = method({
  ...common,
  name: 'Filecoin.StorageAddLocal',
  params: [param('path', text)],
  result: nothing,
  doc: 'Attaches a folder that has a sectorstore.json.',
})

export const storageDetachLocal = method({
  ...common,
  name: 'Filecoin.StorageDetachLocal',
  params: [param('path', text)],
  result: nothing,
  doc: 'Detaches a folder; its files stay.',
})

export const storageRedeclareLocal = method({
  ...common,
  name: 'Filecoin.StorageRedeclareLocal',
  params: [param('id', optional(text)), param('dropMissing', bool)],
  result: nothing,
  doc: 'Looks again what lies in a storage path, or in all of them.',
})

export const storageList = method({
  ...common,
  name: 'Filecoin.StorageList',
  params: [],
  result: storageDecls,
  doc: 'What lies in each storage path: sectors with the kinds of their files.',
})

export const storageLocal = method({
  ...common,
  name: 'Filecoin.StorageLocal',
  params: [],
  result: textMap(text),
  doc: 'The folders of the storage paths that this process has opened.',
})

export const storageStat = method({
  ...common,
  name: 'Filecoin.StorageStat',
  params: [param('id', text)],
  result: fsStat,
  doc: 'The space of a storage path.',
})

export const storageInfoOf = method({
  ...common,
  name: 'Filecoin.StorageInfo',
  params: [param('id', text)],
  result: storageInfo,
  doc: 'The settings of a storage path.',
})

export const storageFindSector = method({
  ...common,
  name: 'Filecoin.StorageFindSector',
  params: [param('sector', sectorId), param('fileType', safeInt), param('sectorSize', uint64), param('allowFetch', bool)],
  result: sectorStorageInfos,
  doc: 'The storage paths that have files of these kinds of a sector.',
})
