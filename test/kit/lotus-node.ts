// A chain that Lotus made, through the program as a user runs it: import with re-execution of every tipset, then every
// recorded answer of Lotus asked again over HTTP.

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { lookupMethod } from '../../src/api/contract.ts'
import type { ApiVersion } from '../../src/api/method.ts'
import { parseJson } from '../../src/codec/json.ts'
import { stringify } from '../../src/rpc/client.ts'
import { type DaemonProcess, type RunningDaemon, runDaemon, startDaemon, temporaryFolder } from './daemon.ts'
import { jsonDifference } from './json-compare.ts'
import { laterReason, notCompared, type RecordedAnswer, recordedAnswers, type recordedChains } from './rpc-answers.ts'
import { networkWithBeacon } from './served-network.ts'
import { sharedData } from './shared-data.ts'

/** Calls that one body carries. */
const BATCH = 100

interface RpcResponse {
  readonly id: number
  readonly result?: unknown
  readonly error?: { readonly code: number; readonly message: string }
}

export interface LotusNodeCase {
  /** Folder of the chain. */
  readonly name: (typeof recordedChains)[number]
  readonly tipsets: number
  readonly height: number
  readonly head: string
  /** Whether the node that executed the chain ends, and a second start is asked; else the same process goes on to serve. */
  readonly halt: boolean
}

/** Executes a chain again from genesis, then asks what Lotus was asked. */
export async function executeAndAsk(t: Test, { name, tipsets, height, head, halt }: LotusNodeCase): Promise<void> {
  const chain = sharedData(t, 'chains', name)
  const answers = recordedAnswers(t, name)
  if (chain === undefined || answers === undefined) return
  const repo = join(temporaryFolder(t), 'repo')
  const args = ['--import-chain', join(chain, 'chain.car.zst')]
  const outcome = new RegExp(`^validated ${tipsets} tipsets in \\d+\\.\\d s, head ${height} ${head}$`)
  let first: DaemonProcess | undefined
  if (halt) {
    first = await runDaemon(t, { repo, chain, args: [...args, '--halt-after-import'] })
    t.same(first.ended, { code: 0, signal: null }, first.stderr)
    t.notOk(readdirSync(repo).includes('api'), 'a node that is over leaves no address behind')
  }
  // Of the mock beacon every node knows every round; others are asked.
  const network = name === 'lotus-devnet' ? {} : { networkFile: await networkWithBeacon(t, chain) }
  const daemon = await startDaemon(t, { repo, chain, ...network, args: halt ? [] : args }, 200_000)
  const { stdout } =
    first ?? (await daemon.process.until(() => (daemon.process.stdout === '' ? undefined : daemon.process), 'its line'))
  t.match(stdout.trimEnd(), outcome, 'standard output has the outcome and nothing else')

  const asked = answers.filter((a) => laterReason(a.method) === undefined)
  const unknown = asked.filter((a) => lookupMethod(a.path.slice('/rpc/'.length) as ApiVersion, a.method) === undefined)
  t.same([...new Set(unknown.map((a) => a.method))], [], 'the contract has every method that is not of a later version')
  const wrong: string[] = []
  for (const path of new Set(asked.map((a) => a.path))) {
    const there = asked.filter((a) => a.path === path)
    for (let at = 0; at < there.length; at += BATCH) wrong.push(...(await ask(daemon, name, path, there.slice(at, at + BATCH))))
  }
  t.comment(`${asked.length} answers compared, ${answers.length - asked.length} of methods of later versions`)
  t.same(wrong.slice(0, 20), [], `${wrong.length} of ${asked.length} answers differ`)
  t.same(await daemon.process.stop(), { code: 0, signal: null }, 'SIGTERM ends it well')
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
