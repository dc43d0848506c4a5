import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Keystore } from '../../../src/store/keystore.ts'
import { Address } from '../../../src/types/address.ts'
import { messageCid } from '../../../src/types/message.ts'
import { SignatureType } from '../../../src/types/signature.ts'
import { LocalWallet } from '../../../src/wallet/local-wallet.ts'
import { MultiSigner } from '../../../src/wallet/multi-signer.ts'
import { signMessage } from '../../../src/wallet/signer.ts'
import { verifySignature } from '../../../src/wallet/verify.ts'
import { sharedData } from '../../kit/shared-data.ts'

const network = { chainId: 31415926, addressPrefix: 't' as const, scryptLogN: 4 }
const enc = (text: string) => new TextEncoder().encode(text)

function place(t: Test) {
  const root = t.testdir({ keystore: {} })
  const folder = join(root, 'keystore')
  const keystore = new Keystore(folder, root)
  const text = () => readdirSync(folder).map((f) => readFileSync(join(folder, f), 'utf8'))
  return { root, folder, keystore, text, open: () => LocalWallet.open({ keystore }, network) }
}

t.test('keys of all kinds sign, and come back as they went', async (t) => {
  const { open, folder, keystore } = place(t)
  const wallet = await open()
  await t.rejects(wallet.defaultAddress(), { code: 'WALLET_NO_DEFAULT' })
  const kinds = [
    ['bls', SignatureType.bls, 't3'],
    ['secp256k1', SignatureType.secp256k1, 't1'],
    ['delegated', SignatureType.delegated, 't410f'],
  ] as const
  const made: Address[] = []
  for (const [kind, type, head] of kinds) {
    const address = await wallet.create(kind)
    made.push(address)
    t.ok(address.toString('t').startsWith(head))
    const signature = await wallet.sign(address, enc('some bytes'), { type: 'unknown' })
    t.equal(signature.type, type)
    t.ok(await verifySignature(signature, address, enc('some bytes')))
    t.notOk(await verifySignature(signature, address, enc('other bytes')))
    const info = await wallet.export(address)
    t.equal(info.type, kind)
    t.equal(info.privateKey.length, 32)
    t.ok(await keystore.has(`wallet-${address.toString('t')}`))
  }
  t.same(await wallet.defaultAddress(), made[0], 'the first key made is the default')
  await wallet.setDefault(made[1] as Address)
  t.same(await wallet.defaultAddress(), made[1])
  t.same(
    (await wallet.list()).map((a) => a.toString('t')),
    made.map((a) => a.toString('t')).sort(),
  )
  for (const file of readdirSync(folder)) t.equal(statSync(join(folder, file)).mode & 0o777, 0o600)

  const info = await wallet.export(made[0] as Address)
  await wallet.delete(made[0] as Address)
  t.notOk(await wallet.has(made[0] as Address))
  t.ok(await keystore.has(`trash-${made[0]?.toString('t')}`), 'the file is kept')
  await t.rejects(wallet.export(made[0] as Address), { code: 'WALLET_NO_KEY' })
  t.same(await wallet.import(info), made[0])
  await t.rejects(wallet.import(info), { code: 'KEYSTORE_EXISTS' })
  await wallet.delete(made[1] as Address)
  await t.rejects(wallet.defaultAddress(), { code: 'WALLET_NO_DEFAULT' }, 'a deleted key is no default')
  await wallet.delete(made[1] as Address)
})

t.test('a restart finds the keys, under either prefix', async (t) => {
  const { open, keystore } = place(t)
  const address = await (await open()).create('secp256k1')
  const again = await open()
  t.ok(await again.has(address))
  t.same(await again.defaultAddress(), address)
  const main = await LocalWallet.open({ keystore }, { ...network, addressPrefix: 'f' })
  t.ok(await main.has(address), 'old files of mainnet have t')
  const signature = await main.sign(address, enc('x'), { type: 'unknown' })
  t.ok(await verifySignature(signature, address, enc('x')))
  t.equal((await main.list()).length, 1)
})

t.test('a message is signed as it is, or not at all', async (t) => {
  const { open } = place(t)
  const wallet = await open()
  const from = await wallet.create('secp256k1')
  const message = {
    version: 0n,
    to: Address.fromId(1000n),
    from,
    nonce: 3n,
    value: 7n,
    gasLimit: 1_000_000n,
    gasFeeCap: 200n,
    gasPremium: 100n,
    method: 0n,
    params: new Uint8Array(0),
  }
  const signed = await signMessage(wallet, message, network)
  t.ok(await verifySignature(signed.signature, from, messageCid(message).bytes))
  await t.rejects(
    wallet.sign(from, messageCid({ ...message, value: 8n }).bytes, { type: 'message', message }),
    { code: 'WALLET_DATA' },
    'a harmless message cannot be shown for another one',
  )
  await t.rejects(wallet.sign(Address.fromId(5n), enc('x'), { type: 'unknown' }), { code: 'WALLET_NO_KEY' })
})

t.test('a file that holds another key than its name says is refused', async (t) => {
  const { open, keystore } = place(t)
  const wallet = await open()
  const one = await wallet.create('secp256k1')
  const two = await wallet.create('secp256k1')
  await keystore.replace(`wallet-${one.toString('t')}`, await keystore.get(`wallet-${two.toString('t')}`))
  await t.rejects((await open()).sign(one, enc('x'), { type: 'unknown' }), { code: 'WALLET_KEY' })
})

t.test('kinds and lengths that are none', async (t) => {
  const wallet = await place(t).open()
  await t.rejects(wallet.create('rsa'), { code: 'WALLET_KIND', message: /use one of bls, secp256k1, delegated/ })
  await t.rejects(wallet.create('secp256k1-ledger'), { code: 'WALLET_KIND' })
  await t.rejects(wallet.import({ type: 'bls', privateKey: new Uint8Array(31) }), { code: 'WALLET_KEY' })
  await t.rejects(wallet.import({ type: 'secp256k1', privateKey: new Uint8Array(32) }), { code: 'WALLET_KEY' })
})

t.test('a passphrase encrypts the keys', async (t) => {
  const { open, text, keystore } = place(t)
  const wallet = await open()
  const address = await wallet.create('bls')
  const gone = await wallet.create('secp256k1')
  const plain = [await wallet.export(address), await wallet.export(gone)].map((k) => Buffer.from(k.privateKey).toString('base64'))
  await wallet.delete(gone)
  t.equal(wallet.lockState, 'none')
  await t.rejects(wallet.lock(), { code: 'WALLET_NOT_ENCRYPTED' })
  await t.rejects(wallet.unlock(enc('x')), { code: 'WALLET_NOT_ENCRYPTED' })
  await t.rejects(wallet.setPassphrase(new Uint8Array(0)), { code: 'WALLET_PASSWORD' })
  await wallet.setPassphrase(enc('open sesame'))
  t.equal(wallet.lockState, 'unlocked')
  for (const key of plain)
    t.notOk(
      text().some((f) => f.includes(key)),
      'no file holds a key, deleted ones neither',
    )
  t.ok(await wallet.sign(address, enc('x'), { type: 'unknown' }))

  const again = await open()
  t.equal(again.lockState, 'locked', 'after each start')
  t.same(await again.list(), [address], 'what it holds can be seen')
  t.same(await again.defaultAddress(), address)
  await t.rejects(again.sign(address, enc('x'), { type: 'unknown' }), { code: 'WALLET_LOCKED' })
  await t.rejects(again.export(address), { code: 'WALLET_LOCKED' })
  await t.rejects(again.create('bls'), { code: 'WALLET_LOCKED' })
  await t.rejects(again.setPassphrase(enc('other')), { code: 'WALLET_LOCKED' })
  await t.rejects(again.unlock(enc('open says me')), { code: 'WALLET_PASSWORD', message: 'the passphrase is wrong' })
  await again.unlock(enc('open sesame'))
  t.ok(await again.sign(address, enc('x'), { type: 'unknown' }))
  const later = await again.create('delegated')
  const key = Buffer.from((await again.export(later)).privateKey).toString('base64')
  t.notOk(text().some((f) => f.includes(key)))
  await again.lock()
  await t.rejects(again.sign(later, enc('x'), { type: 'unknown' }), { code: 'WALLET_LOCKED' })
  await again.unlock(enc('open sesame'))
  await again.setPassphrase(enc('another'))
  const third = await open()
  await t.rejects(third.unlock(enc('open sesame')), { code: 'WALLET_PASSWORD' })
  await third.unlock(enc('another'))
  t.ok(await third.sign(later, enc('x'), { type: 'unknown' }))

  // Two encrypted files that were exchanged.
  const [a, b] = [`wallet-${address.toString('t')}`, `wallet-${later.toString('t')}`]
  const [one, two] = [await keystore.getRecord(a), await keystore.getRecord(b)]
  await keystore.replace(a, two)
  await keystore.replace(b, one)
  const fourth = await open()
  await fourth.unlock(enc('another'))
  await t.rejects(fourth.sign(address, enc('x'), { type: 'unknown' }), { code: 'WALLET_KEY' })
})

t.test('encrypting that was broken off goes on at the next unlocking', async (t) => {
  const { open, keystore, text } = place(t)
  const wallet = await open()
  const one = await wallet.create('bls')
  const two = await wallet.create('secp256k1')
  const plain = await keystore.getRecord(`wallet-${two.toString('t')}`)
  await wallet.setPassphrase(enc('p'))
  // As a process that was killed after the first file leaves it.
  await keystore.replace(`wallet-${two.toString('t')}`, plain)
  const again = await open()
  await t.rejects(again.sign(two, enc('x'), { type: 'unknown' }), { code: 'WALLET_LOCKED' }, 'it counts as locked')
  await again.unlock(enc('p'))
  t.ok(await again.sign(two, enc('x'), { type: 'unknown' }))
  t.ok(await again.sign(one, enc('x'), { type: 'unknown' }))
  t.notOk(text().some((f) => f.includes('PrivateKey')))
})

t.test('a damaged lock file is named', async (t) => {
  const { open, keystore } = place(t)
  const wallet = await open()
  await wallet.create('bls')
  await wallet.setPassphrase(enc('p'))
  await keystore.replace('nelumbo-lock', { type: 'wallet-lock', address: '', sealed: new Uint8Array(78) })
  await t.rejects((await open()).unlock(enc('p')), { code: 'WALLET_PASSWORD', message: /lock file is damaged/ })
})

t.test('files that others may read are refused', async (t) => {
  const { open, folder } = place(t)
  writeFileSync(join(folder, 'O5QWY3DFOQWXI'), '{}', { mode: 0o644 })
  await t.rejects(open(), { code: 'KEYSTORE_PERMISSIONS' })
})

t.test('the first signer that has a key signs', async (t) => {
  const { open, root } = place(t)
  const one = await open()
  const address = await one.create('bls')
  const empty = join(root, 'empty')
  mkdirSync(empty)
  const other = await LocalWallet.open({ keystore: new Keystore(empty, root) }, network)
  const both = new MultiSigner([other, one])
  t.same(await both.list(), [address])
  t.ok(await both.has(address))
  t.ok(await both.sign(address, enc('x'), { type: 'unknown' }))
  await t.rejects(both.sign(Address.fromId(1n), enc('x'), { type: 'unknown' }), { code: 'WALLET_NO_KEY' })
})

const miners = sharedData(t, 'chains', 'lotus-devnet-proofs', 'miners')
if (miners !== undefined)
  t.test('keys that lotus-seed made', async (t) => {
    const wallet = await place(t).open()
    const folders = readdirSync(miners)
    for (const miner of folders) {
      const text = readFileSync(join(miners, miner, `pre-seal-${miner}.key`), 'utf8').trim()
      const { Type, PrivateKey } = JSON.parse(Buffer.from(text, 'hex').toString()) as { Type: string; PrivateKey: string }
      const address = await wallet.import({ type: Type, privateKey: Buffer.from(PrivateKey, 'base64') })
      const preSeal = JSON.parse(readFileSync(join(miners, miner, `pre-seal-${miner}.json`), 'utf8'))
      t.equal(address.toString('t'), preSeal[miner].Owner)
    }
    t.equal(folders.length, 2)
  })
