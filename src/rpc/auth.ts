import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { chmod, link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
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
  readonly #secret: Uint8Array

  constructor(secret: Uint8Array) {
    if (secret.length < 16) throw new RpcError('RPC_SECRET', 'the secret of the API is shorter than 16 bytes')
    this.#secret = secret.slice()
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

/** Base32 of RFC 4648 without padding: how Lotus's keystore names its files. */
export function keystoreFileName(name: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  let out = ''
  let bits = 0
  let value = 0
  for (const byte of Buffer.from(name, 'utf8')) {
    value = (value << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      out += alphabet[(value >> bits) & 31]
    }
    value &= (1 << bits) - 1
  }
  if (bits > 0) out += alphabet[(value << (5 - bits)) & 31]
  return out
}

/**
 * The secret that signs tokens, made when the keystore has none.
 * @param keystore the repository's keystore folder; it is made with mode 0700
 * @returns the secret, and whether it is new: then the `token` file is to be written anew
 * @throws RpcError RPC_SECRET for a file that others can read or that is not a secret
 */
export async function loadOrCreateSecret(keystore: string): Promise<{ readonly secret: Uint8Array; readonly created: boolean }> {
  const path = join(keystore, keystoreFileName(SECRET_NAME))
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code !== 'ENOENT')
      throw new RpcError('RPC_SECRET', `the API's secret ${path} cannot be read`, { cause: e })
    const secret = randomBytes(SECRET_BYTES)
    await mkdir(keystore, { recursive: true, mode: 0o700 })
    const written = await writePrivateFile(
      path,
      JSON.stringify({ Type: SECRET_TYPE, PrivateKey: secret.toString('base64') }),
      'new',
    )
    // Another process was faster: its secret is the one that counts.
    return written ? { secret, created: true } : loadOrCreateSecret(keystore)
  }
  let info: { Type?: unknown; PrivateKey?: unknown }
  try {
    info = JSON.parse(text)
  } catch {
    // The parser's message would quote the file.
    throw new RpcError('RPC_SECRET', `the API's secret ${path} is not JSON; delete the file to get a new secret`)
  }
  if (info?.Type !== SECRET_TYPE || typeof info.PrivateKey !== 'string')
    throw new RpcError('RPC_SECRET', `the API's secret ${path} is not a ${SECRET_TYPE}; delete the file to get a new secret`)
  return { secret: new Uint8Array(Buffer.from(info.PrivateKey, 'base64')), created: false }
}

/**
 * Writes a file that only its owner can read: mode 0600, in place at once (written beside and renamed).
 * @param mode `new` leaves a file that exists alone @returns false when it was left alone
 */
export async function writePrivateFile(path: string, text: string, mode: 'new' | 'replace' = 'replace'): Promise<boolean> {
  const beside = join(dirname(path), `.${randomBytes(6).toString('hex')}.tmp`)
  await writeFile(beside, text, { mode: 0o600, flag: 'wx', flush: true })
  try {
    // The process's umask may have taken more away, never less; 0600 is what other programs expect.
    await chmod(beside, 0o600)
    if (mode === 'replace') {
      await rename(beside, path)
      return true
    }
    await link(beside, path)
    await rm(beside)
    return true
  } catch (e) {
    await rm(beside, { force: true })
    if (mode === 'new' && (e as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw e
  }
}

/**
 * Writes the `token` and `api` files by which the CLI finds the node.
 * @param apiMultiaddr `/ip4/127.0.0.1/tcp/1234/http`
 */
export async function writeApiFiles(
  paths: { readonly token: string; readonly api: string },
  values: { readonly token: string; readonly apiMultiaddr: string },
): Promise<void> {
  await writePrivateFile(paths.token, values.token)
  await writePrivateFile(paths.api, values.apiMultiaddr)
}
