// What `npm start` runs, by its flags.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { temporaryFolder } from '../../kit/daemon.ts'

const script = fileURLToPath(new URL('../../../scripts/start.sh', import.meta.url))

t.test('a devnet, or the node of the network that is named', async (t) => {
  const folder = join(temporaryFolder(t), 'none')
  const run = (...args: string[]) => spawnSync(script, args, { encoding: 'utf8', timeout: 60_000 })
  t.match(run('--help').stdout, /^Usage: nelumbo devnet /)
  t.match(run('--folder', folder, '--miners', '0').stderr, /--miners/)
  t.match(run('--network', 'nowhere').stderr, /nowhere/)
  t.match(run('--network=nowhere').stderr, /nowhere/)
  t.match(run('--network-file', folder).stderr, /there is no such file/)
  t.match(run('--import-snapshot', folder, '--bundles', folder).stderr, /--(bundles|import-snapshot) .*there is no such file/)
})
