import * as m from '../../api/methods/chain-objects.ts'
import { DagWalker } from '../../native/ipld.ts'
import { type BlockReader, mustGet } from '../../store/blockstore.ts'
import { cidFromBytes } from '../../types/cid.ts'
import { type BoundQuery, query } from './env.ts'
import { QueryError } from './errors.ts'
import { objectJson, resolveObject } from './object-path.ts'

/** Objects that one ChainStatObj looks at before it gives up: the walk holds a worker all the while. */
const MAX_STAT_OBJECTS = 20_000_000
const BATCH = 256

/** Walks all that the walker's queue leads to. */
function walk(store: BlockReader, walker: DagWalker, visit: (data: Uint8Array) => void): void {
  for (;;) {
    const cids = walker.next(BATCH)
    if (cids.length === 0) return
    const blocks = cids.map((cid) => ({ cid, data: mustGet(store, cidFromBytes(cid)) }))
    for (const { data } of blocks) visit(data)
    if (walker.seenCount > MAX_STAT_OBJECTS) {
      throw new QueryError('API_TOO_LARGE', `more than ${MAX_STAT_OBJECTS} objects hang under this one; ask about a part of it`)
    }
    walker.feed(blocks)
  }
}

/** Raw objects of the block store (Lotus node/impl/full/chain.go). */
export const objectHandlers: readonly BoundQuery[] = [
  query(m.chainReadObj, ([cid], env) => mustGet(env.state.store, cid)),
  query(m.chainHasObj, ([cid], env) => env.state.store.get(cid) !== undefined),
  query(m.chainStatObj, ([object, base], env) => {
    const walker = new DagWalker()
    if (base !== null) {
      walker.push([base.bytes])
      walk(env.state.store, walker, () => {})
    }
    let size = 0n
    let links = 0n
    walker.push([object.bytes])
    walk(env.state.store, walker, (data) => {
      size += BigInt(data.length)
      links++
    })
    return { size, links }
  }),
  query(m.chainGetNode, ([path], env) => {
    const node = resolveObject(env, path)
    return { cid: node.cid, obj: objectJson(node) }
  }),
]
