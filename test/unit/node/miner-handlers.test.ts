import t from 'tap'
import { minerEndpoints } from '../../../src/api/miner/contract.ts'
import { minerHandlers } from '../../../src/node/miner-handlers.ts'
import { Address } from '../../../src/types/address.ts'
import { testServer } from '../../kit/rpc-server.ts'

t.test('a process of several miners tells of the sectors of the one that it names', async (t) => {
  const actors = [1003n, 1005n].map((id) => Address.fromId(id))
  const live = new Map([
    ['t01003', 64n],
    ['t01005', 7n],
  ])
  const api = {
    stateMinerSectorCount: async ([miner]: readonly [Address, unknown]) => ({ live: live.get(miner.toString('t')) ?? 0n }),
  }
  const components = { api, actors, config: { Subsystems: {} } } as unknown as Parameters<typeof minerHandlers>[0]
  const { client } = await testServer(t, minerHandlers(components), { components: { endpoints: minerEndpoints } })
  const call = (method: string) => client().callJson(`Filecoin.${method}`, [], { version: 'v0' })
  t.equal(await call('ActorAddress'), 't01003')
  t.same(await call('SectorsSummary'), { Proving: 64 })
  live.set('t01003', 0n)
  t.same(await call('SectorsSummary'), {})
})
