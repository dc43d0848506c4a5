// What Lotus's own commands send and expect at the edges: the undefined address, a CID left out, null for the genesis' receipts.

import t from 'tap'
import { methods } from '../../../../src/api/contract.ts'
import { decodeParams } from '../../../../src/api/method.ts'
import { lotusQueries } from '../../../kit/lotus-queries.ts'
import { sharedData } from '../../../kit/shared-data.ts'

const folder = sharedData(t, 'chains', 'lotus-devnet-proofs')
if (folder !== undefined) {
  const { head, ask } = await lotusQueries(folder)

  t.test('the power of the network alone: `lotus state power`', async (t) => {
    const { TotalPower } = await ask(methods.stateMinerPower, 't01000', [])
    const none = { RawBytePower: '0', QualityAdjPower: '0' }
    for (const undefinedAddress of ['<empty>', '', null])
      t.same(await ask(methods.stateMinerPower, undefinedAddress, []), { MinerPower: none, TotalPower, HasMinPower: false })
    await t.rejects(ask(methods.stateMinerPower, 'empty', []), { code: 'API_INVALID_PARAMS' })
  })

  t.test('messages of one side: `lotus state list-messages --to`', async (t) => {
    const whole = await ask(methods.stateListMessages, { To: 't01000', From: null }, [], head.height - 100)
    t.ok(whole.length > 0)
    for (const From of ['<empty>', ''])
      t.same(await ask(methods.stateListMessages, { To: 't01000', From }, [], head.height - 100), whole)
    t.same(await ask(methods.stateListMessages, { To: 't01000' }, [], head.height - 100), whole)
    await t.rejects(ask(methods.stateListMessages, { To: '<empty>', From: '<empty>' }, [], 0), { code: 'API_BAD_MATCH' })
  })

  t.test('the genesis has no receipts: `lotus chain get-block`', async (t) => {
    const { Cids } = await ask(methods.chainGetGenesis)
    t.equal(await ask(methods.chainGetParentReceipts, Cids[0]), null)
  })

  t.test('the pledge of a sector that is not sealed yet: `lotus-miner sectors get-cc-collateral`', async (t) => {
    const sector = {
      SealProof: 5,
      SectorNumber: 0,
      SealRandEpoch: 0,
      DealIDs: null,
      Expiration: head.height + 1000,
      UnsealedCid: null,
    }
    const sealed = { ...sector, SealedCID: { '/': head.cids[0]?.toString() } }
    const pledge = await ask(methods.stateMinerInitialPledgeCollateral, 't01000', sealed, [])
    t.match(pledge, /^[1-9]\d*$/)
    t.equal(await ask(methods.stateMinerInitialPledgeCollateral, 't01000', { ...sector, SealedCID: null }, []), pledge)
  })

  t.test('an address stays an address elsewhere', (t) => {
    for (const def of [methods.stateMinerInfo, methods.stateGetActor])
      t.throws(() => decodeParams(def, ['<empty>', []]), { code: 'API_INVALID_PARAMS' }, def.name)
    t.end()
  })
}
