import t, { type Test } from 'tap'
import { signatureFault } from '../../../src/consensus/rules/message-signature.ts'
import { Keystore } from '../../../src/store/keystore.ts'
import { Address } from '../../../src/types/address.ts'
import { type Message, message, messageCid } from '../../../src/types/message.ts'
import { LocalWallet } from '../../../src/wallet/local-wallet.ts'
import { MultiSigner } from '../../../src/wallet/multi-signer.ts'
import { type Signer, signingBytes, signMessage } from '../../../src/wallet/signer.ts'
import { verifySignature } from '../../../src/wallet/verify.ts'
import { sharedJson } from '../../kit/shared-data.ts'

const network = { addressPrefix: 't', chainId: 314159 } as const
const base64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'))
const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))

async function openWallet(t: Test): Promise<LocalWallet> {
  const root = t.testdir({})
  return LocalWallet.open({ keystore: new Keystore(root, root) }, network)
}

const sample: Omit<Message, 'from'> = {
  version: 0n,
  to: Address.fromId(1000n),
  nonce: 7n,
  value: 10n ** 18n,
  gasLimit: 1_000_000n,
  gasFeeCap: 200n,
  gasPremium: 100n,
  method: 0n,
  params: new Uint8Array(0),
}
/** A call of a contract, which is what a delegated key can sign. */
const call: Omit<Message, 'from'> = {
  ...sample,
  to: Address.fromDelegated(10n, hex('00112233445566778899aabbccddeeff00112233')),
  method: 3844450837n,
  params: hex('44cafe0001'),
}

t.test('a signed message of another implementation', async (t) => {
  const vector = sharedJson<{ pk: string; tx: { Message: unknown; Signature: { Data: string } } }>(
    t,
    'wallet',
    'signed_message.json',
  )
  if (vector === undefined) return
  const wallet = await openWallet(t)
  await wallet.import({ type: 'secp256k1', privateKey: base64(vector.pk) })
  const unsigned = message.fromJson({ Version: 0, ...(vector.tx.Message as object), Params: null }, '')
  const signed = await signMessage(wallet, unsigned, network)
  t.same(signed.signature, { type: 1, data: base64(vector.tx.Signature.Data) })
})

t.test('a BLS message of another implementation', async (t) => {
  type Tx = { sk?: string; sig: string; message: object }
  const vectors = sharedJson<Tx[]>(t, 'wallet', 'txs.json')
  if (vectors === undefined) return
  const vector = vectors.find(({ sk }) => sk !== undefined)
  if (vector?.sk === undefined) throw new Error('no vector with a key')
  const wallet = await openWallet(t)
  await wallet.import({ type: 'bls', privateKey: hex(vector.sk) })
  const unsigned = message.fromJson({ Version: 0, ...vector.message, Params: null }, '')
  const { signature } = await signMessage(wallet, unsigned, network)
  t.equal(Buffer.from(signature.data).toString('hex'), vector.sig)
})

t.test('messages of each kind of key pass the check of consensus', async (t) => {
  const wallet = await openWallet(t)
  for (const type of ['secp256k1', 'bls', 'delegated']) {
    const from = await wallet.create(type)
    const unsigned: Message = { ...(type === 'delegated' ? call : sample), from }
    const signed = await signMessage(wallet, unsigned, network)
    t.same(signed.message, unsigned)
    if (type === 'bls') t.ok(await verifySignature(signed.signature, from, messageCid(unsigned).bytes))
    else t.equal(signatureFault(signed, from, network, 27), undefined, type)
    const id = await signMessage(wallet, { ...unsigned, from: Address.fromId(1234n) }, network, { as: from })
    t.same(id.message.from, Address.fromId(1234n), 'the sender stays as it was given')
  }
})

t.test('legacy forms of a delegated key', async (t) => {
  const wallet = await openWallet(t)
  const from = await wallet.create('delegated')
  const legacy: Message = { ...call, from, gasPremium: call.gasFeeCap }
  for (const form of ['eip155', 'homestead'] as const) {
    const signed = await signMessage(wallet, legacy, network, { form })
    t.equal(signatureFault(signed, from, network, 27), undefined, form)
    t.match(signatureFault(signed, from, network, 22), /legacy transactions are not in use/)
    await t.rejects(signMessage(wallet, { ...call, from }, network, { form }), { code: 'ETH_TRANSACTION' })
  }
})

t.test('what a delegated key cannot sign', async (t) => {
  const wallet = await openWallet(t)
  const from = await wallet.create('delegated')
  await t.rejects(signMessage(wallet, { ...sample, from }, network), { code: 'ETH_TRANSACTION' })
  await t.rejects(signMessage(wallet, { ...call, from, params: hex('40') }, network), { code: 'ETH_TRANSACTION' })
})

t.test('bytes that are not those of the message are refused', async (t) => {
  const wallet = await openWallet(t)
  for (const type of ['secp256k1', 'bls', 'delegated']) {
    const from = await wallet.create(type)
    const unsigned: Message = { ...(type === 'delegated' ? call : sample), from }
    const other = signingBytes({ ...unsigned, nonce: 8n }, from, network)
    const refused = wallet.sign(from, other, { type: 'message', message: unsigned })
    await t.rejects(refused, { code: 'WALLET_DATA', message: /not those of the message/ }, type)
  }
  const from = await wallet.create('delegated')
  const elsewhere = signingBytes({ ...call, from }, from, { chainId: 314 })
  const purpose = { type: 'message', message: { ...call, from } } as const
  await t.rejects(wallet.sign(from, elsewhere, purpose), { code: 'WALLET_DATA' }, 'a transaction of another chain')
})

t.test('several wallets as one', async (t) => {
  const folder = t.testdir({ a: {}, b: {} })
  const open = (name: string) => LocalWallet.open({ keystore: new Keystore(`${folder}/${name}`, `${folder}/${name}`) }, network)
  const [a, b] = [await open('a'), await open('b')]
  const inA = await a.create('bls')
  const inB = await b.create('secp256k1')
  const both = await a.create('secp256k1')
  await b.import(await a.export(both))
  const all = new MultiSigner([a, b])
  t.same(await all.list(), [...(await a.list()), inB])
  for (const address of [inA, inB, both]) {
    t.ok(await all.has(address))
    t.ok(await verifySignature(await all.sign(address, Buffer.from('x'), { type: 'unknown' }), address, Buffer.from('x')))
  }
  await a.delete(both)
  t.ok(await all.has(both), 'the other still has it')
  await b.delete(both)
  t.notOk(await all.has(both))
  await t.rejects(all.sign(both, new Uint8Array(1), { type: 'unknown' }), { code: 'WALLET_NO_KEY' })
  const beside = new MultiSigner([failing('the remote wallet does not answer'), a])
  t.ok(await beside.has(inA), 'a failure of one does not hide what another has')
  await t.rejects(beside.has(inB), { message: 'the remote wallet does not answer' })
})

function failing(why: string): Signer {
  const fail = (): Promise<never> => Promise.reject(new Error(why))
  return { list: fail, has: fail, sign: fail }
}
