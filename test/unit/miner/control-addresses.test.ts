import t from 'tap'
import type { AddressConfig } from '../../../src/api/types/miner-process.ts'
import { ControlAddresses } from '../../../src/miner/control-addresses.ts'
import { Address } from '../../../src/types/address.ts'

const id = (n: number) => Address.fromId(BigInt(n))
const OWNER = id(1)
const WORKER = id(2)
const CONTROLS = [id(10), id(11), id(12), OWNER]
const KEYS = new Map([[10, Address.parse('f1abjxfbp274xpdqcpuaykwkfb43omjotacm2p3za')]])

const none: AddressConfig = {
  preCommitControl: [],
  commitControl: [],
  terminateControl: [],
  dealPublishControl: [],
  disableOwnerFallback: false,
  disableWorkerFallback: false,
}

function chooser(config: Partial<AddressConfig>, balances: Record<number, bigint>, lacking: readonly number[] = []) {
  const api = {
    walletBalance: async ([a]: [Address]) => balances[Number(a.id)] ?? 0n,
    walletHas: async ([a]: [Address]) => !lacking.includes(Number(a.id)),
    stateAccountKey: async ([a]: [Address]) => a,
    stateLookupId: async ([a]: [Address]) => {
      for (const [n, key] of KEYS) if (key.key === a.key) return id(n)
      throw new Error('actor not found')
    },
  }
  const addresses = new ControlAddresses({ api: api as never }, { ...none, ...config })
  const info = { owner: OWNER, worker: WORKER, controlAddresses: CONTROLS } as never
  return (use: 'post' | 'preCommit' | 'commit', good = 100n, min = 50n) => addresses.choose(info, use, good, min)
}

t.test('PoSts go to the control addresses that no list has claimed, in their order on chain', async (t) => {
  const choose = chooser({ preCommitControl: [KEYS.get(10) as Address] }, { 10: 500n, 11: 500n, 12: 500n, 2: 500n, 1: 500n })
  t.equal(String((await choose('post')).address), 'f011', 'one is claimed under its key')
  t.equal(String((await choose('preCommit')).address), 'f010')
})

t.test('who has too little is passed over; then worker and owner', async (t) => {
  t.equal(String((await chooser({}, { 10: 99n, 11: 100n })('post')).address), 'f011')
  t.equal(String((await chooser({}, { 2: 100n, 1: 100n })('post')).address), 'f02')
  t.equal(String((await chooser({}, { 1: 100n })('post')).address), 'f01')
})

t.test('fallbacks can be turned off; without any list the worker stays', async (t) => {
  const off = { disableOwnerFallback: true, disableWorkerFallback: true }
  const choose = chooser({ ...off, preCommitControl: [id(10)] }, { 1: 500n, 2: 500n, 10: 60n })
  t.same(await choose('preCommit'), { address: id(10), available: 60n }, 'the richest that may be used')
  t.same(await choose('commit'), { address: WORKER, available: 500n })
})

t.test('when nobody has enough, the richest pays', async (t) => {
  t.same(await chooser({}, { 10: 60n, 11: 80n, 12: 70n, 2: 75n })('post'), { address: id(11), available: 80n })
  t.same(await chooser({}, {})('post'), { address: WORKER, available: 50n }, 'the worker, with what is needed at least')
})

t.test('an address without its key in the wallet is never chosen', async (t) => {
  t.equal(String((await chooser({}, { 10: 500n, 11: 500n }, [10])('post')).address), 'f011')
  t.equal(String((await chooser({}, { 10: 90n, 11: 80n }, [10])('post')).address), 'f011')
})

t.test('an address that is none of the miner, or not on chain, is left out', async (t) => {
  const stranger = Address.parse('f17uoq6tp427uzv7fztkbsnn64iwotfrristwpryy')
  const choose = chooser({ preCommitControl: [id(77), stranger] }, { 77: 900n, 2: 100n })
  t.equal(String((await choose('preCommit')).address), 'f02')
})
