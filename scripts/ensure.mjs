// @ts-check
// Set-up: leaves a checkout with its packages installed and its native addon built, and does nothing when they are there.
// Plain JavaScript for Node 18 and newer, because it runs before the project's own Node is there.
//
//   node scripts/ensure.mjs [--quiet] [--check] [--features=cuda,opencl|none]
//
// --quiet     says nothing when nothing is to be done
// --check     only says what is missing; exit code 1 when something is
// --features  features of the native addon: cuda, cuda-supraseal, opencl; remembered until the next `--features`

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { addonState, buildAddon, chooseFeatures } from './setup/addon.mjs'
import { cacheDirectory } from './setup/cache.mjs'
import { SetupError } from './setup/errors.mjs'
import { withLock } from './setup/lock.mjs'
import { installPackages, packagesAreFresh, projectNode } from './setup/packages.mjs'
import { createProgress } from './setup/progress.mjs'
import { checkTools } from './setup/tools.mjs'

const root = fileURLToPath(new URL('../', import.meta.url))

/** @param {string[]} args */
async function main(args) {
  const quiet = args.includes('--quiet')
  const check = args.includes('--check')
  const unknown = args.find((arg) => !/^--(quiet|check|features=.*)$/.test(arg))
  if (unknown !== undefined) {
    throw new SetupError(`unknown option ${unknown}; type: node scripts/ensure.mjs [--quiet] [--check] [--features=cuda,opencl]`)
  }
  const asked = args.find((arg) => arg.startsWith('--features='))?.slice('--features='.length) ?? process.env.NELUMBO_FEATURES
  const nativeRoot = join(root, 'native')
  const features = chooseFeatures(nativeRoot, asked)
  const state = () => addonState(nativeRoot, features)

  const stale = { packages: !packagesAreFresh(root), addon: !state().installed }
  if (!stale.packages && !stale.addon) {
    if (!quiet) console.log('set-up: everything is in place')
    return
  }

  checkTools({ build: stale.addon && !state().cached, features })
  if (check) {
    if (stale.packages) console.log('set-up: the packages are missing or old; type: npm run setup')
    if (stale.addon) console.log('set-up: the native addon is missing or old; type: npm run setup')
    process.exitCode = 1
    return
  }

  const progress = createProgress()
  try {
    await withLock(join(cacheDirectory(root), 'setup.lock'), progress, async (hold) => {
      // Looked at again inside the lock: the set-up that was waited for may have done the work.
      if (!packagesAreFresh(root)) await installPackages(root, progress, hold)
      projectNode(root)
      if (!state().installed) await buildAddon(nativeRoot, features, progress, hold)
    })
  } finally {
    progress.end()
  }
  console.log('set-up: done')
}

main(process.argv.slice(2)).catch((error) => {
  if (error instanceof SetupError) {
    if (typeof error.cause === 'string') console.error(error.cause)
    console.error(`set-up: ${error.message}`)
    process.exitCode = 1
  } else {
    throw error
  }
})
