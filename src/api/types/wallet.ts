import type { Codec } from '../../codec/codec.ts'
import { as, record, type Shape } from '../../codec/combinators.ts'
import { bytes, text } from '../../codec/primitives.ts'

/** The numbers of signature kinds, which old clients send instead of names (Lotus chain/types/keystore.go, KeyType). */
const numbered: Readonly<Record<string, string>> = { 1: 'secp256k1', 2: 'bls', 3: 'delegated' }

/** `bls`, `secp256k1`, `secp256k1-ledger` or `delegated`; the wallet refuses others. */
export const keyType: Codec<string> = {
  ...text,
  name: 'key type',
  fromJson: (json, path) => (typeof json === 'number' ? numbered[json] : undefined) ?? text.fromJson(json, path),
}

/** A private key as it is exported (Lotus types.KeyInfo): its kind and its 32 bytes. */
export const keyInfo = record('KeyInfo', { type: as('Type', keyType), privateKey: bytes })
export type KeyInfoView = Readonly<Shape<typeof keyInfo.fields>>
