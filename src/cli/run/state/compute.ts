import { readFileSync } from 'node:fs'
import { parseJson } from '../../../codec/json.ts'
import type { Context } from '../../context.ts'
import { en } from '../../en.ts'
import { CliError } from '../../errors.ts'
import { goJson } from '../../print.ts'
import { loadTipset } from '../../tipset-ref.ts'
import type { ComputeStateJson, MessageJson, TipsetJson } from '../../wire.ts'
import type { TipsetFlag } from './flags.ts'
import { printCall, printSubcalls } from './trace.ts'

type ComputeFlags = TipsetFlag & {
  readonly 'vm-height': { readonly kind: 'int'; readonly default: 0 }
  readonly 'apply-mpool-messages': { readonly kind: 'bool' }
  readonly 'show-trace': { readonly kind: 'bool' }
  readonly html: { readonly kind: 'bool' }
  readonly 'compute-state-output': { readonly kind: 'text' }
  readonly 'no-timing': { readonly kind: 'bool' }
}

export async function computeState(context: Context<ComputeFlags>): Promise<void> {
  const { node, flags, out } = context
  const tipset =
    flags.tipset === undefined && flags['vm-height'] > 0
      ? await node.call<TipsetJson>('ChainGetTipSetByHeight', flags['vm-height'], [])
      : await loadTipset(node, flags.tipset)
  const result = await outcome(context, tipset)
  if (out.wantsJson) return out.line(goJson(result, 0))
  if (flags.html) {
    const { reportHtml } = await import('./compute-html.ts')
    const { loadActorNames } = await import('../../actor-names.ts')
    out.note(`computed state cid:  ${result.Root['/']}`)
    const names = await loadActorNames(node, tipset.Cids)
    return out.text(reportHtml(tipset, result, names, { timing: !flags['no-timing'] }))
  }
  out.line(`computed state cid:  ${result.Root['/']}`)
  if (!flags['show-trace']) return
  for (const { Msg, MsgRct, ExecutionTrace } of result.Trace ?? []) {
    printCall(out, '', Msg, MsgRct)
    printSubcalls(out, '\t', ExecutionTrace.Subcalls)
  }
}

async function outcome({ node, flags }: Context<ComputeFlags>, tipset: TipsetJson): Promise<ComputeStateJson> {
  const path = flags['compute-state-output']
  if (path !== undefined) return readOutcome(path)
  const messages = flags['apply-mpool-messages']
    ? ((await node.call<readonly { Message: MessageJson }[] | null>('MpoolSelect', tipset.Cids, 1)) ?? []).map(
        ({ Message }) => Message,
      )
    : null
  const height = flags['vm-height'] === 0 ? tipset.Height : flags['vm-height']
  return node.call<ComputeStateJson>('StateCompute', height, messages, tipset.Cids)
}

function readOutcome(path: string): ComputeStateJson {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new CliError('CLI_FILE', en.errors.cannotRead(path, (cause as NodeJS.ErrnoException).code ?? 'unreadable'))
  }
  try {
    const value = parseJson(text) as ComputeStateJson
    if (typeof value.Root['/'] === 'string') return value
  } catch {
    // Said below.
  }
  throw new CliError('CLI_FILE', en.errors.notOutcome(path))
}
