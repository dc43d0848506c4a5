/** Proof parameters as files: their names, their digest, and the making of insecure ones for networks of one's own. */
import { addon } from './addon.ts'
import { type CancelOptions, cancellable } from './cancel.ts'
import { nativeCall } from './errors.ts'

/** The circuits that have parameters. */
export type Circuit = 'winning' | 'window' | 'seal' | 'update'

export interface ParameterNames {
  /** Proving parameters: some MB for 2 KiB sectors, tens of GB for real ones. */
  readonly params: string
  /** The verifying key, some KiB. */
  readonly vk: string
  /** The sector size in JSON. */
  readonly meta: string
}

/** File names in the parameter cache, the same in every implementation. @throws NativeError NATIVE_ARGUMENT */
export function parameterNames(circuit: Circuit, sectorSize: number): ParameterNames {
  return nativeCall(() => addon().proofParameterNames(circuit, sectorSize))
}

/**
 * Makes the parameters of a circuit from 32 bytes and writes them into a folder, the .params file last. The same seed gives
 * the same files on every machine; who knows it can forge proofs, so they are for devnets alone.
 * @throws NativeError NATIVE_PROOF, NATIVE_ARGUMENT; the signal's reason
 */
export function generateParameters(
  args: { readonly circuit: Circuit; readonly sectorSize: number; readonly seed: Uint8Array; readonly folder: string },
  options: CancelOptions = {},
): Promise<ParameterNames> {
  const { circuit, sectorSize, seed, folder } = args
  return cancellable((cancel) => addon().generateProofParameters(circuit, sectorSize, seed, folder, cancel), options)
}

/** The digest that parameters.json lists: the first 16 bytes, in hex, of a file's blake2b-512. @throws NativeError NATIVE_PROOF */
export async function parameterDigest(path: string, options: CancelOptions = {}): Promise<string> {
  const digest = await cancellable((cancel) => addon().fileDigest(path, cancel), options)
  return Buffer.from(digest.subarray(0, 16)).toString('hex')
}
