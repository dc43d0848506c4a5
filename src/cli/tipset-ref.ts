import type { NodeApi } from './node-api.ts'
import { parseCid, parseInteger } from './parse.ts'
import type { TipsetJson } from './wire.ts'

/**
 * The tipset that `--tipset` names: `@head`, `@<epoch>`, or CIDs with commas between them. Without one, the head, so that
 * all calls of a command see the same tipset however long it runs (Lotus cli/state.go, LoadTipSet).
 */
export async function loadTipset(node: NodeApi, ref: string | undefined, name = '--tipset'): Promise<TipsetJson> {
  if (ref === undefined || ref === '' || ref === '@head') return node.call<TipsetJson>('ChainHead')
  if (ref.startsWith('@')) {
    const height = parseInteger(ref.slice(1), `the epoch of ${name}`)
    return node.call<TipsetJson>('ChainGetTipSetByHeight', height, [])
  }
  const key = ref.split(',').map((cid) => parseCid(cid.trim(), name))
  return node.call<TipsetJson>('ChainGetTipSet', key)
}

/** Unix seconds of a tipset: the least of its blocks. */
export function timeOf(tipset: TipsetJson): number {
  return Math.min(...tipset.Blocks.map(({ Timestamp }) => Timestamp))
}

/** The first block, by which a tipset's parents, weight and base fee are known. */
export function firstBlock(tipset: TipsetJson): TipsetJson['Blocks'][number] {
  const block = tipset.Blocks[0]
  if (block === undefined) throw new TypeError(`the tipset at epoch ${tipset.Height} has no blocks`)
  return block
}
