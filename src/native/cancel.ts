import type { NativeCancel } from '../../native/index.d.ts'
import { addon } from './addon.ts'
import { nativeAsync } from './errors.ts'

export interface CancelOptions {
  readonly signal?: AbortSignal | undefined
}

/**
 * Runs a call of the native proving threads that ends with the signal: work that has not begun is dropped. Work that runs
 * cannot be stopped inside the proofs library; it goes on for itself, and its result is thrown away.
 * @throws NativeError; the signal's reason when it fires
 */
export async function cancellable<T>(
  call: (cancel: NativeCancel | undefined) => Promise<T>,
  { signal }: CancelOptions,
): Promise<T> {
  if (signal === undefined) return nativeAsync(() => call(undefined))
  signal.throwIfAborted()
  const cancel = new (addon().NativeCancel)()
  const stop = () => cancel.cancel()
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await nativeAsync(() => call(cancel))
  } catch (e) {
    signal.throwIfAborted()
    throw e
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
