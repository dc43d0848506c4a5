import { NativeError } from '../../native/errors.ts'
import { scanCar } from '../../native/ipld.ts'
import { type ScanOptions, type ScanResult, scanSections } from './scan.ts'

/**
 * As `scanSections`, with the hashing off the JavaScript thread.
 * @throws CarError
 */
export async function scanInBackground(chunk: Uint8Array, options: ScanOptions, offset: number): Promise<ScanResult> {
  try {
    return await scanCar(chunk, { ...options, offset })
  } catch (e) {
    if (!(e instanceof NativeError) || e.code !== 'NATIVE_CAR') throw e
    // The slow scan names what is wrong in this folder's own errors; where it finds nothing the addon's word stands.
    scanSections(chunk, options, offset)
    throw e
  }
}
