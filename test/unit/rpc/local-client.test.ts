import t from 'tap'
import { methods } from '../../../src/api/contract.ts'
import { LocalClient } from '../../../src/rpc/local-client.ts'
import { bind, makeRouter } from '../../../src/rpc/router.ts'
import { Address } from '../../../src/types/address.ts'
import { TipsetKey } from '../../../src/types/tipset.ts'

t.test('the API within the process answers as it does over the network', async (t) => {
  let ended = 0
  const closing = new AbortController()
  const router = makeRouter(
    [
      bind(methods.logList, () => ['a']),
      bind(methods.stateMinerSectorAllocated, ([miner, sector]) => miner.toString('f') === 'f01000' && sector === 2n ** 60n),
      bind(methods.stateMinerAvailableBalance, () => {
        throw new Error('boom')
      }),
      bind(methods.chainNotify, async function* () {
        try {
          for (let height = 0; ; height++) yield [{ type: 'apply' as const, val: { cids: [], blocks: [], height } }]
        } finally {
          ended++
        }
      }),
      bind(methods.chainHead, (_params, { signal }) => {
        return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))
      }),
    ],
    { call: async (id) => JSON.stringify(id === 'Filecoin.ChainTipSetWeight' ? '123' : null) },
    { addressPrefix: 't' },
  )
  const { api } = new LocalClient({ router, closing: closing.signal }, { json: { addressPrefix: 't' } })
  t.same(await api.logList([]), ['a'])
  t.equal(await api.stateMinerSectorAllocated([Address.fromId(1000n), 2n ** 60n, TipsetKey.empty]), true)
  t.equal(await api.chainTipSetWeight([TipsetKey.empty]), 123n)
  await t.rejects(api.stateMinerAvailableBalance([Address.fromId(1000n), TipsetKey.empty]), { message: 'boom' })
  await t.rejects(api.chainSetHead([TipsetKey.empty]), { code: 'API_METHOD_NOT_FOUND' })
  await t.rejects(api.chainHead([], { timeoutMs: 20 }), { code: 'RPC_TIMEOUT' })

  const heights: number[] = []
  for await (const [change] of api.chainNotify([])) {
    heights.push(change?.val.height ?? -1)
    if (heights.length === 3) break
  }
  t.same(heights, [0, 1, 2])
  t.equal(ended, 1)

  const waiting = api.chainHead([])
  closing.abort(new Error('the node is stopping'))
  await t.rejects(waiting, { message: 'the node is stopping' })
  await t.rejects(api.logList([]), { message: 'the node is stopping' })
})
