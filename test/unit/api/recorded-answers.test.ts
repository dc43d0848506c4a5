import t from 'tap'
import { lookupMethod } from '../../../src/api/contract.ts'
import { type AnyMethod, type ApiVersion, decodeParams, encodeResult } from '../../../src/api/method.ts'
import { jsonInteger, parseJson } from '../../../src/codec/json.ts'
import type { NodeError } from '../../../src/lib/errors.ts'
import { recordedAnswers, recordedChains } from '../../kit/rpc-answers.ts'

const json = { addressPrefix: 't' } as const

/** Text of a parsed value, bigints as integers: equal texts are equal JSON with equal order of fields. */
function text(value: unknown): string {
  return JSON.stringify(value, (_k, v) => (typeof v === 'bigint' ? jsonInteger(v) : v))
}

function printed(def: AnyMethod, value: unknown): string {
  return text(parseJson(JSON.stringify(encodeResult(def, value, json))))
}

for (const chain of recordedChains) {
  t.test(`${chain}: every recorded result passes through its descriptor unchanged`, (t) => {
    const answers = recordedAnswers(t, chain)
    if (answers === undefined) {
      t.end()
      return
    }
    const checked = new Map<string, number>()
    const wrong: string[] = []
    for (const { path, method, params, result, error } of answers) {
      const def = lookupMethod(path.slice(5) as ApiVersion, method)
      if (def === undefined) continue
      if (error === undefined) {
        try {
          const value = def.result.fromJson(result, 'result')
          if (printed(def, value) !== text(result))
            wrong.push(`${method}: ${printed(def, value).slice(0, 2000)} != ${text(result).slice(0, 2000)}`)
        } catch (e) {
          wrong.push(`${method}: ${(e as Error).message}`)
        }
        checked.set(method, (checked.get(method) ?? 0) + 1)
      }
      let code: number | undefined
      try {
        decodeParams(def, params)
      } catch (e) {
        code = (e as NodeError).rpcCode
      }
      // Number 1 is what handlers answer with; the others tell of parameters that Lotus could not read.
      const expected = error === undefined || error.code === 1 ? undefined : error.code
      if (code !== expected) wrong.push(`${method} ${text(params).slice(0, 500)}: code ${code}, Lotus has ${expected}`)
    }
    t.same(wrong.slice(0, 5), [])
    t.equal(wrong.length, 0)
    t.ok(checked.size >= 55, `${checked.size} methods of the contract were recorded`)
    t.end()
  })
}
