/** Fetches published proof parameters, as `lotus fetch-params` does (go-paramfetch). */
import { rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeFolder, syncFolder } from '../../lib/atomic-file.ts'
import { DownloadError, downloadFile } from '../../lib/download.ts'
import { errorMessage } from '../../lib/errors.ts'
import { tryLockFile } from '../../lib/file-lock.ts'
import { getLogger } from '../../lib/log.ts'
import { parameterDigest } from '../../native/parameters.ts'
import { ParameterError } from './errors.ts'
import { checkParameterFiles, type ParameterFile } from './list.ts'

const log = getLogger('params')

/** Asked in this order. What they send is compared with the digests, so they need not be trusted. */
export const defaultGateways: readonly string[] = [
  'https://proofs.filecoin.io/ipfs/',
  'https://ipfs.io/ipfs/',
  'https://dweb.link/ipfs/',
]

/** The longest, the window PoSt's of 64 GiB, has less than 64 GiB. */
const maxBytes = 128 * 2 ** 30
const lockName = 'fetch.lock'
const waitMs = 500

export type FetchProgress =
  | { readonly stage: 'waiting' }
  | { readonly stage: 'checking'; readonly name: string }
  | { readonly stage: 'fetching'; readonly name: string; readonly bytes: number; readonly totalBytes: number | undefined }

export interface FetchOptions {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (progress: FetchProgress) => void
  /** Failed transfers that are taken up again at each gateway. */
  readonly retries?: number
}

export interface FetchArgs {
  readonly files: readonly ParameterFile[]
  readonly folder: string
  readonly gateways?: readonly string[]
  /** Leave files that are there unread (Lotus: TRUST_PARAMS=1). */
  readonly trust?: boolean
}

/**
 * Fetches what is missing, and what is damaged anew. A transfer that was cut off, also by the end of the process, goes on where
 * it was; a file gets its name when its digest is right.
 * @returns names of the files that were fetched. @throws ParameterError PARAMETER_DIGEST, PARAMETER_DOWNLOAD, with the name of
 * the first file that could not be had, after all others have been; the signal's reason
 */
export async function fetchParameters(args: FetchArgs, options: FetchOptions = {}): Promise<string[]> {
  const { folder, files } = args
  await makeFolder(folder)
  const unlock = await lock(join(folder, lockName), options)
  const fetched: string[] = []
  let failure: unknown
  try {
    for (const file of files) {
      options.signal?.throwIfAborted()
      try {
        if (await isHere(args, file, options)) continue
        await fetchOne(args, file, options)
        fetched.push(file.name)
      } catch (e) {
        options.signal?.throwIfAborted()
        if (!(e instanceof ParameterError)) throw e
        log.error('proof parameters cannot be had', { name: file.name }, e)
        failure ??= e
      }
    }
  } finally {
    unlock()
  }
  if (failure !== undefined) throw failure
  return fetched
}

async function isHere({ folder, trust }: FetchArgs, file: ParameterFile, options: FetchOptions): Promise<boolean> {
  const { signal, onProgress } = options
  try {
    onProgress?.({ stage: 'checking', name: file.name })
    await checkParameterFiles(folder, trust === true ? [] : [file], { signal })
    return trust !== true || (await parameterExists(join(folder, file.name)))
  } catch (e) {
    if (!(e instanceof ParameterError)) throw e
    if (e.code === 'PARAMETER_MISSING') return false
    log.warn('proof parameters are damaged and will be fetched again', { name: file.name })
    await rm(join(folder, file.name))
    return false
  }
}

async function parameterExists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

async function fetchOne(args: FetchArgs, file: ParameterFile, options: FetchOptions): Promise<void> {
  const { folder, gateways = defaultGateways } = args
  const { signal, onProgress } = options
  const { name, cid, digest } = file
  const part = join(folder, `${name}.part`)
  if (cid === '') throw new ParameterError('PARAMETER_MISSING', `${name} is missing, and no gateway has it: it has no CID.`)
  const failures: string[] = []
  let damaged = false
  for (const gateway of gateways) {
    const url = `${gateway.endsWith('/') ? gateway : `${gateway}/`}${cid}`
    // A part that another attempt left may be damaged: once it is whole and wrong, this gateway is asked from the beginning.
    for (let attempt = 0; attempt < 2; attempt++) {
      const resumed = await parameterExists(part)
      try {
        await downloadFile({
          url,
          path: part,
          maxBytes,
          ...(signal === undefined ? {} : { signal }),
          ...(options.retries === undefined ? {} : { retries: options.retries }),
          onProgress: (bytes, totalBytes) => onProgress?.({ stage: 'fetching', name, bytes, totalBytes }),
        })
      } catch (e) {
        signal?.throwIfAborted()
        if (!(e instanceof DownloadError)) throw e
        failures.push(errorMessage(e))
        break
      }
      onProgress?.({ stage: 'checking', name })
      const found = await parameterDigest(part, { signal })
      if (found === digest) {
        await rename(part, join(folder, name))
        await syncFolder(folder)
        return
      }
      await rm(part)
      if (resumed) continue
      damaged = true
      failures.push(`${url} sent other bytes: their digest is ${found} instead of ${digest}.`)
      break
    }
  }
  const what = `${name} could not be fetched. ${failures.join(' ')}`
  throw new ParameterError(damaged ? 'PARAMETER_DIGEST' : 'PARAMETER_DOWNLOAD', what, {
    fields: { name },
    hint: 'Try again, or name another gateway in IPFS_GATEWAY.',
  })
}

async function lock(path: string, { signal, onProgress }: FetchOptions): Promise<() => void> {
  for (;;) {
    const unlock = tryLockFile(path)
    if (unlock !== undefined) return unlock
    onProgress?.({ stage: 'waiting' })
    await sleep(waitMs, undefined, { signal })
  }
}
