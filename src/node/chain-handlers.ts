import * as m from '../api/methods/chain.ts'
import * as objects from '../api/methods/chain-objects.ts'
import * as state from '../api/methods/state.ts'
import * as messages from '../api/methods/state-messages.ts'
import type { BeaconSchedule } from '../beacon/schedule.ts'
import { maxBeaconRoundForEpoch, networkVersion } from '../networks/schedule.ts'
import type { Network } from '../networks/types.ts'
import { networkParams } from '../rpc/handlers/network-params.ts'
import { type BoundHandler, bind } from '../rpc/router.ts'
import type { ChainStore } from '../store/chain-store.ts'
import type { LevelBlockstore } from '../store/level-blockstore.ts'
import { exportSnapshot } from '../store/snapshot/export.ts'
import { cidOf } from '../types/cid.ts'
import { checkDagCbor } from '../types/ipld.ts'
import type { Tipset, TipsetKey } from '../types/tipset.ts'
import { byteStream } from './byte-stream.ts'
import type { ChainQueries } from './chain-pool.ts'
import { waitForMessage } from './wait-message.ts'

export interface ChainHandlersComponents {
  readonly chain: ChainStore
  readonly store: LevelBlockstore
  readonly pool: ChainQueries
  readonly network: Network
  /** Undefined for a node without a chain. */
  readonly beacon: BeaconSchedule | undefined
}

/** Methods that follow the head or write: they run on the main thread. */
export function chainHandlers({ chain, store, pool, network, beacon }: ChainHandlersComponents): readonly BoundHandler[] {
  const tipsetOf = (key: TipsetKey): Tipset => (key.isEmpty ? chain.requireHead() : chain.reader.tipset(key))

  return [
    bind(m.chainHead, () => chain.requireHead()),
    bind(m.chainNotify, (_params, { signal }) => notifications(chain, signal)),
    bind(m.chainSetHead, async ([key]) => chain.forceHead(tipsetOf(key))),
    bind(m.chainExport, ([recentStateRoots, skipOldMessages, key], { signal }) =>
      byteStream(signal, async (sink, inner) => {
        await exportSnapshot({
          head: tipsetOf(key),
          store,
          reader: chain.reader,
          recentStateRoots,
          skipOldMessages,
          format: 'v1',
          sink,
          signal: inner,
        })
      }),
    ),
    bind(objects.chainPutObj, async ([data]) => {
      checkDagCbor(data)
      await store.putMany([{ cid: cidOf(data), data }])
    }),
    bind(objects.chainDeleteObj, ([cid]) => store.delete([cid])),
    bind(objects.chainCheckBlockstore, async (_params, { signal }) => store.check(signal)),
    bind(
      objects.chainBlockstoreInfo,
      async () =>
        new Map<string, unknown>([
          ['size', await store.packBytes()],
          ['path', store.path],
        ]),
    ),
    bind(state.stateGetNetworkParams, () => networkParams(network, chain.genesis?.minTimestamp ?? 0n)),
    bind(state.stateGetBeaconEntry, async ([epoch], { signal }) => {
      const head = chain.requireHead()
      if (epoch <= head.height || beacon === undefined) return pool.beaconEntry(Math.max(0, epoch), head, signal)
      // An epoch that is still to come has its entry from the beacon, as soon as that is out.
      const nv = networkVersion(network, epoch)
      return beacon.at(epoch).entry(maxBeaconRoundForEpoch(network, beacon.rules.genesisTimestamp, nv, epoch), signal)
    }),
    bind(messages.stateWaitMsg, ([cid, confidence, limit, allowReplaced], { signal }) =>
      waitForMessage(
        { chain, search: (search, inner) => pool.findMessage(search, inner) },
        { cid, confidence, limit, allowReplaced },
        signal,
      ),
    ),
  ]
}

async function* notifications(
  chain: ChainStore,
  signal: AbortSignal,
): AsyncGenerator<{ type: 'current' | 'revert' | 'apply'; val: Tipset }[]> {
  for await (const changes of chain.subscribe(signal)) yield changes.map((c) => ({ type: c.type, val: c.tipset }))
}
