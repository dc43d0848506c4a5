import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { checkLayers, layers } from '../../../scripts/check-layers.ts'

/** A tree of sources in a folder of its own; gives the findings as `at: message`. */
function findingsOf(test: Pick<typeof t, 'testdir'>, files: Record<string, string>): string[] {
  const root = test.testdir({ src: {} })
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return checkLayers(root).map(({ at, message }) => `${at}: ${message}`)
}

t.test('imports from the own folder and from below are fine', async (t) => {
  const findings = findingsOf(t, {
    'src/lib/log.ts': 'export const log = 1\n',
    'src/types/cid.ts': "import { log } from '../lib/log.ts'\nexport const cid = log\n",
    'src/types/block.ts': "import { cid } from './cid.ts'\nexport { log } from '../lib/log.ts'\nexport const block = cid\n",
    'src/rpc/server.ts':
      "import { block } from '../types/block.ts'\nimport { readFileSync } from 'node:fs'\nexport const x = [block, readFileSync]\n",
  })
  t.strictSame(findings, [])
})

t.test('a value from a higher layer is found, with its line', async (t) => {
  const findings = findingsOf(t, {
    'src/lib/log.ts':
      "// import { x } from '../cli/main.ts'\n\nimport {\n  main,\n} from '../cli/main.ts'\nexport const log = main\n",
    'src/cli/main.ts': 'export const main = 1\n',
  })
  t.strictSame(findings, [`src/lib/log.ts:5: src/lib (${layers.lib}) imports a value from src/cli (${layers.cli})`])
})

t.test('a type from a higher layer is found, one from the same number is fine', async (t) => {
  const findings = findingsOf(t, {
    'src/mpool/pool.ts':
      "import type { Wallet } from '../wallet/wallet.ts'\nimport { type Wallet as W } from '../wallet/wallet.ts'\nexport type A = Wallet | W\n",
    'src/wallet/wallet.ts': "import type { Node } from '../node/node.ts'\nexport interface Wallet { node: Node }\n",
    'src/node/node.ts': 'export interface Node {}\n',
  })
  t.strictSame(findings, [`src/wallet/wallet.ts:1: src/wallet (${layers.wallet}) imports a type from src/node (${layers.node})`])
})

t.test('a value from the same number is found', async (t) => {
  const findings = findingsOf(t, {
    'src/mpool/pool.ts': "import { wallet } from '../wallet/wallet.ts'\nexport const pool = wallet\n",
    'src/wallet/wallet.ts': 'export const wallet = 1\n',
  })
  t.strictSame(findings, [`src/mpool/pool.ts:1: src/mpool (${layers.mpool}) imports a value from src/wallet (${layers.wallet})`])
})

t.test('re-exports, side effects and dynamic imports count', async (t) => {
  const findings = findingsOf(t, {
    'src/lib/a.ts': "export * from '../net/net.ts'\n",
    'src/lib/b.ts': "import '../net/net.ts'\n",
    'src/lib/c.ts': "export const c = () => import('../net/net.ts')\n",
    'src/net/net.ts': 'export const net = 1\n',
  })
  t.strictSame(
    findings,
    ['a', 'b', 'c'].map((name) => `src/lib/${name}.ts:1: src/lib (${layers.lib}) imports a value from src/net (${layers.net})`),
  )
})

t.test('the miner does not reach past the API', async (t) => {
  const findings = findingsOf(t, {
    'src/miner/miner.ts':
      "import { sync } from '../sync/sync.ts'\nimport type { Sync } from '../sync/sync.ts'\nexport const miner: Sync = sync\n",
    'src/sync/sync.ts': 'export type Sync = number\nexport const sync = 1\n',
  })
  t.strictSame(findings, ['src/miner/miner.ts:1: src/miner sees the chain only through src/api, not through src/sync'])
})

t.test('import cycles are found once, type-only ones are none', async (t) => {
  const findings = findingsOf(t, {
    'src/types/a.ts': "import { b } from './b.ts'\nexport const a = () => b\n",
    'src/types/b.ts': "import { c } from './c.ts'\nexport const b = () => c\n",
    'src/types/c.ts': "import { a } from './a.ts'\nexport const c = () => a\n",
    'src/lib/d.ts': "import type { E } from './e.ts'\nexport type D = E\n",
    'src/lib/e.ts': "import type { D } from './d.ts'\nexport type E = D | 1\n",
  })
  t.strictSame(findings, ['src/types/a.ts:1: import cycle: src/types/a.ts -> src/types/b.ts -> src/types/c.ts -> src/types/a.ts'])
})

t.test('the addon and the environment have one reader each', async (t) => {
  const findings = findingsOf(t, {
    'src/native/addon.ts':
      "import { createRequire } from 'node:module'\nexport const addon = createRequire(import.meta.url)('../../native/nelumbo.node')\n",
    'src/store/store.ts': "export const home = process.env.HOME\nexport const addon = '../../native/nelumbo.node'\n",
    'src/cli/main.ts': 'export const home = process.env.HOME\n',
    'src/sync/sync.ts': "import { env } from 'node:process'\nexport const home = env.HOME\n",
  })
  t.strictSame(findings, [
    'src/store/store.ts:2: only src/native loads the addon',
    'src/store/store.ts:1: only src/cli reads process.env',
    'src/sync/sync.ts:1: only src/cli reads process.env',
  ])
})

t.test('folders without a layer, files outside folders and missing endings are found', async (t) => {
  const findings = findingsOf(t, {
    'src/main.ts': 'export const x = 1\n',
    'src/misc/a.ts': 'export const y = 1\n',
    'src/lib/b.ts': "import { c } from './c'\nimport { z } from '../../test/z.ts'\nexport const b = [c, z]\n",
    'src/lib/c.ts': 'export const c = 1\n',
  })
  t.strictSame(findings, [
    'src/lib/b.ts:1: imports ./c without the ending .ts',
    'src/lib/b.ts:2: imports ../../test/z.ts, which is outside src',
    'src/main.ts:1: a file directly in src belongs to no layer; move it into a folder',
    'src/misc/a.ts:1: the folder src/misc has no layer; add it to the table in scripts/check-layers.ts',
  ])
})

t.test('the sources of this repository keep to the layers', async (t) => {
  t.strictSame(checkLayers(fileURLToPath(new URL('../../../', import.meta.url))), [])
})
