// One run of the import with re-execution, in a process of its own: the compiled actors and the caches are per process.
// Prints one line of JSON. Started by import-chain.bench.ts.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { loadNetworkFile } from '../src/networks/network-file.ts'
import { startFullNode } from '../src/node/full-node.ts'
import { sharedDataRoot } from '../test/kit/shared-data.ts'

const chain = process.argv[2] ?? 'lotus-devnet'
const folder = join(sharedDataRoot, 'chains', chain)
const repoPath = mkdtempSync(join(tmpdir(), 'nelumbo-bench-'))
const delay = monitorEventLoopDelay({ resolution: 1 })
try {
  const network = await loadNetworkFile(join(folder, 'network.json'))
  delay.enable()
  const started = performance.now()
  const node = await startFullNode({
    repoPath,
    network,
    bundlesDir: join(sharedDataRoot, 'actors'),
    import: { location: join(folder, 'chain.car.zst'), mode: 'validate' },
    removeExistingChain: false,
    haltAfterImport: true,
  })
  await node.closed
  const totalMs = performance.now() - started
  delay.disable()
  console.log(
    JSON.stringify({
      totalMs,
      validateMs: (node.validation?.seconds ?? 0) * 1000,
      tipsets: node.validation?.tipsets,
      epochs: node.validation?.headHeight,
      delayP99Ms: delay.percentile(99) / 1e6,
      delayMaxMs: delay.max / 1e6,
      maxRssBytes: process.resourceUsage().maxRSS * 1024,
    }),
  )
} finally {
  rmSync(repoPath, { recursive: true, force: true })
}
