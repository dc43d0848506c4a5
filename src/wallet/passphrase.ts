import { createCipheriv, createDecipheriv, randomBytes, type ScryptOptions, scrypt } from 'node:crypto'
import type { KeyInfo, SealedKey } from '../store/keystore.ts'
import { WalletError } from './errors.ts'

/** Name under which the keystore holds what opens with the passphrase. */
export const LOCK_NAME = 'nelumbo-lock'
const LOCK_TYPE = 'wallet-lock'

const VERSION = 1
const LOG_N = 17
/** A lock file that asks for more work than this is none of ours. */
const MAX_LOG_N = 20
const SALT = 16
const NONCE = 12
const TAG = 16
const DATA_KEY = 32
const LOCK_LENGTH = 2 + SALT + NONCE + DATA_KEY + TAG
const CIPHER = 'aes-256-gcm'
/** Bytes of UTF-8. */
export const MAX_PASSPHRASE = 1024

/**
 * Keys at rest are encrypted (AES-256-GCM) with one random data key, and that with a key drawn from the passphrase (scrypt): a new
 * passphrase replaces one small file, and never touches a key.
 */
export class DataKey {
  readonly #key: Buffer

  private constructor(key: Buffer) {
    this.#key = key
  }

  static generate(): DataKey {
    return new DataKey(randomBytes(DATA_KEY))
  }

  /** Opens what `lock` made. @throws WalletError WALLET_PASSWORD */
  static async open(lock: SealedKey, passphrase: Uint8Array): Promise<DataKey> {
    const data = Buffer.from(lock.sealed)
    const [version, logN] = data
    if (
      lock.type !== LOCK_TYPE ||
      data.length !== LOCK_LENGTH ||
      version !== VERSION ||
      !((logN as number) >= 1 && (logN as number) <= MAX_LOG_N)
    )
      throw new WalletError('WALLET_PASSWORD', "the keystore's lock file is damaged; restore it from a backup")
    const key = await derive(passphrase, data.subarray(2, 2 + SALT), logN as number)
    try {
      return new DataKey(open(key, data.subarray(2 + SALT), lockContext(data)))
    } catch {
      throw new WalletError('WALLET_PASSWORD', 'the passphrase is wrong')
    } finally {
      key.fill(0)
    }
  }

  /**
   * The lock file's content: this key, to be opened with a passphrase.
   * @param logN scrypt's cost, 17 for some tenths of a second and 128 MiB @throws WalletError WALLET_PASSWORD
   */
  async lock(passphrase: Uint8Array, logN = LOG_N): Promise<SealedKey> {
    const head = Buffer.from([VERSION, logN, ...randomBytes(SALT)])
    const key = await derive(passphrase, head.subarray(2), logN)
    try {
      return { type: LOCK_TYPE, address: '', sealed: Buffer.concat([head, seal(key, this.#key, lockContext(head))]) }
    } finally {
      key.fill(0)
    }
  }

  seal(info: KeyInfo, address: string): SealedKey {
    return { type: info.type, address, sealed: seal(this.#key, info.privateKey, keyContext(info.type, address)) }
  }

  /** @throws WalletError WALLET_KEY for a file that was changed, or that another wallet encrypted */
  unseal(sealed: SealedKey): KeyInfo {
    try {
      return { type: sealed.type, privateKey: open(this.#key, sealed.sealed, keyContext(sealed.type, sealed.address)) }
    } catch (cause) {
      throw new WalletError('WALLET_KEY', `the encrypted key of ${sealed.address} does not open: its file is damaged`, { cause })
    }
  }

  wipe(): void {
    this.#key.fill(0)
  }
}

/** What a sealed text belongs to, so that two files cannot be exchanged. */
const keyContext = (type: string, address: string): Buffer => Buffer.from(`nelumbo key ${type} ${address}`)
const lockContext = (data: Buffer): Buffer => Buffer.concat([Buffer.from('nelumbo lock '), data.subarray(0, 2 + SALT)])

function seal(key: Uint8Array, data: Uint8Array, context: Buffer): Buffer {
  const nonce = randomBytes(NONCE)
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(context)
  return Buffer.concat([nonce, cipher.update(data), cipher.final(), cipher.getAuthTag()])
}

function open(key: Uint8Array, sealed: Uint8Array, context: Buffer): Buffer {
  if (sealed.length < NONCE + TAG) throw new RangeError('too short')
  const decipher = createDecipheriv(CIPHER, key, sealed.subarray(0, NONCE), { authTagLength: TAG }).setAAD(context)
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG))
  return Buffer.concat([decipher.update(sealed.subarray(NONCE, sealed.length - TAG)), decipher.final()])
}

function derive(passphrase: Uint8Array, salt: Uint8Array, logN: number): Promise<Buffer> {
  if (passphrase.length === 0 || passphrase.length > MAX_PASSPHRASE)
    throw new WalletError('WALLET_PASSWORD', `a passphrase has 1 to ${MAX_PASSPHRASE} bytes`)
  const options: ScryptOptions = { N: 2 ** logN, r: 8, p: 1, maxmem: 2 ** logN * 8 * 128 * 2 }
  return new Promise((resolve, reject) => {
    scrypt(passphrase, salt, DATA_KEY, options, (error, key) => (error === null ? resolve(key) : reject(error)))
  })
}
