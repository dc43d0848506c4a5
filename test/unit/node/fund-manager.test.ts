// Funds in the storage market: what is sent there, what may leave, and one message at a time for each address (Lotus
// chain/market/fundmanager_test.go).

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { FundManager, type FundManagerComponents } from '../../../src/node/fund-manager.ts'
import { MetadataStore } from '../../../src/store/metadata.ts'
import { Address } from '../../../src/types/address.ts'
import { type CID, cidOf } from '../../../src/types/cid.ts'

const [wallet, otherWallet, account] = [1n, 2n, 9n].map((n) => Address.fromId(1000n + n)) as [Address, Address, Address]

interface Market {
  funds: FundManager
  readonly sent: string[]
  /** Funds of the account in the market that are not locked. */
  available: bigint
  /** Lets the message that is waited for be executed. */
  execute(): void
  fail: Error | undefined
  restart(): Promise<void>
}

async function market(t: Test): Promise<Market> {
  const folder = await mkdtemp(join(tmpdir(), 'funds-'))
  const metadata = await MetadataStore.open(join(folder, 'metadata'))
  let executed: (() => void) | undefined
  let serial = 0
  const message = (line: string): CID => {
    if (out.fail !== undefined) throw out.fail
    out.sent.push(line)
    return cidOf(Uint8Array.of(0x18, ++serial))
  }
  const components: FundManagerComponents = {
    metadata,
    available: async () => out.available,
    add: async (from, _to, amount) => message(`${from} adds ${amount}`),
    withdraw: async (from, _to, amount) => message(`${from} takes ${amount}`),
    wait: (_cid, signal) =>
      new Promise((resolve, reject) => {
        executed = () => resolve(undefined)
        signal.addEventListener('abort', () => reject(new Error('stopped')), { once: true })
      }),
  }
  const make = () => new FundManager(components, { addressPrefix: 'f' })
  const out: Market = {
    funds: make(),
    sent: [],
    available: 0n,
    fail: undefined,
    execute: () => executed?.(),
    async restart() {
      await out.funds.close()
      out.funds = make()
      await out.funds.start()
    },
  }
  t.teardown(async () => {
    await out.funds.close()
    await metadata.close()
    await rm(folder, { recursive: true })
  })
  return out
}

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20))

t.test('what lacks is sent, once', async (t) => {
  const m = await market(t)
  const first = await m.funds.reserve(wallet, account, 10n)
  t.ok(first, 'a message')
  t.equal(m.funds.reserved(account), 10n)
  const others = Promise.all([
    m.funds.reserve(wallet, account, 5n),
    m.funds.reserve(wallet, account, 7n),
    m.funds.reserve(otherWallet, account, 1n),
  ])
  await settle()
  t.same(m.sent, ['f01001 adds 10'], 'one message at a time')
  m.available = 10n
  m.execute()
  await settle()
  t.same(m.sent, ['f01001 adds 10', 'f01001 adds 12'], 'those of one wallet share the next one')
  m.available = 22n
  m.execute()
  await settle()
  t.same(m.sent.slice(2), ['f01002 adds 1'])
  m.available = 23n
  m.execute()
  const [a, b, c] = await others
  t.equal(String(a), String(b))
  t.not(String(a), String(c))
  t.equal(m.funds.reserved(account), 23n)
  m.available = 30n
  t.equal(await m.funds.reserve(wallet, account, 7n), null, 'there is enough')
})

t.test('releases pay for reservations', async (t) => {
  const m = await market(t)
  m.available = 10n
  t.equal(await m.funds.reserve(wallet, account, 10n), null)
  await m.funds.release(account, 4n)
  t.equal(m.funds.reserved(account), 6n)
  t.equal(await m.funds.reserve(wallet, account, 4n), null)
  await m.funds.release(account, 100n)
  t.equal(m.funds.reserved(account), 0n, 'never below nothing')
  t.same(m.sent, [])
})

t.test('withdrawals leave what is reserved', async (t) => {
  const m = await market(t)
  m.available = 10n
  await m.funds.reserve(wallet, account, 6n)
  await t.rejects(m.funds.withdraw(wallet, account, 5n), {
    code: 'FUNDS_INSUFFICIENT',
    message:
      'insufficient funds for withdrawal of 0.000000000000000005 FIL: net available (0.000000000000000004 FIL) = available (0.00000000000000001 FIL) - reserved (0.000000000000000006 FIL)',
  })
  const all = [1n, 2n, 2n].map((n) => m.funds.withdraw(wallet, account, n))
  await settle()
  m.available = 9n
  m.execute()
  const done = await Promise.allSettled(all)
  t.same(
    done.map((d) => d.status),
    ['fulfilled', 'fulfilled', 'rejected'],
  )
  t.same(m.sent, ['f01001 takes 1', 'f01001 takes 2'], 'as far as the funds go')
  const none = m.funds.withdraw(wallet, account, 0n)
  m.execute()
  t.equal(await none, null)
})

t.test('what fails reserves nothing', async (t) => {
  const m = await market(t)
  m.fail = new Error('no funds in the wallet')
  await t.rejects(m.funds.reserve(wallet, account, 10n), /no funds/)
  t.equal(m.funds.reserved(account), 0n)
  m.available = 5n
  await t.rejects(m.funds.withdraw(wallet, account, 1n), /no funds/)
  m.available = 0n
  m.fail = undefined
  t.ok(await m.funds.reserve(wallet, account, 10n))
  await t.rejects(m.funds.reserve(wallet, account, -1n), { code: 'FUNDS_INSUFFICIENT' })
})

t.test('a restart goes on waiting', async (t) => {
  const m = await market(t)
  await m.funds.reserve(wallet, account, 10n)
  await m.restart()
  t.equal(m.funds.reserved(account), 10n)
  const next = m.funds.reserve(wallet, account, 1n)
  await settle()
  t.equal(m.sent.length, 1, 'the message of before is still on its way')
  m.available = 10n
  m.execute()
  t.ok(await next)
  t.same(m.sent, ['f01001 adds 10', 'f01001 adds 1'])
})
