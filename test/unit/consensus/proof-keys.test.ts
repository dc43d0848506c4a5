// A process of its own: the proofs library keeps the first folder of verifying keys that it reads from.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { BlockError } from '../../../src/consensus/errors.ts'
import { validateBlock } from '../../../src/consensus/validate-block.ts'
import { minerKeys, resign, type TestKey } from '../../kit/resign.ts'
import { sharedData } from '../../kit/shared-data.ts'
import { snapshotChain } from '../../kit/snapshot-chain.ts'

t.test('without verifying keys no block is called bad for its proof', async (t) => {
  const folder = sharedData(t, 'chains', 'lotus-devnet-proofs')
  if (folder === undefined) return
  const empty = mkdtempSync(join(tmpdir(), 'nelumbo-no-keys-'))
  t.teardown(() => rmSync(empty, { recursive: true, force: true }))
  const chain = await snapshotChain(folder, empty)
  const block = chain.fullBlock(chain.head.first)
  const key = minerKeys(folder).get(block.header.miner.id as bigint) as TestKey
  const failureOf = async (header: typeof block.header): Promise<unknown> =>
    validateBlock(chain.env, { ...block, header }).catch((e: unknown) => e)
  const cases: [string, typeof block.header][] = [
    ['a good block', block.header],
    ['garbage', resign({ ...block.header, winPostProof: [{ postProof: 0n, proofBytes: new Uint8Array(192) }] }, key)],
  ]
  for (const [what, header] of cases) {
    const failure = await failureOf(header)
    t.match(failure, { code: 'CONSENSUS_PROOF_KEYS', hint: /verifying keys/ }, what)
    t.notOk(failure instanceof BlockError, 'it is no verdict')
  }
})
