import { join } from 'node:path'
import { lookupMethod } from '../../../../src/api/contract.ts'
import { type AnyMethod, type ApiVersion, decodeParams, encodeResult } from '../../../../src/api/method.ts'
import { chainHead } from '../../../../src/api/methods/chain.ts'
import { stateGetNetworkParams } from '../../../../src/api/methods/state.ts'
import { parseJson } from '../../../../src/codec/json.ts'
import { NodeError } from '../../../../src/lib/errors.ts'
import { type BoundQuery, QueryEnv, query } from '../../../../src/rpc/handlers/env.ts'
import { queryHandlers } from '../../../../src/rpc/handlers/index.ts'
import { networkParams } from '../../../../src/rpc/handlers/network-params.ts'
import type { ConformanceReport } from '../../../kit/conformance.ts'
import { type ExecutedChain, executeAt, importedChain } from '../../../kit/executed-chain.ts'
import { jsonDifference } from '../../../kit/json-compare.ts'
import { type RpcAnswer, readAnswers } from '../../../kit/lotus-chain.ts'
import { laterReason, notCompared } from '../../../kit/rpc-answers.ts'

/** Epochs that one case of re-execution covers. */
const EPOCHS_PER_CASE = 100
/** Methods that run on the main thread but only look something up. */
const handlers = new Map<string, BoundQuery>(
  [
    ...queryHandlers,
    query(chainHead, (_, env) => env.head),
    query(stateGetNetworkParams, (_, env) => networkParams(env.state.network, env.state.genesisTimestamp)),
  ].map((h) => [h.def.id, h]),
)

/** Re-executes a chain that Lotus made and answers all that Lotus was asked about it. */
export async function lotusChain(report: ConformanceReport, dataRoot: string, name: string): Promise<void> {
  const chain = await importedChain(dataRoot, name)
  execute(report, chain, name)
  const answers = readAnswers(join(dataRoot, 'chains', name), (line) =>
    // The recorder rounded 2^62-1, the gas limit of calls; the messages' CIDs are those of the exact number.
    parseJson(line.replaceAll(':4611686018427388000,', ':4611686018427387903,')),
  )
  const env = new QueryEnv(chain.state, chain.head)
  for (const [i, answer] of answers.entries()) await ask(report, env, answer, name, i)
}

function execute(report: ConformanceReport, chain: ExecutedChain, name: string): void {
  const wrong = new Map<number, string | undefined>()
  for (const [i, tipset] of chain.tipsets.entries()) {
    const batch = Math.floor(tipset.height / EPOCHS_PER_CASE)
    let difference: string | undefined
    try {
      difference = executeAt(chain, i)
    } catch (e) {
      difference = `height ${tipset.height}: ${(e as Error).message}`
    }
    wrong.set(batch, wrong.get(batch) ?? difference)
  }
  for (const [batch, difference] of wrong) {
    const label = `${name} epochs ${batch * EPOCHS_PER_CASE} to ${(batch + 1) * EPOCHS_PER_CASE - 1}`
    if (difference === undefined) report.pass(label)
    else report.fail(label, difference)
  }
}

async function ask(report: ConformanceReport, env: QueryEnv, answer: RpcAnswer, name: string, index: number): Promise<void> {
  const label = `${name} ${index} ${answer.method}`
  const def = lookupMethod(answer.path.slice('/rpc/'.length) as ApiVersion, answer.method)
  const reason = laterReason(answer.method)
  if (reason !== undefined && (def === undefined || !handlers.has(def.id))) return report.skip(label, reason)
  if (def?.where === 'main' && !handlers.has(def.id))
    return report.skip(label, 'no worker answers it: test/integration asks it over HTTP')
  await report.check(label, async () => {
    if (def === undefined) throw new Error('the contract has no such method')
    const handler = handlers.get(def.id)
    if (handler === undefined) throw new Error('nothing answers this method')
    const got = await outcome(handler, def, answer.params, env)
    if (answer.error !== undefined) {
      if (got.code === undefined)
        throw new Error(`answers ${JSON.stringify(got.json).slice(0, 200)}; Lotus refuses: ${answer.error.message}`)
      if (got.code !== answer.error.code)
        throw new Error(`refuses with ${got.code} (${got.message}), not ${answer.error.code} (${answer.error.message})`)
      return
    }
    if (got.code !== undefined) throw new Error(`refuses: ${got.message}`)
    const difference = jsonDifference(got.json, answer.result, notCompared(name, answer.method))
    if (difference !== undefined) throw new Error(difference)
  })
}

async function outcome(
  handler: BoundQuery,
  def: AnyMethod,
  params: unknown,
  env: QueryEnv,
): Promise<{ json?: unknown; code?: number; message?: string }> {
  try {
    const value = await handler.handle(decodeParams(def, params) as never, env)
    return { json: parseJson(JSON.stringify(encodeResult(def, value, { addressPrefix: env.state.network.addressPrefix }))) }
  } catch (e) {
    return {
      code: e instanceof NodeError ? e.rpcCode : 1,
      message: e instanceof NodeError ? e.message : ((e as Error).stack ?? String(e)),
    }
  }
}
