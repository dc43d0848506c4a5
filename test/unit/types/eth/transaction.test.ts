import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ChainReader } from '../../../../src/store/chain-reader.ts'
import { Address } from '../../../../src/types/address.ts'
import { addressOfEth, delegatedAddressOfKey, ethAddressOf, isMaskedId } from '../../../../src/types/eth/address.ts'
import { quantity } from '../../../../src/types/eth/rlp.ts'
import {
  type EthTransaction,
  ethTransactionOf,
  messageOfTransaction,
  transactionBytes,
  transactionHash,
  unsignedTransactionBytes,
  verifyDelegated,
} from '../../../../src/types/eth/transaction.ts'
import type { SignedMessage } from '../../../../src/types/message.ts'
import { TipsetKey } from '../../../../src/types/tipset.ts'
import { readCar } from '../../../kit/car.ts'
import { readAnswers } from '../../../kit/lotus-chain.ts'
import { decodeRlp } from '../../../kit/rlp.ts'
import { sharedData } from '../../../kit/shared-data.ts'

t.setTimeout(60_000)

const hex = (bytes: Uint8Array): string => `0x${Buffer.from(bytes).toString('hex')}`
const bytes = (text: string): Buffer => Buffer.from(text.replace(/^0x/, ''), 'hex')
const uint = (b: Uint8Array): bigint => (b.length === 0 ? 0n : BigInt(hex(b)))
const fixed = (n: bigint): Buffer => bytes(n.toString(16).padStart(64, '0'))

/** The message of a transaction with its signature in the form that the chain keeps. */
function signedMessageOf(tx: EthTransaction, from: Address): SignedMessage {
  const rs = Buffer.concat([fixed(tx.r), fixed(tx.s)])
  const data = {
    eip1559: Buffer.concat([rs, Uint8Array.of(Number(tx.v))]),
    homestead: Buffer.concat([Uint8Array.of(1), rs, quantity(tx.v)]),
    eip155: Buffer.concat([Uint8Array.of(2), rs, quantity(tx.v)]),
  }[tx.kind]
  return { message: messageOfTransaction(tx, from), signature: { type: 3, data } }
}

function parse(raw: Uint8Array): EthTransaction | undefined {
  const isLegacy = (raw[0] as number) > 0x7f
  if (!isLegacy && raw[0] !== 2) return undefined
  const fields = decodeRlp(isLegacy ? raw : raw.subarray(1))
  if (fields instanceof Uint8Array) return undefined
  if (!isLegacy && (fields[8] as readonly unknown[]).length > 0) return undefined
  const f = fields as readonly Uint8Array[]
  const number = (i: number): bigint => uint(f[i] as Uint8Array)
  const to = (i: number) => ((f[i] as Uint8Array).length === 0 ? undefined : (f[i] as Uint8Array))
  if (isLegacy) {
    const v = number(6)
    const price = { maxFeePerGas: number(1), maxPriorityFeePerGas: number(1) }
    const kind = v === 27n || v === 28n ? ('homestead' as const) : ('eip155' as const)
    const chainId = kind === 'homestead' ? 0n : (v - 35n) / 2n
    const call = { nonce: number(0), gasLimit: number(2), to: to(3), value: number(4), input: f[5] as Uint8Array }
    return { kind, chainId, ...price, ...call, v, r: number(7), s: number(8) }
  }
  const price = { maxPriorityFeePerGas: number(2), maxFeePerGas: number(3) }
  const call = { nonce: number(1), gasLimit: number(4), to: to(5), value: number(6), input: f[7] as Uint8Array }
  return { kind: 'eip1559', chainId: number(0), ...price, ...call, v: number(9), r: number(10), s: number(11) }
}

interface Vector {
  readonly result: Record<string, { readonly exception?: string; readonly sender?: string; readonly hash?: string }>
  readonly txbytes: string
}

t.test("Ethereum's transactions keep their hash, sender and signature", async (t) => {
  const root = sharedData(t, 'eth', 'TransactionTests')
  if (root === undefined) return
  const kinds: Record<string, number> = {}
  for (const file of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.json')) continue
    for (const [name, v] of Object.entries(JSON.parse(readFileSync(join(root, file), 'utf8')) as Record<string, Vector>)) {
      const result = v.result.Cancun
      if (result?.sender === undefined || result.hash === undefined) continue
      const tx = parse(bytes(v.txbytes))
      // A nonce or gas limit of 2^63 and more, and values above 2^128, are no messages.
      if (tx === undefined || tx.gasLimit >> 63n !== 0n || tx.nonce >> 63n !== 0n || tx.value >> 128n !== 0n) continue
      if (tx.maxFeePerGas >> 128n !== 0n || tx.maxPriorityFeePerGas >> 128n !== 0n) continue
      t.equal(hex(transactionBytes(tx)), v.txbytes, name)
      t.equal(hex(transactionHash(tx)), result.hash, name)
      const from = addressOfEth(bytes(result.sender))
      const signed = signedMessageOf(tx, from)
      const chainId = tx.kind === 'homestead' ? 314n : tx.chainId
      t.same(
        ethTransactionOf(signed, chainId),
        { ...tx, to: tx.to === undefined ? undefined : ethAddressOf(signed.message.to), input: new Uint8Array(tx.input) },
        name,
      )
      t.doesNotThrow(() => verifyDelegated(signed, from, chainId), name)
      t.throws(() => verifyDelegated(signed, addressOfEth(new Uint8Array(20).fill(1)), chainId), { code: 'ETH_SIGNATURE' })
      if (tx.kind !== 'homestead') t.throws(() => verifyDelegated(signed, from, chainId + 1n), { code: 'ETH_SIGNATURE' })
      kinds[tx.kind] = (kinds[tx.kind] ?? 0) + 1
    }
  }
  t.same(kinds, { homestead: 21, eip155: 9 }, 'those of EIP-1559 all have access lists')
})

t.test("EIP-155's own example", async (t) => {
  const tx: EthTransaction = {
    kind: 'eip155',
    chainId: 1n,
    nonce: 9n,
    to: new Uint8Array(20).fill(0x35),
    value: 10n ** 18n,
    input: new Uint8Array(0),
    gasLimit: 21_000n,
    maxFeePerGas: 20n * 10n ** 9n,
    maxPriorityFeePerGas: 20n * 10n ** 9n,
    v: 37n,
    r: 0x28ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276n,
    s: 0x67cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83n,
  }
  t.equal(
    hex(unsignedTransactionBytes(tx)),
    '0xec098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080018080',
  )
  const sender = addressOfEth(bytes('0x9d8a62f656a8d1615c1294fd71e9cfb3e4855a4f'))
  const signed = signedMessageOf(tx, sender)
  const before = hex(signed.signature.data)
  t.doesNotThrow(() => verifyDelegated(signed, sender, 1n))
  t.equal(hex(signed.signature.data), before, 'nothing is changed on the way')
  const withData = (data: Uint8Array): SignedMessage => ({ ...signed, signature: { type: 3, data } })
  const { data } = signed.signature
  const refused = (what: string, m: SignedMessage, code: string, chainId = 1n) =>
    t.throws(() => verifyDelegated(m, sender, chainId), { code }, what)
  refused('unknown mark', withData(Uint8Array.of(3, ...data.subarray(1))), 'ETH_SIGNATURE')
  refused('homestead with its v', withData(Uint8Array.of(1, ...data.subarray(1))), 'ETH_SIGNATURE')
  refused('length', withData(data.subarray(0, 64)), 'ETH_SIGNATURE')
  refused('v of another chain', withData(Uint8Array.of(...data.subarray(0, 65), 39)), 'ETH_SIGNATURE')
  refused('v that underflows', withData(Uint8Array.of(...data.subarray(0, 65), 1)), 'ETH_SIGNATURE')
  refused('no point', withData(Uint8Array.of(2, ...new Uint8Array(64), 37)), 'ETH_SIGNATURE')
  refused('another kind of signature', { ...signed, signature: { type: 1, data } }, 'ETH_SIGNATURE')
  const changed = (m: Partial<SignedMessage['message']>): SignedMessage => ({ ...signed, message: { ...signed.message, ...m } })
  refused('a premium below the price', changed({ gasPremium: 1n }), 'ETH_TRANSACTION')
  refused('another nonce', changed({ nonce: 8n }), 'ETH_SIGNATURE')
  refused('another method', changed({ method: 0n }), 'ETH_TRANSACTION')
  refused('version', changed({ version: 1n }), 'ETH_TRANSACTION')
  refused('a method of the address manager', changed({ to: Address.fromId(10n), method: 2n }), 'ETH_TRANSACTION')
  refused('parameters that are no bytes', changed({ params: Uint8Array.of(0x80) }), 'ETH_TRANSACTION')
  refused('empty bytes', changed({ params: Uint8Array.of(0x40) }), 'ETH_TRANSACTION')
  refused('bytes behind', changed({ params: Uint8Array.of(0x41, 1, 2) }), 'ETH_TRANSACTION')
  refused('a long head', changed({ params: Uint8Array.of(0x58, 1, 1) }), 'ETH_TRANSACTION')
  refused('a receiver without an Ethereum address', changed({ to: Address.fromBls(new Uint8Array(48)) }), 'ETH_ADDRESS')
  refused('a sender without one', changed({ from: Address.fromBls(new Uint8Array(48)) }), 'ETH_ADDRESS')
})

t.test('transactions of a Lotus chain', async (t) => {
  const folder = sharedData(t, 'chains', 'lotus-devnet')
  if (folder === undefined) return
  const { roots, store } = readCar(join(folder, 'chain.car.zst'))
  const chain = new ChainReader(store)
  const chainId = 31_415_926n
  const hashes = new Map<string, EthTransaction>()
  for (let ts = chain.tipset(new TipsetKey(roots)); ts.height > 0; ts = chain.parent(ts)) {
    for (const block of ts.blocks) {
      for (const m of chain.messages(block).secp) {
        if (m.signature.type !== 3) continue
        const tx = ethTransactionOf(m, chainId)
        hashes.set(hex(transactionHash(tx)), tx)
        verifyDelegated(m, m.message.from, chainId)
      }
    }
  }
  t.equal(hashes.size, 1117)
  let compared = 0
  for (const { method, result } of readAnswers(folder)) {
    if (method !== 'eth_getTransactionByHash' || result === null || result === undefined) continue
    const tx = hashes.get(result.hash)
    if (tx === undefined) continue
    const q = (n: bigint): string => `0x${n.toString(16)}`
    t.match(result, {
      nonce: q(tx.nonce),
      value: q(tx.value),
      gas: q(tx.gasLimit),
      input: hex(tx.input),
      v: q(tx.v),
      r: q(tx.r),
      s: q(tx.s),
    })
    compared++
  }
  t.ok(compared > 0, `${compared} answers of Lotus`)
})

t.test('addresses', async (t) => {
  const f410 = Address.fromDelegated(10n, new Uint8Array(20).fill(7))
  t.same(ethAddressOf(f410), new Uint8Array(20).fill(7))
  t.ok(addressOfEth(new Uint8Array(20).fill(7)).equals(f410))
  const masked = bytes('0xff00000000000000000000000000000000000065')
  t.same(Buffer.from(ethAddressOf(Address.fromId(0x65n))), masked)
  t.equal(String(addressOfEth(masked)), 'f0101')
  t.ok(isMaskedId(masked))
  t.notOk(isMaskedId(bytes('0xff01000000000000000000000000000000000065')))
  t.throws(() => addressOfEth(new Uint8Array(19)), { code: 'ETH_ADDRESS' })
  t.throws(() => addressOfEth(bytes('0xff0000000000000000000000ffffffffffffffff')), { code: 'ETH_ADDRESS' })
  t.throws(() => ethAddressOf(Address.fromDelegated(10n, masked)), { code: 'ETH_ADDRESS' }, 'an id in an f410 address')
  t.throws(() => ethAddressOf(Address.fromDelegated(11n, new Uint8Array(20))), { code: 'ETH_ADDRESS' })
  t.throws(() => ethAddressOf(Address.fromDelegated(10n, new Uint8Array(19))), { code: 'ETH_ADDRESS' })
  t.throws(() => delegatedAddressOfKey(new Uint8Array(65)), { code: 'ETH_ADDRESS' })
})
