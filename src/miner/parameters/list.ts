/** Lists of proof parameters in the form of Lotus's parameters.json, and the check of files against them. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { parameterDigest } from '../../native/parameters.ts'
import { ParameterError } from './errors.ts'

/** Where every Filecoin implementation keeps parameters unless FIL_PROOFS_PARAMETER_CACHE says otherwise. */
export const defaultParameterFolder = '/var/tmp/filecoin-proof-parameters'

export interface ParameterFile {
  readonly name: string
  /** IPFS CID under which gateways have it; empty for a file of one's own making. */
  readonly cid: string
  /** First 16 bytes of the file's blake2b-512, in hex. */
  readonly digest: string
  /** Bytes of the sectors that it is for; 0 for one that all sizes share. */
  readonly sectorSize: number
}

/** Longer lists are none. */
const maxFiles = 1000

/** @param source what the message names. @throws ParameterError PARAMETER_ARGUMENT */
export function parseParameterList(text: string, source: string): ParameterFile[] {
  const wrong = (what: string): never => {
    throw new ParameterError('PARAMETER_ARGUMENT', `${source} is no list of proof parameters: ${what}.`)
  }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return wrong('it is no JSON')
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return wrong('it is no JSON object')
  const entries = Object.entries(json)
  if (entries.length > maxFiles) return wrong(`it has more than ${maxFiles} files`)
  return entries.map(([name, entry]: [string, { cid?: unknown; digest?: unknown; sector_size?: unknown } | null]) => {
    const { cid, digest, sector_size: sectorSize } = entry ?? {}
    // Names become paths.
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$/.test(name)) return wrong(`${JSON.stringify(name)} is no file name`)
    if (typeof cid !== 'string' || !/^[A-Za-z0-9]*$/.test(cid)) return wrong(`${name} has no cid`)
    if (typeof digest !== 'string' || !/^[0-9a-f]{32}$/.test(digest)) return wrong(`${name} has no digest of 16 bytes`)
    if (typeof sectorSize !== 'number' || !Number.isSafeInteger(sectorSize) || sectorSize < 0) {
      return wrong(`${name} has no sector_size`)
    }
    return { name, cid, digest, sectorSize }
  })
}

export function formatParameterList(files: readonly ParameterFile[]): string {
  const entries = files.map(({ name, cid, digest, sectorSize }) => [name, { cid, digest, sector_size: sectorSize }])
  return `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`
}

/**
 * The files of a list that a node with sectors of one size needs, as Lotus picks them: verifying keys of all sizes, proving
 * parameters of that one (none for 0), and what all sizes share.
 */
export function neededFiles(files: readonly ParameterFile[], sectorSize: number): ParameterFile[] {
  return files.filter(
    ({ name, sectorSize: of }) => !name.endsWith('.params') || (sectorSize !== 0 && of === sectorSize) || of === 0,
  )
}

export interface CheckOptions {
  readonly signal?: AbortSignal | undefined
  /** Bytes of files that were read so far, and of all. */
  readonly onProgress?: (done: number, total: number) => void
}

/**
 * Reads the files whole and compares their digests.
 * @throws ParameterError PARAMETER_MISSING, PARAMETER_DIGEST, with the file's name; the signal's reason
 */
export async function checkParameterFiles(
  folder: string,
  files: readonly ParameterFile[],
  options: CheckOptions = {},
): Promise<void> {
  const sizes = await Promise.all(files.map((file) => sizeOf(folder, file)))
  const total = sizes.reduce((sum, size) => sum + size, 0)
  let done = 0
  for (const [i, { name, digest }] of files.entries()) {
    options.signal?.throwIfAborted()
    const found = await parameterDigest(join(folder, name), options)
    if (found !== digest) {
      throw new ParameterError(
        'PARAMETER_DIGEST',
        `The proof parameters ${join(folder, name)} are damaged: their digest is ${found} instead of ${digest}.`,
        { hint: 'Delete the file and fetch it again with fetch-params.', fields: { name } },
      )
    }
    done += sizes[i] as number
    options.onProgress?.(done, total)
  }
}

async function sizeOf(folder: string, { name }: ParameterFile): Promise<number> {
  try {
    return (await stat(join(folder, name))).size
  } catch (cause) {
    throw missingParameters(folder, name, cause)
  }
}

/** The error for a file that is not there, or that cannot be looked at. */
export function missingParameters(folder: string, name: string, cause?: unknown): ParameterError {
  const absent = cause === undefined || (cause as NodeJS.ErrnoException).code === 'ENOENT'
  return new ParameterError('PARAMETER_MISSING', `The proof parameters ${join(folder, name)} are missing.`, {
    ...(absent ? {} : { cause }),
    hint: 'Fetch them with fetch-params and the sector size.',
    fields: { name },
  })
}
