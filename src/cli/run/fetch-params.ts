import { readFileSync } from 'node:fs'
import { errorMessage } from '../../lib/errors.ts'
import { configureLogging } from '../../lib/log.ts'
import { defaultGateways, type FetchProgress, fetchParameters } from '../../miner/parameters/fetch.ts'
import {
  checkParameterFiles,
  defaultParameterFolder,
  neededFiles,
  type ParameterFile,
  parseParameterList,
} from '../../miner/parameters/list.ts'
import { publishedParameters } from '../../miner/parameters/published.ts'
import type { fetchParamsFlags } from '../commands/parameters.ts'
import type { Context } from '../context.ts'
import { parameterWords, storageErrors } from '../en-storage.ts'
import { expandHome } from '../environment.ts'
import { usage } from '../errors.ts'
import { size, span } from '../format.ts'
import { parseSize, shorten } from '../parse.ts'

/** Bytes of the sectors that there are; 0 for verifying keys alone. */
const sizes = new Set([0, 2 ** 11, 2 ** 23, 2 ** 29, 2 ** 35, 2 ** 36])
const tellMs = 1000

export async function fetchParams({ args, flags, env, out, signal }: Context<typeof fetchParamsFlags>): Promise<void> {
  const text = args[0] as string
  const sectorSize = Number(parseSize(text, 'sectorSize'))
  if (!sizes.has(sectorSize)) throw usage(storageErrors.noSectors(shorten(text)))
  configureLogging({ level: 'error', format: 'plain', write: () => {} })
  const files = neededFiles(flags.list === undefined ? publishedParameters : listFrom(flags.list), sectorSize)
  const folder = env.parameterCache ?? defaultParameterFolder
  if (flags.check) {
    await checkParameterFiles(folder, files, { signal })
    out.answer({ Folder: folder, Checked: files.length }, () => out.line(parameterWords.checked(files.length, folder)))
    return
  }
  const gateways = env.ipfsGateway === undefined ? defaultGateways : [env.ipfsGateway]
  const fetched = await fetchParameters(
    { files, folder, gateways, trust: env.trustParameters },
    { signal, onProgress: teller((line) => out.note(line)) },
  )
  out.answer({ Folder: folder, Fetched: fetched }, () => out.line(parameterWords.done(fetched.length, folder)))
}

function listFrom(path: string): readonly ParameterFile[] {
  const full = expandHome(path)
  try {
    return parseParameterList(readFileSync(full, 'utf8'), full)
  } catch (e) {
    throw usage(errorMessage(e))
  }
}

/** A line for each thing that begins, and one each second while a file comes. */
function teller(print: (line: string) => void): (progress: FetchProgress) => void {
  let last = ''
  let lastAt = 0
  let started = { name: '', at: 0, bytes: 0 }
  return (progress) => {
    const now = performance.now()
    if (progress.stage !== 'fetching') {
      const line = progress.stage === 'waiting' ? parameterWords.waiting : parameterWords.checking(progress.name)
      if (line !== last) print(line)
      last = line
      return
    }
    const { name, bytes, totalBytes } = progress
    if (started.name !== name) started = { name, at: now, bytes }
    if (now - lastAt < tellMs && bytes !== totalBytes) return
    lastAt = now
    const pace = (bytes - started.bytes) / (now - started.at)
    const left = totalBytes === undefined || !(pace > 0) ? undefined : span(Math.ceil((totalBytes - bytes) / pace / 1000))
    print(parameterWords.fetching(name, size(bytes), totalBytes === undefined ? undefined : size(totalBytes), left))
  }
}
