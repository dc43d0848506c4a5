import { as, record, type Shape } from '../../codec/combinators.ts'
import { bytes, text } from '../../codec/primitives.ts'

/** A private key as it is exported (Lotus types.KeyInfo): `bls`, `secp256k1` or `delegated`, and its 32 bytes. */
export const keyInfo = record('KeyInfo', { type: as('Type', text), privateKey: bytes })
export type KeyInfoView = Readonly<Shape<typeof keyInfo.fields>>
