import { equal, throws } from 'node:assert/strict'
import { decode, encode } from '../../../../src/codec/codec.ts'
import { message } from '../../../../src/types/message.ts'
import type { ConformanceReport } from '../../../kit/conformance.ts'
import { fromHex, hex } from './messages.ts'

interface LedgerVector {
  readonly description: string
  readonly encoded_tx_hex: string
  readonly valid: boolean
  readonly testnet: boolean
  readonly message: Readonly<Record<string, string | number>>
}

/** What the device refuses and the chain's own readers take (go-state-types big.FromBytes, cbor-gen): it must decode. */
const chainTakes: ReadonlyMap<string, string> = new Map([
  ['Negative sign byte', 'the chain reads a number with a sign byte and no magnitude as zero'],
  ['Empty value', 'the chain reads a number with a sign byte and no magnitude as zero'],
  ['Wrong version', "a message's version is checked with its other rules, not where it is decoded"],
])

const chainRefuses: ReadonlyMap<string, string> = new Map([
  ['Using Protocol 0 addresses 3', 'an id of 2^64-1, but varints on the chain have 63 bits (multiformats/go-varint)'],
])
/** Zero as the vectors' first writers put it; it reads as zero and is written as an empty number. */
const paddedZero = /(?<=1961a8)420000/

/** Encodings that a signing device takes or refuses. */
export async function ledgerVectors(report: ConformanceReport, vectors: readonly LedgerVector[]): Promise<void> {
  for (const [i, v] of vectors.entries()) {
    const reason = (v.valid ? chainRefuses : chainTakes).get(v.description)
    if (reason !== undefined) {
      report.skip(`ledger-manual.json ${i}: ${v.description}`, reason)
      continue
    }
    await report.check(`ledger-manual.json ${i}: ${v.description}`, () => {
      const bytes = fromHex(v.encoded_tx_hex)
      if (!v.valid) {
        throws(() => decode(message, bytes), { code: /^CODEC_|^ADDRESS_/ })
        return
      }
      const m = decode(message, bytes)
      equal(
        hex(encode(message, m)),
        v.encoded_tx_hex.toLowerCase().replace(m.gasFeeCap === 0n ? paddedZero : '', m.gasFeeCap === 0n ? '40' : ''),
      )
      const prefix = v.testnet ? 't' : 'f'
      const text = {
        version: m.version,
        to: m.to.toString(prefix),
        from: m.from.toString(prefix),
        nonce: m.nonce,
        value: m.value,
        gaslimit: m.gasLimit,
        gasfeecap: m.gasFeeCap,
        gaspremium: m.gasPremium,
        method: m.method,
      }
      for (const [key, got] of Object.entries(text)) {
        const wanted = v.message[key]
        if (typeof got === 'string') equal(got, wanted, key)
        else equal(got, BigInt(wanted as string), key)
      }
    })
  }
}
