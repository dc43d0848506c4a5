import { errorMessage } from '../../../../lib/errors.ts'
import { fileTypeBit, sectorFileTypes } from '../../../../miner/storage/sector-files.ts'
import type { MinerFlags } from '../../../commands/miner/flags.ts'
import type { Context } from '../../../context.ts'
import { size } from '../../../format.ts'
import type { Color, Output } from '../../../print.ts'
import type { FsStatJson, StorageInfoJson, StorageListJson, StorageLocalJson } from './wire.ts'

const barWidth = 50n

interface PathJson {
  readonly id: string
  /** Sectors by the bit of their kind's place. */
  readonly counts: readonly number[]
  readonly stat: FsStatJson | undefined
  readonly failure: string | undefined
  readonly info: StorageInfoJson
  readonly local: string | undefined
}

export async function list({ miner, out }: Context<MinerFlags>): Promise<void> {
  const declared = await miner.call<StorageListJson>('StorageList')
  const local = await miner.call<StorageLocalJson>('StorageLocal')
  const paths: PathJson[] = []
  for (const [id, sectors] of Object.entries(declared)) {
    const counts = sectorFileTypes.map(
      (type) => (sectors ?? []).filter((s) => (s.SectorFileType & fileTypeBit(type)) !== 0).length,
    )
    let stat: FsStatJson | undefined
    let failure: string | undefined
    try {
      stat = await miner.call<FsStatJson>('StorageStat', id)
    } catch (e) {
      failure = errorMessage(e)
    }
    const info = await miner.call<StorageInfoJson>('StorageInfo', id)
    paths.push({ id, counts, stat, failure, info, local: local[id] })
  }
  paths.sort((a, b) => compare(capacity(b), capacity(a)) || (a.id < b.id ? -1 : 1))
  out.answer(
    paths.map(({ id, stat, info, local: path, counts }) => ({
      ID: id,
      Stat: stat ?? null,
      Info: info,
      Local: path ?? null,
      Sectors: Object.fromEntries(sectorFileTypes.map((type, i) => [type, counts[i]])),
    })),
    () => {
      for (const path of paths) printPath(out, path)
    },
  )
}

const capacity = ({ stat }: PathJson): bigint => BigInt(stat?.Capacity ?? 0)

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function printPath(out: Output, { id, counts, stat, failure, info, local }: PathJson): void {
  out.line(`${id}:`)
  if (stat === undefined) {
    out.line(`\t${out.paint('red', 'Error')}: ${failure}:`)
    return
  }
  const [total, free, reserved] = [BigInt(stat.Capacity), BigInt(stat.FSAvailable), BigInt(stat.Reserved)]
  const [max, taken] = [BigInt(stat.Max), BigInt(stat.Used)]
  printBar(out, { taken: total - free, full: total - free, reserved, total }, max > 0n ? ' (filesystem)' : '')
  if (max > 0n) printBar(out, { taken, full: taken + reserved, reserved, total: max }, ' (limit)')
  const [unsealed, sealed, caches, updated, updateCaches] = counts
  const parts = [
    out.paint('yellow', `Unsealed: ${unsealed}`),
    out.paint('green', `Sealed: ${sealed}`),
    out.paint('blue', `Caches: ${caches}`),
    out.paint('green', `Updated: ${updated}`),
    out.paint('blue', `Update-caches: ${updateCaches}`),
    `Reserved: ${size(reserved)}`,
  ]
  out.line(`\t${parts.join('; ')}`)
  if (info.CanSeal || info.CanStore) {
    const use = `${info.CanSeal ? out.paint('magenta', 'Seal ') : ''}${info.CanStore ? out.paint('blue', 'Store') : ''}`
    out.line(`\tWeight: ${info.Weight}; Use: ${use}`)
  } else out.line(`\t${out.paint('yellow', 'Use: ReadOnly')}`)
  if (info.Groups?.length) out.line(`\tGroups: ${info.Groups.join(', ')}`)
  if (info.AllowTo?.length) out.line(`\tAllowTo: ${info.AllowTo.join(', ')}`)
  printTypes(out, info)
  if (local !== undefined) out.line(`\tLocal: ${out.paint('green', local)}`)
  for (const url of info.URLs ?? []) out.line(`\tURL: ${url}`)
  out.line()
}

interface Bar {
  readonly taken: bigint
  /** What the bar is filled up to, reservations included. */
  readonly full: bigint
  readonly reserved: bigint
  readonly total: bigint
}

/** A bar of 50 columns: `#` for what is used, `*` for what is reserved. */
function printBar(out: Output, { taken, full, reserved, total }: Bar, what: string): void {
  if (total <= 0n) return
  const percent = (taken * 100n) / total
  const color: Color = percent > 98n ? 'red' : percent > 90n ? 'yellow' : 'green'
  const set = clamp((full * barWidth) / total)
  const used = clamp(((full - reserved) * barWidth) / total)
  const bar = '#'.repeat(used) + '*'.repeat(Math.max(0, set - used)) + ' '.repeat(Number(barWidth) - Math.max(set, used))
  out.line(`\t[${out.paint(color, bar)}] ${size(taken)}/${size(total)} ${out.paint(color, `${percent}%`)}${what}`)
}

function clamp(columns: bigint): number {
  return Number(columns < 0n ? 0n : columns > barWidth ? barWidth : columns)
}

/** Whichever list is shorter: the kinds that are allowed, or those that are not. */
function printTypes(out: Output, { AllowTypes, DenyTypes }: StorageInfoJson): void {
  if (!AllowTypes?.length && !DenyTypes?.length) return
  const allowed = sectorFileTypes.filter(
    (type) => (!AllowTypes?.length || AllowTypes.includes(type)) && DenyTypes?.includes(type) !== true,
  )
  const denied = sectorFileTypes.filter((type) => !allowed.includes(type))
  if (allowed.length === 0) out.line(`\tAllow Types: ${out.paint('red', 'None')}`)
  else if (allowed.length < denied.length) out.line(`\tAllow Types: ${out.paint('green', allowed.join(' '))}`)
  else out.line(`\tDeny Types:  ${out.paint('red', denied.join(' '))}`)
}
