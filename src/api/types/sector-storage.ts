/** Storage paths of a miner, as the API shows them (Lotus storage/sealer/storiface/index.go, fsutil). */
import { as, list, record, textMap } from '../../codec/combinators.ts'
import { goList } from '../../codec/go-forms.ts'
import { bool, int64, safeInt, text, uint64 } from '../../codec/primitives.ts'
import { actorId, sectorNumber } from '../../types/scalars.ts'

const urls = as('URLs', goList(text))

export const storageInfo = record('StorageInfo', {
  id: as('ID', text),
  urls,
  weight: uint64,
  maxStorage: uint64,
  canSeal: bool,
  canStore: bool,
  groups: goList(text),
  allowTo: goList(text),
  allowTypes: goList(text),
  denyTypes: goList(text),
  allowMiners: goList(text),
  denyMiners: goList(text),
})

export const fsStat = record('FsStat', {
  capacity: int64,
  available: int64,
  fsAvailable: as('FSAvailable', int64),
  reserved: int64,
  max: int64,
  used: int64,
})

export const sectorId = record('SectorID', { miner: actorId, number: sectorNumber })

/** `sectorFileType`: bits of the kinds, 1 unsealed, 2 sealed, 4 cache, 8 update, 16 update-cache, 32 piece. */
export const storageDecls = textMap(goList(record('Decl', { miner: actorId, number: sectorNumber, sectorFileType: safeInt })))

export const sectorStorageInfo = record('SectorStorageInfo', {
  id: as('ID', text),
  urls,
  baseUrls: as('BaseURLs', goList(text)),
  weight: uint64,
  canSeal: bool,
  canStore: bool,
  primary: bool,
  allowTypes: goList(text),
  denyTypes: goList(text),
  allowMiners: goList(text),
  denyMiners: goList(text),
})
export const sectorStorageInfos = list(sectorStorageInfo, { emptyJson: 'null' })
