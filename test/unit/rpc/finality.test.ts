// Finality by the blocks that were made, behind the tags of API v2.

import t from 'tap'
import { encodeResult } from '../../../src/api/method.ts'
import { chainGetTipSetFinalityStatus } from '../../../src/api/methods/v2.ts'
import { DEFAULT_ASSUMPTIONS, FINALITY_TARGET, finalDepth } from '../../../src/consensus/finality-math.ts'
import { tipsetAt } from '../../../src/rpc/handlers/chain.ts'
import { QueryEnv } from '../../../src/rpc/handlers/env.ts'
import { finalityHandlers, finalizedTipset, safeTipset, staticFinalized } from '../../../src/rpc/handlers/finality.ts'
import type { StateManager } from '../../../src/state/state-manager.ts'
import type { BlockReader } from '../../../src/store/blockstore.ts'
import { ChainReader } from '../../../src/store/chain-reader.ts'
import { cidKey } from '../../../src/types/cid.ts'
import type { Tipset } from '../../../src/types/tipset.ts'
import { testChain } from '../../kit/fork-chain.ts'

const envOf = (store: BlockReader, head: Tipset): QueryEnv =>
  new QueryEnv({ chain: new ChainReader(store) } as unknown as StateManager, head)

/** A chain of so many epochs with so many blocks in each. */
function chainOf(epochs: number, blocks: number): { readonly c: ReturnType<typeof testChain>; readonly tipsets: Tipset[] } {
  const c = testChain()
  const tipsets = [c.genesis()]
  for (let i = 0; i < epochs; i++) tipsets.push(c.extend(tipsets.at(-1) as Tipset, { blocks }))
  return { c, tipsets }
}

async function status(env: QueryEnv): Promise<Record<string, unknown>> {
  const [bound] = finalityHandlers
  if (bound === undefined) throw new Error('there is no handler')
  const found = await bound.handle([] as never, env)
  return encodeResult(chainGetTipSetFinalityStatus, found as never, { addressPrefix: 't' }) as Record<string, unknown>
}

t.test('a chain with five blocks in each epoch', async (t) => {
  const { c, tipsets } = chainOf(940, 5)
  const head = tipsets[910] as Tipset
  const env = envOf(c.store, head)
  const depth = finalDepth(new Array<number>(905).fill(5), DEFAULT_ASSUMPTIONS, FINALITY_TARGET) as number
  t.ok(depth > 3 && depth < 35)
  t.equal(finalizedTipset(env).height, 910 - depth)
  t.equal(safeTipset(env).height, 910 - depth, 'newer than 200 epochs below the head')
  t.equal(staticFinalized(env).height, 10, 'API v1 goes by 900 epochs')
  t.match(await status(env), {
    ecFinalityThresholdDepth: depth,
    ecFinalizedTipSet: { Height: 910 - depth },
    f3FinalizedTipSet: null,
    finalizedTipSet: { Height: 910 - depth },
    head: { Height: 910 },
  })
  const edge = envOf(c.store, tipsets[904] as Tipset)
  t.equal(finalizedTipset(edge).height, 904 - depth, '905 epochs are enough')
  const short = envOf(c.store, tipsets[903] as Tipset)
  t.equal(finalizedTipset(short).height, 3, 'Lotus does not count on a shorter chain')
  t.equal(safeTipset(short).height, 703)
  t.match(await status(short), { ecFinalityThresholdDepth: -1, ecFinalizedTipSet: null, finalizedTipSet: { Height: 3 } })

  const gone = cidKey((tipsets[100] as Tipset).cids[0] as never)
  const pruned: BlockReader = { get: (cid) => (cidKey(cid) === gone ? undefined : c.store.get(cid)) }
  await t.rejects(status(envOf(pruned, head)), { code: 'STORE_BLOCK_MISSING' }, 'what 900 epochs need is missing too')
  const snapshot: BlockReader = {
    get: (cid) => (cidKey(cid) === cidKey((tipsets[37] as Tipset).cids[0] as never) ? undefined : c.store.get(cid)),
  }
  t.equal(
    finalizedTipset(envOf(snapshot, tipsets[940] as Tipset)).height,
    40,
    'a store that does not reach back as far as is counted',
  )
})

t.test('a thin chain', async (t) => {
  const { c, tipsets } = chainOf(1000, 1)
  const env = envOf(c.store, tipsets[1000] as Tipset)
  t.equal(finalizedTipset(env).height, 100)
  t.equal(safeTipset(env).height, 800)
  t.match(await status(env), { ecFinalityThresholdDepth: -1, ecFinalizedTipSet: null, finalizedTipSet: { Height: 100 } })
})

t.test('a chain that has only begun', async (t) => {
  const { c, tipsets } = chainOf(3, 5)
  const env = envOf(c.store, tipsets[3] as Tipset)
  t.equal(finalizedTipset(env).height, 0)
  t.equal(safeTipset(env).height, 0)
  t.throws(
    () => staticFinalized(env),
    { code: 'STORE_HEIGHT', message: 'height -897 is negative' },
    'for API v1 nothing is final',
  )
})

t.test('API v1 at the edge of 900 epochs', async (t) => {
  const { c, tipsets } = chainOf(900, 1)
  t.equal(staticFinalized(envOf(c.store, tipsets[900] as Tipset)).height, 0)
  t.throws(() => staticFinalized(envOf(c.store, tipsets[899] as Tipset)), { message: 'height -1 is negative' })
})

t.test('no tipset has a negative height', async (t) => {
  const { c, tipsets } = chainOf(3, 1)
  const env = envOf(c.store, tipsets[3] as Tipset)
  for (const before of [true, false]) {
    t.equal(tipsetAt(env, 0, env.head, before).height, 0)
    t.throws(() => tipsetAt(env, -1, env.head, before), { code: 'STORE_HEIGHT', message: 'height -1 is negative' })
  }
})
