/** Keys of the HAMT or AMT under a CID, read object by object over the API: `chain get --as-type amt|hamt-…`. */
import { CborReader } from '../../../codec/cbor-reader.ts'
import { Address } from '../../../types/address.ts'
import { en } from '../../en.ts'
import { CliError, failed } from '../../errors.ts'
import { hamtKeys, ipldLimits, type LoadObject, linkJson, objectLoader } from '../../hamt.ts'
import type { NodeApi } from '../../node-api.ts'
import type { Link } from '../../wire.ts'
import type { KeyType } from './get.ts'
import { jsonContext } from './get-message.ts'

const MAX_AMT_HEIGHT = 64

/** @returns the keys in the order of the tree: indices of an AMT; epochs or addresses of a HAMT */
export async function rootKeys(node: NodeApi, root: Link, type: KeyType): Promise<string[]> {
  const { addressPrefix } = await jsonContext(node)
  const out: string[] = []
  const load = objectLoader(node)
  try {
    if (type === 'amt') await amtKeys(await load(root), load, out)
    else {
      const text = type === 'hamt-epoch' ? epochKey : (key: Uint8Array) => Address.fromBytes(key).toString(addressPrefix)
      await hamtKeys(root, load, (key) => out.push(text(key)))
    }
  } catch (error) {
    if (error instanceof CliError) throw error
    throw failed(en.errors.notNode(type === 'amt' ? 'an AMT' : `a HAMT with keys of ${type.slice(5)}s`))
  }
  return out
}

/** [bitWidth, height, count, [bitmap, links, values]]; without the bit width, which is 3 then, before actors v3. */
async function amtKeys(data: Uint8Array, load: LoadObject, out: string[]): Promise<void> {
  const r = new CborReader(data, ipldLimits)
  const fields = r.array()
  if (fields !== 3 && fields !== 4) r.fail('not an AMT root')
  const bitWidth = fields === 4 ? r.safeInt() : 3
  const height = r.safeInt()
  if (bitWidth < 1 || bitWidth > 18 || height > MAX_AMT_HEIGHT) r.fail('not an AMT root')
  r.uint()
  await amtNode(r, 2n ** BigInt(bitWidth), height, 0n, load, out)
}

async function amtNode(
  r: CborReader,
  width: bigint,
  height: number,
  start: bigint,
  load: LoadObject,
  out: string[],
): Promise<void> {
  r.tuple(3, 'AMT node')
  const bitmap = r.bytes()
  const set = Array.from({ length: Number(width) }, (_, i) => i).filter((i) => (((bitmap[i >> 3] ?? 0) >> (i & 7)) & 1) === 1)
  const links = Array.from({ length: r.array() }, () => linkJson(r.link()))
  const values = r.array()
  for (let i = 0; i < values; i++) r.skip()
  if (height === 0) {
    for (const i of set) out.push((start + BigInt(i)).toString())
    return
  }
  const span = width ** BigInt(height)
  for (const [at, i] of set.entries()) {
    const link = links[at]
    if (link === undefined) r.fail('an AMT node has fewer links than its bitmap says')
    await amtNode(new CborReader(await load(link), ipldLimits), width, height - 1, start + span * BigInt(i), load, out)
  }
}

/** A signed integer as Go's binary.PutVarint writes it. */
function epochKey(key: Uint8Array): string {
  let value = 0n
  for (const [i, byte] of key.entries()) value |= BigInt(byte & 127) << BigInt(7 * i)
  return (value & 1n ? -((value + 1n) / 2n) : value / 2n).toString()
}
