import { cpSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type KeyRecord, Keystore } from '../../../src/store/keystore.ts'
import type { Address } from '../../../src/types/address.ts'
import { LocalWallet } from '../../../src/wallet/local-wallet.ts'

const init = { addressPrefix: 't', chainId: 31415926, scryptLogN: 4 } as const
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text))
const data = bytes('signed')
const any = { type: 'unknown' } as const

const open = (folder: string): Promise<LocalWallet> => LocalWallet.open({ keystore: new Keystore(folder, folder) }, init)

/** Everything that the folder's files hold. */
function contents(folder: string): Buffer {
  return Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name))))
}

/** A wallet with keys of all kinds, one of them deleted, and the keys' bytes. */
async function filled(folder: string) {
  const wallet = await open(folder)
  const kept: Address[] = []
  for (const type of ['bls', 'secp256k1', 'delegated']) kept.push(await wallet.create(type))
  const deleted = await wallet.create('secp256k1')
  const secrets: Buffer[] = []
  for (const address of [...kept, deleted]) secrets.push(Buffer.from((await wallet.export(address)).privateKey))
  await wallet.delete(deleted)
  return { wallet, kept, secrets }
}

/** How many of the keys can be read in the folder's files. */
function inTheClear(folder: string, secrets: readonly Buffer[]): number {
  const all = contents(folder)
  return secrets.filter((secret) =>
    [secret, secret.toString('base64'), secret.toString('hex')].some((form) => all.includes(form)),
  ).length
}

t.test('locked, unlocked, started again', async (t) => {
  const folder = t.testdir({})
  const { wallet, kept, secrets } = await filled(folder)
  const [first] = kept as [Address]
  t.equal(wallet.lockState, 'none')
  await t.rejects(wallet.lock(), { code: 'WALLET_NOT_ENCRYPTED' })
  await t.rejects(wallet.unlock(bytes('x')), { code: 'WALLET_NOT_ENCRYPTED' })
  await t.rejects(wallet.setPassphrase(bytes('')), { code: 'WALLET_PASSWORD', message: /1 to 1024 bytes/ })
  t.equal(inTheClear(folder, secrets), 4)
  const before = await wallet.sign(first, data, any)

  const password = bytes('correct horse')
  await wallet.setPassphrase(password)
  t.same(password, new Uint8Array(password.length), 'the passphrase is overwritten')
  t.equal(wallet.lockState, 'unlocked')
  t.equal(inTheClear(folder, secrets), 0, 'no file holds a key, deleted ones included')
  t.same(await wallet.sign(first, data, any), before)

  await wallet.lock()
  await t.rejects(wallet.sign(first, data, any), {
    code: 'WALLET_LOCKED',
    message: 'the wallet is locked',
    hint: 'unlock it with: nelumbo wallet unlock',
  })
  await t.rejects(wallet.export(first), { code: 'WALLET_LOCKED' })
  await t.rejects(wallet.create('bls'), { code: 'WALLET_LOCKED' })
  await t.rejects(wallet.import({ type: 'bls', privateKey: new Uint8Array(32).fill(1) }), { code: 'WALLET_LOCKED' })
  await t.rejects(wallet.setPassphrase(bytes('other')), { code: 'WALLET_LOCKED' })
  await t.rejects(wallet.unlock(bytes('wrong')), { code: 'WALLET_PASSWORD', message: 'the passphrase is wrong' })
  t.equal(wallet.lockState, 'locked')
  t.equal((await wallet.list()).length, 3, 'addresses are no secret')
  t.ok(await wallet.has(first))
  t.same(await wallet.defaultAddress(), first)
  await wallet.unlock(bytes('correct horse'))
  t.same(await wallet.sign(first, data, any), before)

  const again = await open(folder)
  t.equal(again.lockState, 'locked')
  await t.rejects(again.sign(first, data, any), { code: 'WALLET_LOCKED' })
  await again.unlock(bytes('correct horse'))
  t.same(await again.sign(first, data, any), before)
  const made = await again.create('secp256k1')
  const secret = Buffer.from((await again.export(made)).privateKey)
  t.equal(inTheClear(folder, [secret]), 0, 'a new key is encrypted at once')
  await again.setDefault(made)
  t.same(await again.defaultAddress(), made)

  await again.setPassphrase(bytes('battery staple'))
  const third = await open(folder)
  await t.rejects(third.unlock(bytes('correct horse')), { code: 'WALLET_PASSWORD' })
  await third.unlock(bytes('battery staple'))
  t.same(await third.sign(first, data, any), before)
})

t.test('Lotus refuses encrypted files instead of taking them for keys without bytes', async (t) => {
  const folder = t.testdir({})
  const { wallet, kept } = await filled(folder)
  await wallet.setPassphrase(bytes('p'))
  const files = readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')))
  t.equal(files.length, 6)
  for (const file of files) t.match(file, { Type: /-encrypted$/, Address: String, Encrypted: String, PrivateKey: undefined })
  const addresses = files.map(({ Address }) => Address)
  for (const address of kept) t.ok(addresses.includes(address.toString('t')))
})

t.test('a key file put there by hand is encrypted at the next unlock', async (t) => {
  const root = t.testdir({ live: {}, other: {} })
  const folder = join(root, 'live')
  const { wallet } = await filled(folder)
  await wallet.setPassphrase(bytes('p'))
  const keystore = new Keystore(folder, folder)
  const other = await open(join(root, 'other'))
  const address = await other.create('bls')
  const info = await other.export(address)
  await keystore.put(`wallet-${address.toString('t')}`, info)
  const again = await open(folder)
  await t.rejects(again.sign(address, data, any), { code: 'WALLET_LOCKED' }, 'not used while the wallet is locked')
  await again.unlock(bytes('p'))
  await again.sign(address, data, any)
  t.equal(inTheClear(folder, [Buffer.from(info.privateKey)]), 0)
})

t.test('encrypted keys cannot be exchanged, and damage is told', async (t): Promise<unknown> => {
  const folder = t.testdir({})
  const { wallet, kept } = await filled(folder)
  await wallet.setPassphrase(bytes('p'))
  const keystore = new Keystore(folder, folder)
  const [first, second] = kept.map((address) => `wallet-${address.toString('t')}`) as [string, string]
  const [one, two] = [await keystore.getRecord(first), await keystore.getRecord(second)]
  if (!('sealed' in one) || !('sealed' in two)) return t.fail('not encrypted')
  await keystore.replace(first, { ...two, type: one.type, address: one.address })
  await keystore.replace(second, { ...two, sealed: two.sealed.map((b, i) => (i === 20 ? b ^ 1 : b)) })
  const again = await open(folder)
  await again.unlock(bytes('p'))
  for (const address of kept.slice(0, 2))
    await t.rejects(again.sign(address, data, any), { code: 'WALLET_KEY', message: /does not open: its file is damaged/ })
  await again.sign(kept[2] as Address, data, any)
  const lock = await keystore.getRecord('nelumbo-lock')
  if (!('sealed' in lock)) return t.fail('no lock')
  for (const [at, value] of [
    [0, 2],
    [1, 0],
    [1, 40],
  ] as const) {
    await keystore.replace('nelumbo-lock', { ...lock, sealed: lock.sealed.map((b, i) => (i === at ? value : b)) })
    await t.rejects((await open(folder)).unlock(bytes('p')), { code: 'WALLET_PASSWORD', message: /lock file is damaged/ })
  }
  await keystore.replace('nelumbo-lock', { ...lock, sealed: lock.sealed.map((b, i) => (i === 70 ? b ^ 1 : b)) })
  await t.rejects((await open(folder)).unlock(bytes('p')), { code: 'WALLET_PASSWORD', message: 'the passphrase is wrong' })
  return undefined
})

/** Copies the folder as it stands after each change, as a power cut would leave it. */
class WatchedKeystore extends Keystore {
  readonly #after: () => void
  constructor(folder: string, after: () => void) {
    super(folder, folder)
    this.#after = after
  }
  override async put(name: string, record: KeyRecord): Promise<void> {
    await super.put(name, record)
    this.#after()
  }
  override async replace(name: string, record: KeyRecord): Promise<void> {
    await super.replace(name, record)
    this.#after()
  }
  override async rename(from: string, to: string): Promise<void> {
    await super.rename(from, to)
    this.#after()
  }
}

t.test('killed at any step, a conversion has happened or has not', async (t) => {
  const folder = t.testdir({ live: {}, states: {} })
  const live = join(folder, 'live')
  const { kept, secrets } = await filled(live)
  const states: string[] = []
  const snapshot = (): void => {
    const path = join(folder, 'states', String(states.length))
    cpSync(live, path, { recursive: true, preserveTimestamps: true })
    states.push(path)
  }
  const wallet = await LocalWallet.open({ keystore: new WatchedKeystore(live, snapshot) }, init)
  const expected = await Promise.all(kept.map((address) => wallet.sign(address, data, any)))
  snapshot()
  await wallet.setPassphrase(bytes('p'))
  // Five keys (the default among them): a copy of each, the commit, a rename of each.
  t.equal(states.length, 1 + 5 + 1 + 5)
  const outcomes: string[] = []
  for (const state of states) {
    const after = await open(state)
    outcomes.push(after.lockState)
    t.equal(inTheClear(state, secrets), after.lockState === 'none' ? secrets.length : 0)
    if (after.lockState === 'locked') await after.unlock(bytes('p'))
    t.same(await Promise.all(kept.map((address) => after.sign(address, data, any))), expected)
    t.same(await after.defaultAddress(), kept[0])
    t.notOk(
      readdirSync(state).some((name) => name.startsWith('ONSWC3DFMQW')),
      'no copy is left',
    )
    if (after.lockState === 'none') await after.setPassphrase(bytes('p'))
    t.equal(inTheClear(state, secrets), 0)
  }
  t.same(outcomes, [...Array(6).fill('none'), ...Array(6).fill('locked')])
})

t.test('a conversion that fails leaves everything as it was', async (t) => {
  const folder = t.testdir({})
  const { kept } = await filled(folder)
  for (const failAt of [1, 3, 5]) {
    let step = 0
    const wallet = await LocalWallet.open(
      {
        keystore: new WatchedKeystore(folder, () => {
          if (++step === failAt) throw new Error('the disk is full')
        }),
      },
      init,
    )
    await t.rejects(wallet.setPassphrase(bytes('p')), { message: 'the disk is full' })
    t.equal(wallet.lockState, 'none')
    await wallet.sign(kept[0] as Address, data, any)
    t.notOk(
      readdirSync(folder).some((name) => name.startsWith('ONSWC3DFMQW')),
      'no copy is left',
    )
  }
})

t.test('a conversion that fails after its commit goes on at the next start', async (t) => {
  const folder = t.testdir({})
  const { kept, secrets } = await filled(folder)
  let step = 0
  const broken = new WatchedKeystore(folder, () => {
    if (++step === 8) throw new Error('the disk is gone')
  })
  const wallet = await LocalWallet.open({ keystore: broken }, init)
  await t.rejects(wallet.setPassphrase(bytes('p')), { message: 'the disk is gone' })
  t.equal(wallet.lockState, 'unlocked')
  const later = await wallet.create('secp256k1')
  const again = await open(folder)
  t.equal(again.lockState, 'locked')
  t.equal(inTheClear(folder, secrets), 0)
  await again.unlock(bytes('p'))
  for (const address of [...kept, later]) t.ok(await again.sign(address, data, any))
})
