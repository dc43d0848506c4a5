/** Deals of sectors, read from the market actor's state object by object over the API. */
import { CborReader } from '../codec/cbor-reader.ts'
import { hamtGet, hamtValues, ipldLimits, type LoadObject, linkJson, objectLoader, uintKey } from './hamt.ts'
import type { NodeApi } from './node-api.ts'
import type { Link, TipsetKeyJson } from './wire.ts'

const MARKET = 'f05'

/** The map from a provider's sectors to their deals; undefined where it has none. */
async function providerSectors(node: NodeApi, miner: string, key: TipsetKeyJson, load: LoadObject): Promise<Link | undefined> {
  const id = (await node.call<string>('StateLookupID', miner, key)).slice(2)
  const { Head } = await node.call<{ Head: Link }>('StateGetActor', MARKET, key)
  const state = new CborReader(await load(Head), ipldLimits)
  // ProviderSectors is the last field of the market's state since actors v13.
  for (let left = state.array(); left > 1; left--) state.skip()
  const sectors = await hamtGet(linkJson(state.link()), load, uintKey(BigInt(id)))
  return sectors === undefined ? undefined : linkJson(new CborReader(sectors).link())
}

function readDeals(value: Uint8Array): (number | bigint)[] {
  const r = new CborReader(value, ipldLimits)
  return Array.from({ length: r.array() }, () => r.uint())
}

/** The deals of one sector. */
export async function sectorDeals(
  node: NodeApi,
  miner: string,
  sector: number,
  key: TipsetKeyJson,
): Promise<(number | bigint)[]> {
  const load = objectLoader(node)
  const sectors = await providerSectors(node, miner, key, load)
  const deals = sectors === undefined ? undefined : await hamtGet(sectors, load, uintKey(sector))
  return deals === undefined ? [] : readDeals(deals)
}

/** The deals of all sectors of a miner, in no order. */
export async function minerDeals(node: NodeApi, miner: string): Promise<bigint[]> {
  const load = objectLoader(node)
  const sectors = await providerSectors(node, miner, [], load)
  const out: bigint[] = []
  if (sectors !== undefined) await hamtValues(sectors, load, (value) => out.push(...readDeals(value).map(BigInt)))
  return out
}
