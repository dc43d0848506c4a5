import { getLogger } from '../lib/log.ts'
import { isSealed, type KeyInfo, type KeyRecord, type Keystore, keyNames, type SealedKey } from '../store/keystore.ts'
import { KeystoreError } from '../store/repo-errors.ts'
import { Address } from '../types/address.ts'
import type { Signature } from '../types/signature.ts'
import { locked, noKey, notEncrypted, WalletError } from './errors.ts'
import { Key } from './key.ts'
import { addressOf, namesOfKey } from './key-names.ts'
import { DataKey, LOCK_NAME } from './passphrase.ts'
import { mendSealing, sealAll } from './sealing.ts'
import { checkPurpose, type Signer, type SigningNetwork, type SignPurpose } from './signer.ts'

const log = getLogger('wallet')

export interface LocalWalletInit extends SigningNetwork {
  /** What addresses begin with in the names of key files. Old files of mainnet have `t`; both are found. */
  readonly addressPrefix: 'f' | 't'
  /** Cost of a passphrase, see `DataKey.lock`; lower only in tests. */
  readonly scryptLogN?: number
}

/** `none`: keys are not encrypted. */
export type LockState = 'none' | 'locked' | 'unlocked'

/**
 * The keys of this machine, in Lotus's key files (Lotus chain/wallet/wallet.go). With a passphrase the files are encrypted, and the wallet
 * is locked after each start until it is unlocked.
 */
export class LocalWallet implements Signer {
  readonly #store: Keystore
  readonly #init: LocalWalletInit
  /** Keys that were used since the start or the last `lock`. */
  readonly #open = new Map<string, Key>()
  #dataKey: DataKey | undefined
  #lock: SealedKey | undefined
  /** Changes come one after the other. */
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(store: Keystore, init: LocalWalletInit, lock: SealedKey | undefined) {
    this.#store = store
    this.#init = init
    this.#lock = lock
  }

  /** @throws KeystoreError for files that are no keys or that others may read */
  static async open(components: { readonly keystore: Keystore }, init: LocalWalletInit): Promise<LocalWallet> {
    const record = await components.keystore.find(LOCK_NAME)
    if (record !== undefined && !isSealed(record))
      throw new KeystoreError('KEYSTORE_FORMAT', `The file of the key "${LOCK_NAME}" is damaged: it holds no lock.`)
    await mendSealing(components.keystore, record !== undefined)
    if (record !== undefined) log.warn('the wallet is locked: nothing is signed until nelumbo wallet unlock')
    return new LocalWallet(components.keystore, init, record)
  }

  get lockState(): LockState {
    if (this.#lock === undefined) return 'none'
    return this.#dataKey === undefined ? 'locked' : 'unlocked'
  }

  /** Sorted by their text. Readable while the wallet is locked. */
  async list(): Promise<readonly Address[]> {
    const found = new Map<string, Address>()
    for (const name of await this.#store.list()) {
      const address = addressOf(name)
      if (address !== undefined) found.set(address.key, address)
    }
    const texts = [...found.values()].map((a) => [a.toString(this.#init.addressPrefix), a] as const)
    return texts.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, a]) => a)
  }

  async has(address: Address): Promise<boolean> {
    return (await this.#find(address)) !== undefined
  }

  async sign(address: Address, data: Uint8Array, purpose: SignPurpose): Promise<Signature> {
    checkPurpose(address, data, purpose, this.#init)
    return (await this.#key(address)).sign(data)
  }

  /** Makes a key; the first becomes the default. @throws WalletError WALLET_KIND, WALLET_LOCKED */
  create(type: string): Promise<Address> {
    return this.#inTurn(async () => {
      const key = Key.generate(type)
      await this.#add(key)
      log.info('a key was made', { address: this.#text(key.address) })
      if ((await this.#store.find(keyNames.default)) === undefined) await this.#store.replace(keyNames.default, this.#record(key))
      return key.address
    })
  }

  /** @throws WalletError WALLET_KIND, WALLET_KEY, WALLET_LOCKED; KeystoreError KEYSTORE_EXISTS */
  import(info: KeyInfo): Promise<Address> {
    return this.#inTurn(async () => {
      const key = Key.from(info)
      await this.#add(key)
      log.info('a key was imported', { address: this.#text(key.address) })
      return key.address
    })
  }

  /** The private key of an address. @throws WalletError WALLET_NO_KEY, WALLET_LOCKED */
  async export(address: Address): Promise<KeyInfo> {
    const key = await this.#key(address)
    log.warn('a private key was exported', { address: this.#text(address) })
    return key.info()
  }

  /** Takes a key out of use; its file stays as `trash-…`. Nothing happens when there is none. */
  delete(address: Address): Promise<void> {
    return this.#inTurn(async () => {
      let found = false
      for (const name of namesOfKey(address, this.#init.addressPrefix)) {
        if ((await this.#store.find(name)) === undefined) continue
        await this.#store.delete(name)
        found = true
      }
      if (!found) return
      log.warn('a key was taken out of use', { address: this.#text(address) })
      this.#open.get(address.key)?.wipe()
      this.#open.delete(address.key)
      const standard = await this.#defaultAddress().catch(() => undefined)
      if (standard?.equals(address) === true) await this.#store.delete(keyNames.default)
    })
  }

  /** @throws WalletError WALLET_NO_DEFAULT */
  async defaultAddress(): Promise<Address> {
    const address = await this.#defaultAddress()
    if (address !== undefined) return address
    throw new WalletError('WALLET_NO_DEFAULT', 'the wallet has no default address', {
      hint: 'set one with: nelumbo wallet set-default ADDRESS',
    })
  }

  /** @throws WalletError WALLET_NO_KEY */
  setDefault(address: Address): Promise<void> {
    return this.#inTurn(async () => {
      const found = await this.#find(address)
      if (found === undefined) throw noKey(address)
      await this.#store.replace(keyNames.default, found.record)
    })
  }

  /**
   * Encrypts all keys with a passphrase, or replaces the passphrase of an unlocked wallet. The wallet is unlocked afterwards. A process that
   * is killed meanwhile leaves all keys encrypted or none.
   * @param passphrase overwritten when done
   * @throws WalletError WALLET_PASSWORD, WALLET_LOCKED
   */
  setPassphrase(passphrase: Uint8Array): Promise<void> {
    return this.#inTurn(async () => {
      try {
        if (this.lockState === 'locked') throw locked()
        const dataKey = this.#dataKey ?? DataKey.generate()
        const lock = await dataKey.lock(passphrase, this.#init.scryptLogN)
        // What the passphrase does not open must not take the place of anything.
        const check = await DataKey.open(lock, passphrase)
        check.wipe()
        const first = this.#lock === undefined
        const commit = async (): Promise<void> => {
          await (first ? this.#store.put(LOCK_NAME, lock) : this.#store.replace(LOCK_NAME, lock))
          this.#lock = lock
          this.#dataKey = dataKey
        }
        if (first) await sealAll(this.#store, dataKey, (address) => this.#text(address), commit)
        else await commit()
        log.warn("the wallet's passphrase was set")
      } finally {
        passphrase.fill(0)
      }
    })
  }

  /**
   * Key files that were put there by hand meanwhile are encrypted.
   * @param passphrase overwritten when done
   * @throws WalletError WALLET_PASSWORD, WALLET_NOT_ENCRYPTED
   */
  unlock(passphrase: Uint8Array): Promise<void> {
    return this.#inTurn(async () => {
      try {
        if (this.#lock === undefined) throw notEncrypted()
        const dataKey = await DataKey.open(this.#lock, passphrase)
        this.#dataKey?.wipe()
        this.#dataKey = dataKey
        log.info('the wallet is unlocked')
        await sealAll(this.#store, dataKey, (address) => this.#text(address)).catch((error: unknown) => {
          log.error('keys that lie in the clear could not be encrypted', {}, error)
        })
      } catch (error) {
        log.warn('the wallet was not unlocked', {}, error)
        throw error
      } finally {
        passphrase.fill(0)
      }
    })
  }

  /** Forgets all keys until the next `unlock`. @throws WalletError WALLET_NOT_ENCRYPTED */
  lock(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#lock === undefined) throw notEncrypted()
      this.#forget()
      log.info('the wallet is locked')
    })
  }

  /** Overwrites what is in memory. */
  close(): Promise<void> {
    return this.#inTurn(async () => this.#forget())
  }

  #forget(): void {
    for (const key of this.#open.values()) key.wipe()
    this.#open.clear()
    this.#dataKey?.wipe()
    this.#dataKey = undefined
  }

  async #add(key: Key): Promise<void> {
    if (this.lockState === 'locked') throw locked()
    if ((await this.#find(key.address)) !== undefined)
      throw new KeystoreError('KEYSTORE_EXISTS', `The wallet already holds the key of ${this.#text(key.address)}.`)
    await this.#store.put(keyNames.wallet + this.#text(key.address), this.#record(key))
    this.#open.set(key.address.key, key)
  }

  #record(key: Key): KeyRecord {
    const info = key.info()
    if (this.#dataKey === undefined) return info
    try {
      return this.#dataKey.seal(info, this.#text(key.address))
    } finally {
      info.privateKey.fill(0)
    }
  }

  async #key(address: Address): Promise<Key> {
    // Also for keys that a killed process left in the clear: a locked wallet signs nothing.
    if (this.lockState === 'locked') throw (await this.has(address)) ? locked() : noKey(this.#text(address))
    const open = this.#open.get(address.key)
    if (open !== undefined) return open
    const found = await this.#find(address)
    if (found === undefined) throw noKey(this.#text(address))
    const key = this.#unseal(found.record)
    if (!key.address.equals(address)) {
      key.wipe()
      throw new WalletError('WALLET_KEY', `the key file of ${this.#text(address)} holds the key of another address`)
    }
    this.#open.set(address.key, key)
    return key
  }

  #unseal(record: KeyRecord): Key {
    if (isSealed(record) && this.#dataKey === undefined) throw locked()
    const info = isSealed(record) ? (this.#dataKey as DataKey).unseal(record) : record
    try {
      return Key.from(info)
    } finally {
      info.privateKey.fill(0)
    }
  }

  async #find(address: Address): Promise<{ readonly name: string; readonly record: KeyRecord } | undefined> {
    for (const name of namesOfKey(address, this.#init.addressPrefix)) {
      const record = await this.#store.find(name)
      if (record !== undefined) return { name, record }
    }
    return undefined
  }

  async #defaultAddress(): Promise<Address | undefined> {
    const record = await this.#store.find(keyNames.default)
    if (record === undefined) return undefined
    if (isSealed(record)) return Address.parse(record.address)
    const key = Key.from(record)
    key.wipe()
    record.privateKey.fill(0)
    return key.address
  }

  #text(address: Address): string {
    return address.toString(this.#init.addressPrefix)
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#turn.then(work, work)
    this.#turn = run.catch(() => undefined)
    return run
  }
}
