// Test data made by other implementations, read in place from beside the repository. Every test that needs it asks here, so
// that a machine without it says so the same way everywhere.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const repositoryRoot = fileURLToPath(new URL('../../', import.meta.url))

/** Folder of the foreign test data: `../shared/data` from the repository's root, or `NELUMBO_SHARED_DATA`. */
export const sharedDataRoot = process.env.NELUMBO_SHARED_DATA ?? join(repositoryRoot, '..', 'shared', 'data')

/** The part of a tap test that {@link sharedData} needs. */
interface SkippableTest {
  pass(message: string, extra: { skip: string }): unknown
  fail(message: string): unknown
}

/**
 * Path of a file or folder of the foreign test data.
 *
 * Where it is missing the test is skipped with a message that names it and `undefined` is returned, so that the caller
 * returns too; where `CI` is set the test fails instead, because a skipped proof is no proof.
 */
export function sharedData(t: SkippableTest, ...segments: string[]): string | undefined {
  const path = join(sharedDataRoot, ...segments)
  if (existsSync(path)) return path
  const message = `test data ${segments.join('/')} is not in ${sharedDataRoot}`
  if (process.env.CI) t.fail(message)
  else t.pass('foreign test data', { skip: message })
  return undefined
}

/** As {@link sharedData}, but gives the file's bytes. */
export function sharedFile(t: SkippableTest, ...segments: string[]): Buffer | undefined {
  const path = sharedData(t, ...segments)
  return path === undefined ? undefined : readFileSync(path)
}

/** As {@link sharedData}, but gives the parsed JSON, typed by the caller. */
export function sharedJson<T>(t: SkippableTest, ...segments: string[]): T | undefined {
  const bytes = sharedFile(t, ...segments)
  return bytes === undefined ? undefined : (JSON.parse(bytes.toString('utf8')) as T)
}
