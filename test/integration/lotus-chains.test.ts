// The two chains that Lotus made, through the program as a user runs it: import with re-execution of every tipset, then every
// recorded answer of Lotus asked again over HTTP.

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { lookupMethod } from '../../src/api/contract.ts'
import type { ApiVersion } from '../../src/api/method.ts'
import { parseJson } from '../../src/codec/json.ts'
import { stringify } from '../../src/rpc/client.ts'
import { type RunningDaemon, runDaemon, startDaemon, temporaryFolder } from '../kit/daemon.ts'
import { jsonDifference } from '../kit/json-compare.ts'
import { laterReason, notCompared, type RecordedAnswer, recordedAnswers } from '../kit/rpc-answers.ts'
import { sharedData } from '../kit/shared-data.ts'

t.setTimeout(600_000)

/** Calls that one body carries. */
const BATCH = 100

interface RpcResponse {
  readonly id: number
  readonly result?: unknown
  readonly error?: { readonly code: number; readonly message: string }
}

const chains = [
  { name: 'lotus-devnet', tipsets: 2695, height: 3001, head: 'bafy2bzacedlpp2en2btw22i5fcrqhtl365y63x4d5m2yhvinwimvstsdmy5ke' },
  {
    name: 'lotus-devnet-proofs',
    tipsets: 355,
    height: 787,
    head: 'bafy2bzacedsm6mfbexsnpsw6djb4tw5jarg5w7g4aajdnalqe3ugqyzfgit6e',
  },
] as const

for (const { name, tipsets, height, head } of chains) {
  t.test(`${name}: executed again from genesis, then asked what Lotus was asked`, async (t) => {
    const chain = sharedData(t, 'chains', name)
    const answers = recordedAnswers(t, name)
    if (chain === undefined || answers === undefined) return
    const repo = join(temporaryFolder(t), 'repo')
    const imported = await runDaemon(t, {
      repo,
      chain,
      args: ['--import-chain', join(chain, 'chain.car.zst'), '--halt-after-import'],
    })
    t.same(imported.ended, { code: 0, signal: null }, imported.stderr)
    t.match(imported.lastLine, new RegExp(`^validated ${tipsets} tipsets in \\d+\\.\\d s, head ${height} ${head}$`))
    t.equal(imported.stdout.trimEnd().split('\n').length, 1, 'standard output has that line alone')
    t.notOk(readdirSync(repo).includes('api'), 'a node that is over leaves no address behind')

    const daemon = await startDaemon(t, { repo, chain })
    const asked = answers.filter((a) => laterReason(a.method) === undefined)
    const unknown = new Set(
      asked.filter((a) => lookupMethod(a.path.slice('/rpc/'.length) as ApiVersion, a.method) === undefined).map((a) => a.method),
    )
    t.same([...unknown], [], 'the contract has every method that is not of a later version')
    const wrong: string[] = []
    for (const path of new Set(asked.map((a) => a.path))) {
      const there = asked.filter((a) => a.path === path)
      for (let at = 0; at < there.length; at += BATCH) wrong.push(...(await ask(daemon, name, path, there.slice(at, at + BATCH))))
    }
    t.comment(`${asked.length} answers compared, ${answers.length - asked.length} of methods of later versions`)
    t.same(wrong.slice(0, 20), [], `${wrong.length} of ${asked.length} answers differ`)
    t.same(await daemon.process.stop(), { code: 0, signal: null }, 'SIGTERM ends it well')
  })
}

/** What differs between the answers of a batch and Lotus's. */
async function ask(daemon: RunningDaemon, chain: string, path: string, wanted: readonly RecordedAnswer[]): Promise<string[]> {
  const body = stringify(wanted.map(({ method, params }, id) => ({ jsonrpc: '2.0', id, method, params })))
  const { status, text } = await daemon.post(body, { path })
  if (status !== 200) return [`HTTP ${status}: ${text.slice(0, 300)}`]
  const got = new Map((parseJson(text) as RpcResponse[]).map((a) => [a.id, a]))
  return wanted.flatMap((answer, id) => {
    const difference = compare(chain, got.get(id), answer)
    return difference === undefined ? [] : [`${answer.method} ${stringify(answer.params).slice(0, 300)}: ${difference}`]
  })
}

function compare(chain: string, got: RpcResponse | undefined, wanted: RecordedAnswer): string | undefined {
  if (got === undefined) return 'has no answer'
  if (wanted.error !== undefined) {
    if (got.error?.code === wanted.error.code) return undefined
    return `${stringify(got).slice(0, 300)} instead of the error ${wanted.error.code} (${wanted.error.message})`
  }
  if (got.error !== undefined) return `is refused: ${got.error.message}`
  return jsonDifference(got.result, wanted.result, notCompared(chain, wanted.method))
}
