// Runs every generator (scripts/gen-*.ts, without arguments) and fails when a file in docs/ is not what it makes.

import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installedTypes } from './setup/addon.mjs'

const root = fileURLToPath(new URL('../', import.meta.url))

function documents(): Map<string, string> {
  const entries = readdirSync(join(root, 'docs'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return new Map(
    entries.map((entry) => {
      const path = join(entry.parentPath, entry.name)
      return [path.slice(root.length), readFileSync(path, 'utf8')]
    }),
  )
}

const before = documents()
const generators = readdirSync(join(root, 'scripts')).filter((name) => /^gen-.*\.ts$/.test(name))
let failed = 0
for (const name of generators.sort()) {
  const { status } = spawnSync(join(root, 'bin', 'run-node'), [join(root, 'scripts', name)], { cwd: root, stdio: 'inherit' })
  if (status === 0) continue
  failed++
  console.log(`generated: scripts/${name} failed`)
}
// The addon's types are made from what its build has described, so they are checked where the set-up has built it.
const types = installedTypes(join(root, 'native'))
if (types === undefined) console.log('generated: native/index.d.ts is not checked, the addon was not built by the set-up')
else if (
  spawnSync(process.execPath, [join(root, 'scripts', 'gen-native-types.mjs'), types, '--check'], { stdio: 'inherit' }).status !==
  0
)
  failed++
const after = documents()
for (const path of new Set([...before.keys(), ...after.keys()])) {
  if (before.get(path) === after.get(path)) continue
  failed++
  console.log(`generated: ${path} was out of date; it has been made again, commit it`)
}
console.log(failed === 0 ? `generated: ${generators.length} generators, no difference` : `generated: ${failed} findings`)
process.exitCode = failed === 0 ? 0 : 1
