// A full node inside the test's process.

import { join } from 'node:path'
import type { Test } from 'tap'
import { type FullNode, startFullNode } from '../../src/node/full-node.ts'
import type { FullNodeOptions } from '../../src/node/options.ts'
import { temporaryFolder } from './daemon.ts'

export const LOOPBACK = { LOTUS_LIBP2P_LISTENADDRESSES: '/ip4/127.0.0.1/tcp/0' } as const

/** A node on loopback that knows no peers: any port, one thread for queries. */
export const quietNode = {
  removeExistingChain: false,
  haltAfterImport: false,
  apiPort: 0,
  queryThreads: 1,
  configOverrides: LOOPBACK,
  p2p: { bootstrap: false, bootstrapper: false },
} as const satisfies Partial<FullNodeOptions>

/** Starts a {@link quietNode}, in an empty repo unless one is given, and closes it when the test ends. */
export async function startTestNode(
  t: Pick<Test, 'teardown'>,
  options: Pick<FullNodeOptions, 'network'> & Partial<FullNodeOptions>,
  components: Parameters<typeof startFullNode>[1] = {},
): Promise<FullNode> {
  const repoPath = options.repoPath ?? join(temporaryFolder(t), 'repo')
  const node = await startFullNode({ ...quietNode, repoPath, ...options }, components)
  t.teardown(() => node.close())
  return node
}
