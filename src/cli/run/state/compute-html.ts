/** The report of `state compute-state --html`: every message of a tipset with the calls that it made. */
import { type ActorNames, actorMethodName, actorName } from '../../actor-names.ts'
import { fil } from '../../format.ts'
import type { ComputeStateJson, InvocResultJson, TipsetJson, TraceJson } from '../../wire.ts'
import { hex } from './trace.ts'

/** Nanoseconds from which an execution is marked. */
const SLOW_NS = 10_000_000
const VERY_SLOW_NS = 50_000_000

const style = `body { font-family: monospace; margin: 1em }
.call { border-left: 2px solid #888; margin: .5em 0 .5em 1em; padding-left: .7em }
.failed { border-color: #c00 }
.slow { color: #a60 }
.very-slow { color: #c00 }
.bytes { word-break: break-all }`

export interface ReportOptions {
  readonly timing: boolean
}

export function reportHtml(tipset: TipsetJson, result: ComputeStateJson, names: ActorNames, options: ReportOptions): string {
  const title = `State of the tipset at epoch ${tipset.Height}`
  const cids = tipset.Cids.map((cid) => `<li>${html(cid['/'])}</li>`).join('')
  const messages = (result.Trace ?? []).map((trace) => messageHtml(trace, names, options)).join('\n')
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>${title}</title><style>${style}</style></head>
<body>
<h1>${title}</h1>
<ul>${cids}</ul>
<p>State: ${html(result.Root['/'])}</p>
${messages}
</body>
</html>
`
}

function messageHtml(trace: InvocResultJson, names: ActorNames, { timing }: ReportOptions): string {
  const { MsgCid, MsgRct, ExecutionTrace, Duration, Error: error } = trace
  const speed = Duration > VERY_SLOW_NS ? 'very-slow' : Duration > SLOW_NS ? 'slow' : ''
  const time = timing ? `, <span class="${speed}">${(Duration / 1e6).toFixed(3)} ms</span>` : ''
  const failure = error === '' ? '' : `<p class="very-slow">${html(error)}</p>`
  return `<h2 id="${html(MsgCid['/'])}">${html(MsgCid['/'])}</h2>
<p>exit code ${MsgRct.ExitCode}, gas used ${MsgRct.GasUsed}${time}</p>
${failure}${callHtml(ExecutionTrace, names)}`
}

function callHtml({ Msg, MsgRct, InvokedActor, Subcalls }: TraceJson, names: ActorNames): string {
  const code = InvokedActor?.State.Code['/'] ?? ''
  const method = actorMethodName(names, code, Msg.Method)
  const inner = (Subcalls ?? []).map((call) => callHtml(call, names)).join('\n')
  return `<div class="call${MsgRct.ExitCode === 0 ? '' : ' failed'}">
<p>${html(Msg.From)} → ${html(Msg.To)} ${html(actorName(names, code))} method ${Msg.Method} ${html(method)}, ${fil(Msg.Value)}, exit code ${MsgRct.ExitCode}</p>
<p class="bytes">params ${hex(Msg.Params)}</p>
<p class="bytes">return ${hex(MsgRct.Return)}</p>
${inner}</div>`
}

function html(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`)
}
