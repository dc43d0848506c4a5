/** Hashes and signatures. Everything synchronous here takes microseconds to a few milliseconds. */
import { addon } from './addon.ts'
import { nativeAsync, nativeCall } from './errors.ts'

const EMPTY = new Uint8Array(0)

/** blake2b of `data`; `size` is the digest's length in bytes, 1 to 64. */
export function blake2b(data: Uint8Array, size = 32): Uint8Array {
  const out = new Uint8Array(size)
  nativeCall(() => addon().blake2BInto(data, out))
  return out
}

/** blake2b with a digest of 32 bytes, the hash of Filecoin's CIDs. */
export function blake2b256(data: Uint8Array): Uint8Array {
  return blake2b(data, 32)
}

/**
 * Signs with Filecoin's BLS suite (`BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_NUL_`).
 * @param secretKey 32 bytes, little endian as wallets store it. @returns 96 bytes. @throws NATIVE_BLS
 */
export function blsSign(secretKey: Uint8Array, message: Uint8Array): Uint8Array {
  return nativeCall(() => addon().blsSign(secretKey, message))
}

/** The 48-byte public key of a 32-byte (little endian) secret key. @throws NATIVE_BLS */
export function blsPublicKey(secretKey: Uint8Array): Uint8Array {
  return nativeCall(() => addon().blsPublicKey(secretKey))
}

/** A secret key derived from at least 32 bytes of seed as the BLS signature draft (key-gen with HKDF) says. @throws NATIVE_BLS */
export function blsKeyFromSeed(seed: Uint8Array): Uint8Array {
  return nativeCall(() => addon().blsKeyFromSeed(seed))
}

/** True when `signature` is the key's over `message`. Bytes that are no points, and the identity as a key, give false. */
export function blsVerify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  return nativeCall(() => addon().blsVerify(publicKey, message, signature))
}

/** The sum of signatures. @throws NATIVE_BLS for an empty list or bytes that are no point. */
export function blsAggregate(signatures: readonly Uint8Array[]): Uint8Array {
  return nativeCall(() => addon().blsAggregate(signatures as Uint8Array[]))
}

/**
 * Verifies an aggregate over (key, message) pairs. Messages must differ from each other (the suite's guard
 * against rogue keys): equal ones give false, as does an empty list, as in filecoin-ffi.
 * @throws NATIVE_BLS when the lists differ in length.
 */
export function blsVerifyAggregate(
  publicKeys: readonly Uint8Array[],
  messages: readonly Uint8Array[],
  signature: Uint8Array,
): boolean {
  return nativeCall(() => addon().blsVerifyAggregate(publicKeys as Uint8Array[], messages as Uint8Array[], signature))
}

/** `blsVerify` on the thread pool. */
export function blsVerifyAsync(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
  return blsVerifyAggregateAsync([publicKey], [message], signature)
}

/** `blsVerifyAggregate` on the thread pool. */
export function blsVerifyAggregateAsync(
  publicKeys: readonly Uint8Array[],
  messages: readonly Uint8Array[],
  signature: Uint8Array,
): Promise<boolean> {
  return nativeAsync(() => addon().blsVerifyAggregateAsync(publicKeys as Uint8Array[], messages as Uint8Array[], signature))
}

/** drand's names of its schemes (drand crypto/schemes.go). */
export type DrandScheme =
  | 'pedersen-bls-chained'
  | 'pedersen-bls-unchained'
  /** Signatures in G1 under G2's domain tag: the first try, kept for old networks. */
  | 'bls-unchained-on-g1'
  /** quicknet */
  | 'bls-unchained-g1-rfc9380'

export interface DrandRound {
  readonly scheme: DrandScheme
  readonly publicKey: Uint8Array
  readonly round: bigint
  /** Chained scheme only; the genesis seed for round 1. */
  readonly previousSignature?: Uint8Array
  readonly signature: Uint8Array
}

/** True when the network's key signed this round. Bytes that are no points give false. */
export function drandVerify(round: DrandRound): boolean {
  return nativeCall(() =>
    addon().drandVerify(round.scheme, round.publicKey, round.round, round.previousSignature ?? EMPTY, round.signature),
  )
}

/** `drandVerify` on the thread pool. */
export function drandVerifyAsync(round: DrandRound): Promise<boolean> {
  return nativeAsync(() =>
    addon().drandVerifyAsync(round.scheme, round.publicKey, round.round, round.previousSignature ?? EMPTY, round.signature),
  )
}

/** Signs a round with a whole (not shared) key, as a devnet's own beacon does. `secretKey`: 32 bytes, big endian. */
export function drandSign(
  scheme: DrandScheme,
  secretKey: Uint8Array,
  round: bigint,
  previousSignature: Uint8Array = EMPTY,
): Uint8Array {
  return nativeCall(() => addon().drandSign(scheme, secretKey, round, previousSignature))
}

/** The public key of a beacon's secret key (32 bytes, big endian): 48 bytes in G1 or 96 in G2, by scheme. */
export function drandPublicKey(scheme: DrandScheme, secretKey: Uint8Array): Uint8Array {
  return nativeCall(() => addon().drandPublicKey(scheme, secretKey))
}

/**
 * Recovers the uncompressed public key (65 bytes) from a signature over a 32-byte hash.
 * @param signature r, s and recovery id (0 to 3): 65 bytes. @throws NATIVE_SECP
 */
export function secp256k1Recover(hash: Uint8Array, signature: Uint8Array): Uint8Array {
  return nativeCall(() => addon().secp256K1Recover(hash, signature))
}

/** Signs a 32-byte hash: r, s (low) and recovery id, 65 bytes; deterministic (RFC 6979). @throws NATIVE_SECP */
export function secp256k1Sign(secretKey: Uint8Array, hash: Uint8Array): Uint8Array {
  return nativeCall(() => addon().secp256K1Sign(secretKey, hash))
}

/** The uncompressed public key (65 bytes) of a 32-byte secret key. @throws NATIVE_SECP */
export function secp256k1PublicKey(secretKey: Uint8Array): Uint8Array {
  return nativeCall(() => addon().secp256K1PublicKey(secretKey))
}
