import type { Address } from '../types/address.ts'
import type { Signature } from '../types/signature.ts'
import { noKey } from './errors.ts'
import type { Signer, SignPurpose } from './signer.ts'

/** Several signers as one: the first that has a key signs with it (Lotus chain/wallet/multi.go). */
export class MultiSigner implements Signer {
  readonly #signers: readonly Signer[]

  constructor(signers: readonly Signer[]) {
    this.#signers = signers
  }

  async list(): Promise<readonly Address[]> {
    const found = new Map<string, Address>()
    for (const signer of this.#signers) for (const a of await signer.list()) if (!found.has(a.key)) found.set(a.key, a)
    return [...found.values()]
  }

  async has(address: Address): Promise<boolean> {
    return (await this.#find(address)) !== undefined
  }

  async sign(address: Address, data: Uint8Array, purpose: SignPurpose): Promise<Signature> {
    const signer = await this.#find(address)
    if (signer === undefined) throw noKey(address)
    return signer.sign(address, data, purpose)
  }

  /** A signer that fails does not hide the key of another; its failure shows when no other has it. */
  async #find(address: Address): Promise<Signer | undefined> {
    let failure: { readonly error: unknown } | undefined
    for (const signer of this.#signers) {
      try {
        if (await signer.has(address)) return signer
      } catch (error) {
        failure ??= { error }
      }
    }
    if (failure !== undefined) throw failure.error
    return undefined
  }
}
