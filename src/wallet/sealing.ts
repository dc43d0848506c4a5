import { getLogger } from '../lib/log.ts'
import { isSealed, type Keystore, keyNames } from '../store/keystore.ts'
import type { Address } from '../types/address.ts'
import { WalletError } from './errors.ts'
import { Key } from './key.ts'
import type { DataKey } from './passphrase.ts'

const log = getLogger('wallet')

/** What a key's encrypted copy is called until all of them are there. */
const COPY = 'sealed-'

/**
 * Encrypts the keys that lie in the clear, those in use, deleted ones and the default's copy, all at once or not at all: each first gets an
 * encrypted copy under another name; `commit` then makes the copies count; last they take the place of what they are copies of. A process
 * that was killed before the commit left nothing but copies, which {@link mendSealing} removes; for one that was killed after it, it
 * goes on, and needs no passphrase for that.
 * @param text the address as the network writes it
 * @throws Error when a copy does not open again: then nothing has changed
 */
export async function sealAll(
  store: Keystore,
  dataKey: DataKey,
  text: (address: Address) => string,
  commit: () => Promise<void> = async () => {},
): Promise<void> {
  let copies: string[]
  try {
    copies = await makeCopies(store, dataKey, text)
    await commit()
  } catch (error) {
    // One that stayed would take the place of a key that is put here later.
    await removeCopies(store)
    throw error
  }
  await settle(store, copies)
}

/** At the start, before anything is changed. @param committed whether the wallet is encrypted */
export async function mendSealing(store: Keystore, committed: boolean): Promise<void> {
  if (!committed) return removeCopies(store)
  await settle(store, await namesOf(store, COPY))
  let clear = 0
  for (const name of await ownNames(store)) {
    const record = await store.getRecord(name)
    if (isSealed(record)) continue
    record.privateKey.fill(0)
    clear++
  }
  if (clear > 0) log.warn('keys lie in the clear beside encrypted ones; they are encrypted at the next unlock', { clear })
}

async function makeCopies(store: Keystore, dataKey: DataKey, text: (address: Address) => string): Promise<string[]> {
  const copies: string[] = []
  for (const name of await ownNames(store)) {
    const record = await store.getRecord(name)
    if (isSealed(record)) continue
    try {
      const key = Key.from(record)
      key.wipe()
      const copy = COPY + name
      await store.replace(copy, dataKey.seal(record, text(key.address)))
      const written = await store.getRecord(copy)
      const back = isSealed(written) ? dataKey.unseal(written).privateKey : undefined
      const same = back !== undefined && Buffer.compare(back, record.privateKey) === 0
      back?.fill(0)
      if (!same) throw new Error(`the encrypted copy of the key "${name}" does not open to the same key`)
      copies.push(copy)
    } catch (error) {
      if (!(error instanceof WalletError)) throw error
      log.error('a file of the keystore holds no key of this wallet and is left as it is', { name }, error)
    } finally {
      record.privateKey.fill(0)
    }
  }
  return copies
}

async function settle(store: Keystore, copies: readonly string[]): Promise<void> {
  for (const copy of copies) await store.rename(copy, copy.slice(COPY.length))
}

async function removeCopies(store: Keystore): Promise<void> {
  for (const name of await namesOf(store, COPY)) await store.delete(name)
}

async function namesOf(store: Keystore, prefix: string): Promise<string[]> {
  return (await store.list()).filter((name) => name.startsWith(prefix))
}

/** Names of all keys that the passphrase protects. */
async function ownNames(store: Keystore): Promise<string[]> {
  const names = await store.list()
  return names.filter((n) => n === keyNames.default || n.startsWith(keyNames.wallet) || n.startsWith(keyNames.trash))
}
