// `miner init` on the chain: the messages are lotus-miner 1.36's for the same choices, and a process that is killed between any two
// steps neither sends a message twice nor loses one.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createMinerParams } from '../../../src/actors/methods/power.ts'
import type { Api } from '../../../src/api/api.ts'
import { decode } from '../../../src/codec/codec.ts'
import { configureLogging } from '../../../src/lib/log.ts'
import { createMiner, creationUnderWay, forgetCreation, type MinerChoices } from '../../../src/miner/create-miner.ts'
import { publishPeerId } from '../../../src/miner/publish-peer-id.ts'
import { addServedActor, servedActors } from '../../../src/miner/served-actors.ts'
import { initMiner } from '../../../src/node/miner-init.ts'
import { RpcError } from '../../../src/rpc/errors.ts'
import { Address } from '../../../src/types/address.ts'
import { type Message, type SignedMessage, signedMessageCid } from '../../../src/types/message.ts'
import { TipsetKey } from '../../../src/types/tipset.ts'
import { temporaryFolder } from '../../kit/daemon.ts'
import { fakeFullNode } from '../../kit/fake-full-node.ts'

const OWNER = Address.parse('t3uojy7pvo4om4vrwwe73uu3rre6toscww7xyvlpen6y3csiscfkugi5zwsndmxrot5h72zpi2uyxpikxmkfjq')
const WORKER = Address.parse('t3udyjtch4gcfspdu2x27zc2rvnf5mdm4wp2iocdfmvvcwn3vi5o5fefojddrmrix4ix2uz5b46iccss2cunuq')
const MINER = Address.fromId(1001n)
// What lotus-miner init --sector-size 2KiB --create-worker-key sent at network version 27, and for --actor.
const LOTUS_CREATE = Buffer.from(
  'hVgxA6OTj76u45nKxtYn90puMSem6QrW/fFVvI32NikiQiqoZHc2k0bLxdPp/6y9GqYu9FgxA6DwmYj8MIsnjpq+v5FqNWl6wbOWfpDhDKytRWbuqOu6UhXJGOLIovxF9Uz0PPIEKQpYJgAkCAESIBXuOBMAZlVUHrwBRyJYXpTFhGWhZLZyTlrrFhkqadNxgA==',
  'base64',
)
const LOTUS_PEER_ID = Buffer.from('gVgmACQIARIgp9Fbko3wfpiBdZ/1tqupKxfK5/LITJn2B1lnir4KhbU=', 'base64')
const peerId = decode(createMinerParams, LOTUS_CREATE).peer
// [id address, robust address]
const RETURN = Buffer.from('824300e90755025a0b2c3d4e5f60718293a4b5c6d7e8f901020304', 'hex')
const { signal } = new AbortController()
const init = { gasPremium: 77n, confidence: 5, depositPercent: 101n, peerId, signal }
const none: MinerChoices = { owner: undefined, worker: undefined, createWorkerKey: false, from: undefined, sectorSize: 2048n }

configureLogging({ level: 'error', format: 'plain', write: () => {} })

class Killed extends Error {}

/** A chain of one node: an id is sent under once, and what it holds outlives the miner's process. */
class Chain {
  readonly sent = new Map<string, SignedMessage>()
  readonly accounts = new Set([OWNER.key])
  exitCode = 0
  peerId: Uint8Array | null = null
  refusal: Error | undefined

  /** The API and the records of a process that is killed at its nth call of either; one that lives, by default. */
  process(records: Map<string, Uint8Array>, killedAt = Number.POSITIVE_INFINITY) {
    let calls = 0
    const step = <T>(work: () => T): T => {
      if (++calls === killedAt) throw new Killed('before')
      const done = work()
      // The other end has done its part, the process does not learn of it.
      if (++calls === killedAt) throw new Killed('after')
      return done
    }
    const api = {
      walletDefaultAddress: async () => OWNER,
      walletNew: async () => WORKER,
      stateLookupId: async ([address]: [Address, TipsetKey]) => {
        if (!this.accounts.has(address.key)) throw new RpcError('RPC_ERROR', 'actor not found', { rpcCode: 1 })
        return address
      },
      stateNetworkVersion: async () => 27,
      stateMinerCreationDeposit: async () => 123_456_789_012_345_678n,
      stateMinerInfo: async () => ({ worker: Address.fromId(101n), peerId: this.peerId }),
      mpoolPushMessage: async ([message, spec]: [Message, { msgUuid: string }]) =>
        step(() => {
          if (this.refusal !== undefined) throw this.refusal
          const before = this.sent.get(spec.msgUuid)
          if (before !== undefined) return before
          const signature = { type: 2 as const, data: new Uint8Array(96) }
          const signed: SignedMessage = { message: { ...message, nonce: BigInt(this.sent.size) }, signature }
          this.sent.set(spec.msgUuid, signed)
          return signed
        }),
      stateWaitMsg: async ([cid]: [unknown]) =>
        step(() => {
          const found = [...this.sent.values()].find((m) => String(signedMessageCid(m)) === String(cid))
          if (found === undefined) throw new Error('nobody sent this message')
          const { to, method } = found.message
          if (method === 0n) this.accounts.add(to.key)
          return {
            message: cid,
            receipt: {
              exitCode: this.exitCode,
              return: method === 2n ? RETURN : new Uint8Array(0),
              gasUsed: 1n,
              eventsRoot: null,
            },
            returnDec: null,
            tipset: TipsetKey.empty,
            height: 9,
          }
        }),
    } as unknown as Api
    const store = {
      get: (key: string) => records.get(key),
      batch: async (changes: readonly { readonly key: string; readonly value: Uint8Array | undefined }[]) =>
        step(() => {
          for (const { key, value } of changes) {
            if (value === undefined) records.delete(key)
            else records.set(key, value)
          }
        }),
    }
    return { api, records: store }
  }
}

t.test("the messages are lotus-miner's", async (t) => {
  const chain = new Chain()
  const c = chain.process(new Map())
  t.same(await createMiner(c, { ...none, createWorkerKey: true }, init), MINER)
  const [account, create] = [...chain.sent.values()].map(({ message }) => message) as [Message, Message]
  t.match(account, { from: OWNER, to: WORKER, value: 0n, method: 0n, gasPremium: 0n })
  t.same(create, {
    version: 0n,
    from: OWNER,
    to: Address.fromId(4n),
    nonce: 1n,
    value: 124_691_356_902_469_134n,
    gasLimit: 0n,
    gasFeeCap: 0n,
    gasPremium: 77n,
    method: 2n,
    params: new Uint8Array(LOTUS_CREATE),
  })
  const other = new Chain()
  const newID = LOTUS_PEER_ID.subarray(3)
  await publishPeerId(other.process(new Map()), MINER, new Uint8Array(newID), { ...init, gasPremium: 0n })
  const [change] = [...other.sent.values()].map(({ message }) => message) as [Message]
  t.match(change, { from: Address.fromId(101n), to: MINER, value: 0n, method: 4n })
  t.same(Buffer.from(change.params), LOTUS_PEER_ID)
  other.peerId = new Uint8Array(newID)
  await publishPeerId(other.process(new Map()), MINER, new Uint8Array(newID), init)
  t.equal(other.sent.size, 1, 'nothing is sent when the chain has the peer id')
})

t.test('a process that is killed at any step goes on, and sends nothing twice', async (t) => {
  let kills = 0
  for (let at = 1; ; at++) {
    const chain = new Chain()
    const records = new Map<string, Uint8Array>()
    // As initMiner does it.
    const run = async (killedAt?: number) => {
      const c = chain.process(records, killedAt)
      const [served] = servedActors(c.records)
      if (served !== undefined && !creationUnderWay(c.records)) return served
      const address = await createMiner(c, { ...none, createWorkerKey: true }, init)
      await addServedActor(c.records, address)
      await forgetCreation(c)
      return address
    }
    try {
      await run(at)
      break
    } catch (error) {
      if (!(error instanceof Killed)) throw error
      kills++
    }
    // Killed again and again at the same distance from its start; then it lives.
    for (let i = 0; i < 3; i++)
      await run(at).catch((error: unknown) => {
        if (!(error instanceof Killed)) throw error
      })
    t.same(await run(), MINER)
    const methods = [...chain.sent.values()].map(({ message }) => message.method)
    t.same(methods, [0n, 2n], `killed at ${at}: one message for the account, one for the miner`)
    t.equal(records.size, 1, 'nothing but the address is left')
  }
  t.ok(kills > 12, `${kills} kills`)
})

t.test('a repository that was killed before its address was stored gets that address', async (t) => {
  const repoPath = join(temporaryFolder(t), 'miner')
  const chain = new Chain()
  const wanted = { ...none, gasPremium: 0n, confidence: 5, depositPercent: 101n }
  const base = { repoPath, preSealedSectors: [], localStorage: true, noSync: true, signal }
  const { api } = chain.process(new Map())
  const broken = { ...api, stateWaitMsg: () => Promise.reject(new RpcError('RPC_UNREACHABLE', 'gone')) } as unknown as Api
  await t.rejects(initMiner(fakeFullNode(broken), { ...base, actor: wanted }), { code: 'RPC_UNREACHABLE' })
  await t.rejects(initMiner(fakeFullNode(api), { ...base, actor: { ...wanted, owner: WORKER } }), {
    code: 'MINER_CREATE',
    message: /is making a miner actor already/,
  })
  t.same(await initMiner(fakeFullNode(api), { ...base, actor: { ...wanted, sectorSize: undefined } }), {
    actor: MINER,
    added: true,
  })
  t.equal(chain.sent.size, 1)
  await t.rejects(initMiner(fakeFullNode(api), { ...base, actor: wanted }), {
    code: 'MINER_CREATE',
    message: /serves t01001 already/,
  })
  t.equal(chain.sent.size, 1, 'no second actor is made')
  t.ok(existsSync(join(repoPath, 'sectorstore.json')))
})

t.test('what is refused or fails can be tried anew, with other choices', async (t) => {
  const chain = new Chain()
  const records = new Map<string, Uint8Array>()
  const c = chain.process(records)
  chain.refusal = new RpcError('RPC_ERROR', 'not enough funds', { rpcCode: 1 })
  await t.rejects(createMiner(c, none, init), { message: 'not enough funds' })
  t.notOk(creationUnderWay(c.records))
  chain.refusal = new RpcError('RPC_UNREACHABLE', 'no connection')
  await t.rejects(createMiner(c, none, init), { code: 'RPC_UNREACHABLE' })
  t.ok(creationUnderWay(c.records), 'it may have been sent')
  chain.refusal = undefined
  chain.exitCode = 16
  await t.rejects(createMiner(c, none, init), { code: 'MINER_MESSAGE', message: /exit code 16/ })
  chain.exitCode = 0
  t.same(await createMiner(c, { ...none, owner: OWNER, sectorSize: 8n << 20n }, init), MINER)
  t.equal(chain.sent.size, 2)
  const last = decode(createMinerParams, ([...chain.sent.values()].at(-1) as SignedMessage).message.params)
  t.equal(last.windowPoStProofType, 11)

  const poor = new Chain()
  poor.accounts.clear()
  await t.rejects(createMiner(poor.process(new Map()), none, init), { code: 'MINER_CREATE', message: /must exist on chain/ })
  t.equal(poor.sent.size, 0)
})
