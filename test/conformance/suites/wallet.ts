import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ConformanceReport, ConformanceSuite } from '../../kit/conformance.ts'
import { blsSuite, blsWallet, walletKeys } from './wallet/bls.ts'
import { ledgerVectors } from './wallet/ledger.ts'
import { signedVectors, tampered, transactions, utilVectors } from './wallet/messages.ts'
import { deserialize, multisig, paymentChannel, serialize, vouchers } from './wallet/params.ts'

/** The shape of each file is the business of what reads it. */
type Read = (name: string) => any
type Run = (report: ConformanceReport, read: Read) => Promise<void> | void

const derivation = 'keys from mnemonics are not implemented yet'

const files: Readonly<Record<string, Run>> = {
  'bls-filecoin-suite.json': (r, read) => blsSuite(r, read('bls-filecoin-suite.json').cases),
  'bls_signature.json': (r, read) => blsWallet(r, { wallet: read('bls_wallet.json'), signature: read('bls_signature.json') }),
  // Read together with the signature.
  'bls_wallet.json': () => {},
  'deserialize_constructor_params.json': (r, read) =>
    deserialize(r, 'deserialize_constructor_params.json', read('deserialize_constructor_params.json')),
  'deserialize_params.json': (r, read) => deserialize(r, 'deserialize_params.json', read('deserialize_params.json')),
  'get_cid.json': () => {},
  'ledger-manual.json': (r, read) => ledgerVectors(r, read('ledger-manual.json')),
  'mnemonics.json': (r, read) => {
    for (const v of read('mnemonics.json')) r.skip(`mnemonics.json: ${v.description}`, derivation)
  },
  'multisig.json': (r, read) => multisig(r, read('multisig.json')),
  'payment_channel.json': (r, read) => paymentChannel(r, read('payment_channel.json')),
  'serialize_params.json': (r, read) => serialize(r, read('serialize_params.json')),
  'signed_message.json': (r, read) => signedVectors(r, { signed: read('signed_message.json'), cid: read('get_cid.json') }),
  'txs.json': (r, read) => transactions(r, 'txs.json', read('txs.json')),
  'utils.json': (r, read) => utilVectors(r, read('utils.json')),
  'verify_signature.json': (r, read) => tampered(r, read('verify_signature.json').verify_invalid_signature),
  'voucher.json': (r, read) => vouchers(r, read('voucher.json')),
  'wallet.json': async (r, read) => {
    await walletKeys(r, read('wallet.json'))
    for (const c of read('wallet.json').childs) r.skip(`wallet.json ${c.path}`, derivation)
  },
}

/** Vectors of wallets: encodings, CIDs, signatures, parameters, vouchers. */
export const suite: ConformanceSuite = {
  group: 'wallet',
  async run(report, dataPath) {
    const read: Read = (name) => JSON.parse(readFileSync(join(dataPath, name), 'utf8'))
    for (const file of readdirSync(dataPath).sort()) {
      const run = files[file]
      if (run === undefined) report.fail(file, 'unknown file')
      else await run(report, read)
    }
  },
}
