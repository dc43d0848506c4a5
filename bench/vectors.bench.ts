// What the addon costs over the bare engine: the same message vectors, run by native/src/bin/vector_runner.rs without Node
// and by a worker through src/native, on one thread each.
//
// The runner is built beside the addon, in the user's cache; the first time takes minutes. NELUMBO_VECTOR_RUNNER names one that
// is there already.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { cacheDirectory } from '../scripts/setup/cache.mjs'
import {
  bundleBlocks,
  bundleOf,
  checkVector,
  readVector,
  runVector,
  vectorExterns,
  vectorPaths,
} from '../test/kit/fvm-vectors.ts'
import { sharedDataRoot } from '../test/kit/shared-data.ts'
import type { Measurement } from './benchmark.ts'

const FOLDERS = ['nv17-actors-v9', 'nv18-actors-v10']
/** The unmeasured run and the five that count. */
const ROUNDS = 6

interface Job {
  readonly folder: string
  readonly rounds: number
}

/** Milliseconds of each round; a first one, which compiles the actors, is not among them. */
function measure({ folder, rounds }: Job): number[] {
  const actors = bundleBlocks(join(sharedDataRoot, 'actors', bundleOf(folder)))
  const vectors = vectorPaths(join(sharedDataRoot, 'fvm-vectors', folder)).map(readVector)
  const times: number[] = []
  for (let round = 0; round <= rounds; round++) {
    const start = process.hrtime.bigint()
    for (const vector of vectors) checkVector(vector, runVector(vector, vectorExterns(vector, actors)))
    if (round > 0) times.push(Number(process.hrtime.bigint() - start) / 1e6)
  }
  return times
}

/** An unsigned varint, as before each section of a CAR file. */
function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80)
    rest = Math.floor(rest / 128)
  }
  return Buffer.from([...bytes, rest])
}

function writeBundle(path: string, folder: string): void {
  // {roots: [], version: 1}
  const header = Buffer.from('a265726f6f7473806776657273696f6e01', 'hex')
  const parts: Uint8Array[] = [varint(header.length), header]
  for (const [key, data] of bundleBlocks(join(sharedDataRoot, 'actors', bundleOf(folder)))) {
    const cid = Buffer.from(key, 'hex')
    parts.push(varint(cid.length + data.length), cid, data)
  }
  writeFileSync(path, Buffer.concat(parts))
}

function buildRunner(): string {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const target = join(cacheDirectory(root), 'target')
  const args = ['build', '--release', '--locked', '--features', 'vector-runner', '--bin', 'vector_runner', '--target-dir', target]
  execFileSync('cargo', args, { cwd: join(root, 'native'), stdio: ['ignore', 'ignore', 'inherit'] })
  return join(target, 'release', 'vector_runner')
}

function bare({ folder, rounds }: Job): number[] {
  const runner = process.env.NELUMBO_VECTOR_RUNNER ?? buildRunner()
  const scratch = mkdtempSync(join(tmpdir(), 'nelumbo-vectors-'))
  try {
    const bundle = join(scratch, 'actors.car')
    writeBundle(bundle, folder)
    const output = execFileSync(runner, [bundle, join(sharedDataRoot, 'fvm-vectors', folder), String(rounds)])
    const { seconds } = JSON.parse(output.toString('utf8')) as { seconds: number[] }
    return seconds.map((s) => s * 1000)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

function throughAddon(job: Job): Promise<number[]> {
  const worker = new Worker(new URL(import.meta.url), { workerData: job, resourceLimits: { stackSizeMb: 64 } })
  return new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}

export const name = 'FVM message vectors: addon against bare engine'

// Compiling the actors takes ten times as long as a round, so all rounds are run at once and handed out one by one.
const rounds: Measurement[][] = []

export async function run(): Promise<Measurement[]> {
  if (rounds.length === 0) {
    for (const folder of FOLDERS) {
      const native = bare({ folder, rounds: ROUNDS })
      const addon = await throughAddon({ folder, rounds: ROUNDS })
      const count = vectorPaths(join(sharedDataRoot, 'fvm-vectors', folder)).length
      for (let i = 0; i < ROUNDS; i++) {
        rounds[i] ??= []
        const baseline = `${folder} bare`
        rounds[i]?.push(
          { name: baseline, ms: native[i] as number, count, unit: 'vectors' },
          { name: `${folder} through the addon`, ms: addon[i] as number, count, unit: 'vectors', baseline },
        )
      }
    }
  }
  return rounds.shift() as Measurement[]
}

if (!isMainThread) parentPort?.postMessage(measure(workerData as Job))
