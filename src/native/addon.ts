/**
 * Layer 2: the native addon behind typed wrappers. This file alone loads the .node file; the others in
 * this folder give its functions TypeScript shapes, docstrings and coded errors.
 */
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type * as Native from '../../native/index.d.ts'
import { NativeError } from './errors.ts'

export type Addon = typeof Native

/** The crate's version (native/Cargo.toml) that these wrappers were written for. */
export const NATIVE_VERSION = '0.1.0'

const ADDON_PATH = fileURLToPath(new URL('../../native/nelumbo.node', import.meta.url))

let loaded: Addon | undefined

/**
 * The addon, loaded on first use.
 * @throws NativeError NATIVE_MISSING where it was not built or comes from another version.
 */
export function addon(): Addon {
  if (loaded !== undefined) return loaded
  let module: Addon
  try {
    module = createRequire(import.meta.url)(ADDON_PATH) as Addon
  } catch (cause) {
    throw new NativeError('NATIVE_MISSING', 'the native addon is not built: run npm run setup', { cause })
  }
  if (module.nativeVersion() !== NATIVE_VERSION) {
    throw new NativeError(
      'NATIVE_MISSING',
      `the native addon is of version ${module.nativeVersion()}, not ${NATIVE_VERSION}: run npm run setup`,
    )
  }
  loaded = module
  return module
}
