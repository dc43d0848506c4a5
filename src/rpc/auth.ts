import { createHmac, createSecretKey, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto'
import { allPermissions, type Permission } from '../api/method.ts'
import { RpcError } from './errors.ts'

/** Longest token that is looked at, in characters. */
const MAX_TOKEN = 4096
const SECRET_BYTES = 32

/** Name of the API's secret in the keystore, and its key type (Lotus node/modules/core.go). */
export const SECRET_NAME = 'auth-jwt-private'
export const SECRET_TYPE = 'jwt-hmac-secret'

/**
 * Makes and checks Lotus's tokens: JSON web tokens of HMAC-SHA-256 whose payload is `{"Allow": [permissions]}`.
 */
export class TokenAuth {
  readonly #secret: KeyObject

  constructor(secret: Uint8Array) {
    if (secret.length < 16) throw new RpcError('RPC_SECRET', 'the secret of the API is shorter than 16 bytes')
    this.#secret = createSecretKey(secret)
  }

  create(perms: readonly Permission[]): string {
    const body = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ Allow: perms })}`
    return `${body}.${this.#sign(body).toString('base64url')}`
  }

  /**
   * The permissions that a token gives; words that are no permissions are passed over.
   * @param now Unix seconds, for tokens that carry `exp` or `nbf`
   * @throws RpcError RPC_TOKEN
   */
  verify(token: string, now: number = Math.floor(Date.now() / 1000)): Permission[] {
    const bad = (why: string): never => {
      throw new RpcError('RPC_TOKEN', `JWT Verification failed: ${why}`)
    }
    if (token.length > MAX_TOKEN) return bad('the token is too long')
    const parts = token.split('.')
    const [head, payload, signature] = parts
    if (parts.length !== 3 || head === undefined || payload === undefined || signature === undefined)
      return bad('the token does not have three parts')
    const given = Buffer.from(signature, 'base64url')
    const expected = this.#sign(`${head}.${payload}`)
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return bad('the signature is wrong')
    const header = unpack(head)
    // Only the algorithm of our own signature: "none" and keys of another kind never count.
    if (header?.alg !== 'HS256') return bad('the algorithm is not HS256')
    const claims = unpack(payload)
    if (claims === undefined) return bad('the payload is not JSON')
    if (typeof claims.exp === 'number' && claims.exp <= now) return bad('the token has expired')
    if (typeof claims.nbf === 'number' && claims.nbf > now) return bad('the token is not valid yet')
    const allow = Array.isArray(claims.Allow) ? claims.Allow : []
    return allPermissions.filter((p) => allow.includes(p))
  }

  #sign(body: string): Buffer {
    return createHmac('sha256', this.#secret).update(body).digest()
  }
}

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function unpack(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

/** What a keystore must do to hold the secret; `Keystore` of src/store fits. */
export interface SecretStore {
  has(name: string): Promise<boolean>
  get(name: string): Promise<{ readonly type: string; readonly privateKey: Uint8Array }>
  /** Fails with the code KEYSTORE_EXISTS where the name is taken. */
  put(name: string, info: { readonly type: string; readonly privateKey: Uint8Array }): Promise<void>
}

/**
 * The secret that signs tokens, made when the keystore has none.
 * @returns the secret, and whether it is new: then the repo's token file is to be written anew
 * @throws RpcError RPC_SECRET for a key of another type; the keystore's errors
 */
export async function loadOrCreateSecret(
  keystore: SecretStore,
): Promise<{ readonly secret: Uint8Array; readonly created: boolean }> {
  if (!(await keystore.has(SECRET_NAME))) {
    const secret = new Uint8Array(randomBytes(SECRET_BYTES))
    try {
      await keystore.put(SECRET_NAME, { type: SECRET_TYPE, privateKey: secret })
      return { secret, created: true }
    } catch (e) {
      // Another process was faster: its secret is the one that counts.
      if ((e as { code?: unknown }).code !== 'KEYSTORE_EXISTS') throw e
    }
  }
  const { type, privateKey } = await keystore.get(SECRET_NAME)
  if (type !== SECRET_TYPE)
    throw new RpcError(
      'RPC_SECRET',
      `the key "${SECRET_NAME}" is a ${type}, not a ${SECRET_TYPE}: delete its file from the keystore to get a new secret`,
    )
  return { secret: privateKey, created: false }
}
