/**
 * Proof parameters of a devnet, made on the spot from a seed that the network's description gives. Everybody has the seed, so
 * everybody can forge proofs: they are marked insecure, and are no use for any real network.
 */
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { writeFileAtomic } from '../../lib/atomic-file.ts'
import { tryLockFile } from '../../lib/file-lock.ts'
import { blake2b256 } from '../../native/crypto.ts'
import { type Circuit, generateParameters, parameterDigest, parameterNames } from '../../native/parameters.ts'
import { ParameterError } from './errors.ts'
import { checkParameterFiles, formatParameterList, type ParameterFile, parseParameterList } from './list.ts'

/** Digests of a folder's own parameters, beside them. */
export const parameterListFile = 'parameters.json'
/** Its presence says what the parameters beside it are. */
export const insecureNoteFile = 'INSECURE'

/** What proofs of spacetime need; sealing for real also needs `seal`, and updates `update`. */
export const postCircuits: readonly Circuit[] = ['window', 'winning']

/** Of devnets' parameters. Everybody may know it: who does can forge proofs, and devnets have nothing to lose. */
export const devnetParameterSeed = new Uint8Array(createHash('sha256').update('nelumbo devnet, insecure').digest())

export interface InsecureProgress {
  /** What is being made; undefined while another process makes it. */
  readonly circuit: Circuit | undefined
  /** Share of all the work, 0 to 1. */
  readonly done: number
  /** Estimate from what was measured so far; undefined while nothing is known. */
  readonly secondsLeft: number | undefined
}

export interface InsecureOptions {
  readonly signal?: AbortSignal | undefined
  /** Told each second while parameters are made. */
  readonly onProgress?: (progress: InsecureProgress) => void
}

export interface InsecureArgs {
  /** 32 bytes, or any text, which is hashed. */
  readonly seed: Uint8Array | string
  /** Bytes; 2,048 is the one for which it takes seconds. */
  readonly sectorSize: number
  readonly circuits?: readonly Circuit[]
  /** The user's cache folder; parameters come into a folder of their own in it. */
  readonly cacheDir: string
}

export interface InsecureParameters {
  /** To be used as the parameter cache. */
  readonly folder: string
  /** Digests by file name, as parameters.json has them. */
  readonly files: readonly ParameterFile[]
  /** Whether anything had to be made. */
  readonly made: boolean
}

/** Grows when the rule by which a seed becomes parameters changes. */
const rule = 1
const note = `These proof parameters were made from a public seed: anybody can forge proofs with it.
They are for a devnet on this machine. Do not use them for any other network.
`
/** Seconds of the circuits at 2 KiB on two cores, which give the shares of the work. */
const weights: Readonly<Record<Circuit, number>> = { window: 6, winning: 25, seal: 9, update: 6 }
const waitMs = 250
const tellMs = 1000

/**
 * Sees to it that the parameters of a seed are there, whole and right. Two processes do not make them at once: the second waits.
 * A damaged file is made again.
 * @throws ParameterError PARAMETER_ARGUMENT; NativeError; the signal's reason
 */
export async function ensureInsecureParameters(args: InsecureArgs, options: InsecureOptions = {}): Promise<InsecureParameters> {
  const { sectorSize, cacheDir, circuits = postCircuits } = args
  const seed = seedBytes(args.seed)
  const key = Buffer.from(blake2b256(Buffer.concat([Uint8Array.of(rule), seed]))).toString('hex')
  const folder = join(cacheDir, 'insecure-parameters', key.slice(0, 32))
  await mkdir(folder, { recursive: true })
  const unlock = await lock(join(folder, 'lock'), options)
  try {
    await writeFileAtomic(join(folder, insecureNoteFile), note)
    await removeLeftovers(folder)
    const known = new Map((await readList(folder)).map((file) => [file.name, file]))
    const missing: Circuit[] = []
    for (const circuit of circuits) {
      if (!(await isWhole(folder, circuit, sectorSize, known, options))) missing.push(circuit)
    }
    const work = new Progress(missing, options)
    try {
      for (const circuit of missing) {
        work.begin(circuit)
        const names = await generateParameters({ circuit, sectorSize, seed, folder }, options)
        for (const name of [names.meta, names.vk, names.params]) {
          const digest = await parameterDigest(join(folder, name), options)
          known.set(name, { name, cid: '', digest, sectorSize })
        }
        await writeFileAtomic(join(folder, parameterListFile), formatParameterList([...known.values()]))
        work.end(circuit)
      }
    } finally {
      work.close()
    }
    const files = circuits.flatMap((circuit) => namesOf(circuit, sectorSize).map((name) => known.get(name) as ParameterFile))
    return { folder, files, made: missing.length > 0 }
  } finally {
    unlock()
  }
}

function seedBytes(seed: Uint8Array | string): Uint8Array {
  if (typeof seed === 'string') return blake2b256(new TextEncoder().encode(seed))
  if (seed.length !== 32) {
    throw new ParameterError('PARAMETER_ARGUMENT', `The seed of proof parameters has 32 bytes, not ${seed.length}.`)
  }
  return seed
}

async function lock(path: string, { signal, onProgress }: InsecureOptions): Promise<() => void> {
  for (;;) {
    const unlock = tryLockFile(path)
    if (unlock !== undefined) return unlock
    onProgress?.({ circuit: undefined, done: 0, secondsLeft: undefined })
    await sleep(waitMs, undefined, { signal })
  }
}

/** Unfinished files of a process that was killed; whoever holds the lock is alone. */
async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder)) if (name.endsWith('.new')) await rm(join(folder, name), { force: true })
}

async function readList(folder: string): Promise<ParameterFile[]> {
  const path = join(folder, parameterListFile)
  try {
    return parseParameterList(await readFile(path, 'utf8'), path)
  } catch (e) {
    // No list, or a damaged one: all is made again.
    if (e instanceof ParameterError || (e as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw e
  }
}

function namesOf(circuit: Circuit, sectorSize: number): string[] {
  const { params, vk, meta } = parameterNames(circuit, sectorSize)
  return [params, vk, meta]
}

async function isWhole(
  folder: string,
  circuit: Circuit,
  sectorSize: number,
  known: ReadonlyMap<string, ParameterFile>,
  { signal }: InsecureOptions,
): Promise<boolean> {
  const files = namesOf(circuit, sectorSize).map((name) => known.get(name))
  if (files.some((file) => file === undefined)) return false
  try {
    await checkParameterFiles(folder, files as ParameterFile[], { signal })
    return true
  } catch (e) {
    if (e instanceof ParameterError) return false
    throw e
  }
}

/** The library says nothing while it works: what is done is estimated from the circuits that were made before. */
class Progress {
  readonly #total: number
  readonly #tell: (progress: InsecureProgress) => void
  #doneWeight = 0
  #seconds = 0
  #current: { readonly circuit: Circuit; readonly since: number } | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(circuits: readonly Circuit[], { onProgress }: InsecureOptions) {
    this.#total = circuits.reduce((sum, circuit) => sum + weights[circuit], 0)
    this.#tell = onProgress ?? (() => {})
    if (onProgress !== undefined) this.#timer = setInterval(() => this.#report(), tellMs)
  }

  begin(circuit: Circuit): void {
    this.#current = { circuit, since: performance.now() }
    this.#report()
  }

  end(circuit: Circuit): void {
    this.#seconds += this.#elapsed()
    this.#doneWeight += weights[circuit]
    this.#current = undefined
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #elapsed(): number {
    return this.#current === undefined ? 0 : (performance.now() - this.#current.since) / 1000
  }

  #report(): void {
    if (this.#current === undefined) return
    const { circuit } = this.#current
    const pace = this.#doneWeight > 0 ? this.#seconds / this.#doneWeight : 1
    // It takes as long as it takes: never say that it is done before it is.
    const inCurrent = Math.min(this.#elapsed() / pace, weights[circuit] * 0.98)
    const done = this.#doneWeight + inCurrent
    this.#tell({ circuit, done: done / this.#total, secondsLeft: Math.ceil((this.#total - done) * pace) })
  }
}
