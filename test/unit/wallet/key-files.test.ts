import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Keystore } from '../../../src/store/keystore.ts'
import { LocalWallet } from '../../../src/wallet/local-wallet.ts'
import { sharedJson } from '../../kit/shared-data.ts'

const network = { addressPrefix: 'f', chainId: 314 } as const
const base64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'))

async function openWallet(folder: string) {
  const keystore = new Keystore(folder, folder)
  return { keystore, wallet: await LocalWallet.open({ keystore }, network) }
}

t.test('keys of a wallet made elsewhere', async (t) => {
  interface Vector {
    readonly bls_private_key: string
    readonly bls_address: string
    readonly private_key: string
    readonly childs: readonly { readonly path: string; readonly address?: string }[]
  }
  const vector = sharedJson<Vector>(t, 'wallet', 'wallet.json')
  if (vector === undefined) return
  const { wallet } = await openWallet(t.testdir({}))
  const bls = await wallet.import({ type: 'bls', privateKey: base64(vector.bls_private_key) })
  t.equal(bls.toString('t'), vector.bls_address)
  const secp = await wallet.import({ type: 'secp256k1', privateKey: base64(vector.private_key) })
  t.equal(secp.toString(), vector.childs.find(({ path }) => path === "m/44'/461'/0/0/0")?.address)
  t.same((await wallet.list()).map(String), [secp.toString(), bls.toString()])
  t.same(await wallet.export(secp), { type: 'secp256k1', privateKey: base64(vector.private_key) })
  await t.rejects(wallet.import({ type: 'bls', privateKey: base64(vector.bls_private_key) }), { code: 'KEYSTORE_EXISTS' })
  await t.rejects(wallet.defaultAddress(), { code: 'WALLET_NO_DEFAULT' }, 'an import is no default')
})

t.test('no error shows key bytes', async (t) => {
  const folder = join(t.testdir({ keystore: {} }), 'keystore')
  const { wallet, keystore } = await openWallet(folder)
  const address = await wallet.create('secp256k1')
  const file = readdirSync(folder).find((name) => name !== 'MRSWMYLVNR2A') as string
  const text = readFileSync(join(folder, file), 'utf8')
  const secret = JSON.parse(text).PrivateKey as string
  mkdirSync(join(folder, '..', 'aside'))
  for (const bad of [text.slice(0, -1), text.replace('"}', '!"}'), text.replace('"Type"', 'Type'), `${text}x`]) {
    renameSync(join(folder, file), join(folder, '..', 'aside', file))
    writeFileSync(join(folder, file), bad, { mode: 0o600 })
    const error = (await keystore.get(`wallet-${address}`).catch((e: unknown) => e)) as Error
    t.match(error, { code: 'KEYSTORE_FORMAT' })
    t.notOk(error.message.includes(secret.slice(0, 8)))
    t.notOk(String(error.stack).includes(secret.slice(0, 8)))
  }
})
