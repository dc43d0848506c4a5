import t from 'tap'
import { lookupMethod } from '../../../src/api/contract.ts'
import type { CallContext, Permission } from '../../../src/api/method.ts'
import { decodeParams, encodeResult } from '../../../src/api/method.ts'
import { walletHandlers } from '../../../src/node/wallet-handlers.ts'
import { Keystore } from '../../../src/store/keystore.ts'
import { Address } from '../../../src/types/address.ts'
import { LocalWallet } from '../../../src/wallet/local-wallet.ts'
import { MultiSigner } from '../../../src/wallet/multi-signer.ts'

const network = { chainId: 31415926, addressPrefix: 't', scryptLogN: 4 } as const
const context = { perms: [], apiVersion: 'v1', signal: new AbortController().signal } as CallContext
const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** JSON in, JSON out, as a client sees it. */
async function start(folder: string, { disabled = false } = {}) {
  const wallet = disabled ? undefined : await LocalWallet.open({ keystore: new Keystore(folder, folder) }, network)
  const ids = new Map<string, Address>()
  const resolve = async (address: Address): Promise<Address> => {
    const key = ids.get(String(address))
    if (key === undefined) throw new Error('actor not found')
    return key
  }
  const handlers = walletHandlers({ network, wallet, signer: wallet ?? new MultiSigner([]), resolve })
  const call = async <T>(name: string, ...params: readonly unknown[]): Promise<T> => {
    const def = lookupMethod('v1', `Filecoin.${name}`)
    const bound = handlers.find((h) => h.def === def)
    if (def === undefined || bound === undefined) throw new Error(`${name} is not answered`)
    return encodeResult(def, await bound.handler(decodeParams(def, params), context), network) as T
  }
  return { call, ids }
}

t.test('permissions are those of Lotus', async (t) => {
  const perms: Record<Permission, string> = {
    read: 'Balance Verify ValidateAddress',
    write: 'New Has List DefaultAddress SetDefault',
    sign: 'Sign SignMessage',
    admin: 'Export Import Delete State',
  }
  for (const [perm, names] of Object.entries(perms)) {
    for (const name of names.split(' ')) {
      t.equal(lookupMethod('v1', `Filecoin.Wallet${name}`)?.perm, perm, name)
    }
  }
  for (const name of ['HasPassword', 'SetPassword', 'LockWallet', 'UnLockWallet'])
    t.equal(lookupMethod('v1', `Filecoin.${name}`)?.perm, 'admin', name)
})

t.test('keys over the API', async (t) => {
  const { call, ids } = await start(t.testdir({}))
  const secp = await call<string>('WalletNew', 'secp256k1')
  t.match(secp, /^t1/)
  t.match(await call('WalletNew', 2), /^t3/, 'old clients number the kinds')
  t.match(await call('WalletNew', 3), /^t410f/)
  await t.rejects(call('WalletNew', 9), { message: /expected text/ })
  t.equal((await call<string[]>('WalletList')).length, 3)
  t.equal(await call('WalletDefaultAddress'), secp)
  t.equal(await call('WalletHas', secp), true)
  t.equal(await call('WalletHas', 't01000'), false)
  ids.set('f01000', Address.parse(secp))

  const data = base64('some bytes')
  const signature = await call<{ Type: number; Data: string }>('WalletSign', secp, data)
  t.equal(signature.Type, 1)
  t.same(await call('WalletSign', 't01000', data), signature, 'by the id')
  t.equal(await call('WalletVerify', secp, data, signature), true)
  t.equal(await call('WalletVerify', secp, base64('other bytes'), signature), false)
  t.equal(await call('WalletVerify', 't01000', data, signature), false)
  await t.rejects(call('WalletSign', 't01001', data), { message: 'actor not found' })

  const message = {
    Version: 0,
    To: 't01',
    From: 't01000',
    Nonce: 1,
    Value: '5',
    GasLimit: 9,
    GasFeeCap: '2',
    GasPremium: '1',
    Method: 0,
    Params: null,
  }
  const signed = await call<{ Message: { From: string }; Signature: { Type: number } }>('WalletSignMessage', 't01000', message)
  t.equal(signed.Message.From, 't01000', 'the message stays as it is')
  t.equal(signed.Signature.Type, 1)

  const key = await call<{ Type: string; PrivateKey: string }>('WalletExport', secp)
  t.equal(key.Type, 'secp256k1')
  await call('WalletDelete', secp)
  t.equal(await call('WalletHas', secp), false)
  t.equal(await call('WalletImport', { Type: 1, PrivateKey: key.PrivateKey }), secp)
  await t.rejects(call('WalletDefaultAddress'), { code: 'WALLET_NO_DEFAULT' })
  await call('WalletSetDefault', secp)
  t.equal(await call('WalletDefaultAddress'), secp)

  t.equal(await call('WalletValidateAddress', secp.replace(/^t/, 'f')), secp)
  for (const text of ['', '<empty>']) t.equal(await call('WalletValidateAddress', text), '<empty>', 'Go’s undefined address')
  await t.rejects(call('WalletValidateAddress', `${secp.slice(0, -1)}a`), { message: /is not a Filecoin address/ })
})

t.test('the passphrase, with the numbers of Venus', async (t) => {
  const folder = t.testdir({})
  const { call } = await start(folder)
  const address = await call<string>('WalletNew', 'bls')
  t.equal(await call('WalletState'), 0)
  t.equal(await call('HasPassword'), false)
  await call('SetPassword', base64('p'))
  t.equal(await call('WalletState'), 2)
  t.equal(await call('HasPassword'), true)
  await call('LockWallet')
  t.equal(await call('WalletState'), 1)
  await t.rejects(call('WalletSign', address, ''), { code: 'WALLET_LOCKED' })
  await t.rejects(call('UnLockWallet', base64('q')), { code: 'WALLET_PASSWORD' })
  await call('UnLockWallet', base64('p'))
  await call('WalletSign', address, '')
  const again = await start(folder)
  await t.rejects(again.call('WalletSign', address, ''), { code: 'WALLET_LOCKED' }, 'after a restart')
})

t.test('a node without a wallet of its own', async (t) => {
  const { call } = await start(t.testdir({}), { disabled: true })
  t.same(await call('WalletList'), [])
  await t.rejects(call('WalletNew', 'bls'), { code: 'WALLET_DISABLED' })
  await t.rejects(call('WalletSign', 't1d2xrzcslx7xlbbylc5c3d5lvandqw4iwl6epxba', ''), { code: 'WALLET_NO_KEY' })
})
