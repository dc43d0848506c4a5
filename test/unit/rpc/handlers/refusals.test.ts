// What queries refuse, with the code that the caller sees.

import t from 'tap'
import { methods } from '../../../../src/api/contract.ts'
import type { AnyMethod } from '../../../../src/api/method.ts'
import { lotusQueries } from '../../../kit/lotus-queries.ts'
import { sharedData } from '../../../kit/shared-data.ts'

const folder = sharedData(t, 'chains', 'lotus-devnet-proofs')
if (folder !== undefined) {
  const { head, ask } = await lotusQueries(folder)
  const preCommit = {
    SealProof: 5,
    SectorNumber: 0,
    SealedCID: { '/': head.cids[0]?.toString() },
    SealRandEpoch: 0,
    DealIDs: [12345],
    Expiration: head.height + 1000,
    UnsealedCid: null,
  }
  const nowhere = { '/': 'bafy2bzaced54fbmoppv5dnilxl6pvzdqrqosg7kuqdlwbtizcqkbwefp3cdl2' }
  const cases: readonly [why: string, def: AnyMethod, params: unknown[], code: string, rpcCode?: number][] = [
    ['an epoch above the head', methods.chainGetTipSetByHeight, [head.height + 1, null], 'API_BAD_EPOCH'],
    ['the same after null rounds', methods.chainGetTipSetAfterHeight, [head.height + 1, null], 'API_BAD_EPOCH'],
    ['a block that is not there', methods.chainGetBlock, [nowhere], 'STORE_BLOCK_MISSING'],
    ['a tipset that is not there', methods.chainGetTipSet, [[nowhere]], 'STORE_BLOCK_MISSING'],
    ['a message that is not there', methods.chainGetMessage, [nowhere], 'STORE_BLOCK_MISSING'],
    ['a block for a message', methods.chainGetMessage, [{ '/': head.cids[0]?.toString() }], 'STORE_CHAIN_OBJECT'],
    ['an actor that is not there', methods.stateGetActor, ['t099999', null], 'STATE_ACTOR_NOT_FOUND'],
    [
      'the id of nobody',
      methods.stateLookupId,
      ['t410fkkld55ioe7qg24wvt7fu6pbknb56ht7pt4zamxa', null],
      'API_ACTOR_NOT_FOUND',
      11,
    ],
    [
      'a key address by robust lookup',
      methods.stateLookupRobustAddress,
      ['t410fkkld55ioe7qg24wvt7fu6pbknb56ht7pt4zamxa', null],
      'API_NOT_AN_ID',
    ],
    ['an id without a robust address', methods.stateLookupRobustAddress, ['t099999', null], 'API_ADDRESS_UNKNOWN'],
    ['the key of a contract', methods.stateAccountKey, ['t2oajfrgjjllncvbxx4shzbxy3nnegsrnnk3tq2tq', null], 'API_NOT_AN_ACCOUNT'],
    ['the miner behind an account', methods.stateMinerInfo, ['t0100', null], 'ACTOR_KIND'],
    ['actors of a version to come', methods.stateActorCodeCids, [99], 'API_NO_BUNDLE'],
    ['actors from before the FVM', methods.stateActorManifestCid, [15], 'API_NO_BUNDLE'],
    ['messages of everyone', methods.stateListMessages, [{ To: null, From: null }, null, 0], 'API_BAD_MATCH'],
    ['a deal that is not there', methods.stateMarketStorageDeal, [12345, null], 'API_DEAL_UNKNOWN'],
    ['a sector with such a deal', methods.stateMinerInitialPledgeCollateral, ['t01000', preCommit, null], 'API_DEAL_UNKNOWN'],
    ['a sector without size', methods.stateMinerInitialPledgeForSector, [1000, 0, 0, null], 'API_BAD_SECTOR'],
    ['a sector without duration', methods.stateMinerInitialPledgeForSector, [0, 2048, 0, null], 'API_BAD_SECTOR'],
    ['more verified than there is', methods.stateMinerInitialPledgeForSector, [1000, 2048, 2049, null], 'API_BAD_SECTOR'],
    ['faults of everyone', methods.stateAllMinerFaults, [10, null], 'API_UNSUPPORTED'],
    ['randomness of the future', methods.stateGetRandomnessDigestFromTickets, [head.height + 1, null], 'STATE_RANDOMNESS'],
    ['too many parameters', methods.stateGetActor, ['t01000', null, 1], 'API_INVALID_PARAMS', -32602],
    ['too few', methods.stateGetActor, ['t01000'], 'API_INVALID_PARAMS', -32602],
    ['another type', methods.stateGetActor, [17, null], 'API_INVALID_PARAMS', -32700],
  ]
  for (const [why, def, params, code, rpcCode = 1] of cases) {
    t.test(why, async (t) => {
      await t.rejects(ask(def, ...params), { code, rpcCode })
    })
  }
}
