import type { Context } from '../../context.ts'
import { en } from '../../en.ts'
import { CliError, usage } from '../../errors.ts'
import { size } from '../../format.ts'
import type { NetLimitJson, NetStatJson, ScopeStatJson } from '../../net-wire.ts'
import { goJson } from '../../print.ts'

const BAR_WIDTH = 64

export async function stat({ node, args, out }: Context): Promise<void> {
  const answer = await node.call<NetStatJson>('NetStat', args[0] ?? '')
  if (out.wantsJson) return out.json(answer)
  const named = (prefix: string, scopes: Readonly<Record<string, ScopeStatJson>> = {}) =>
    Object.entries(scopes)
      .sort(([a, x], [b, y]) => (x.Memory === y.Memory ? (a < b ? -1 : 1) : x.Memory > y.Memory ? -1 : 1))
      .map(([name, of]) => [`${prefix}${name}`, of] as const)
  const scopes = [
    ['system', answer.System] as const,
    ['transient', answer.Transient] as const,
    ...named('svc:', answer.Services),
    ...named('proto:', answer.Protocols),
    ...named('peer:', answer.Peers),
  ]
  for (const [name, of] of scopes) {
    if (of === undefined) continue
    out.line(name)
    const limits = await limitsOf(node, name)
    /** A bar where there is a limit, the figure alone where there is none. */
    const row = (
      label: string,
      used: number | bigint,
      limit: number | bigint | undefined,
      text: (v: number | bigint) => string,
    ) => {
      const total = Number(limit ?? 0)
      const bar = (): string => {
        const full = Math.min(BAR_WIDTH, Math.round((Number(used) / total) * BAR_WIDTH))
        return out.paint('green', '|'.repeat(full)) + ' '.repeat(BAR_WIDTH - full)
      }
      out.line(`\t${label.padEnd(13)}${total > 0 ? `[${bar()}] ${text(used)}/${text(total)}` : text(used)}`)
    }
    row('memory:', of.Memory, limits?.Memory, (v) => size(v))
    row('streams in:', of.NumStreamsInbound, limits?.StreamsInbound, String)
    row('streams out:', of.NumStreamsOutbound, limits?.StreamsOutbound, String)
    row('conn in:', of.NumConnsInbound, limits?.ConnsInbound, String)
    row('conn out:', of.NumConnsOutbound, limits?.ConnsOutbound, String)
    row('file desc:', of.NumFD, limits?.FD, String)
    out.line()
  }
}

/** Undefined for a scope without limits. */
async function limitsOf(node: Context['node'], scope: string): Promise<NetLimitJson | undefined> {
  try {
    return await node.call<NetLimitJson>('NetLimit', scope)
  } catch (error) {
    if (error instanceof CliError && error.code === 'CLI_RPC') return undefined
    throw error
  }
}

export async function limit({ node, args, flags, out }: Context<{ readonly set: { readonly kind: 'bool' } }>): Promise<void> {
  const [scope = '', text] = args
  if (flags.set) {
    if (text === undefined) throw usage(en.errors.limitMissing())
    let given: unknown
    try {
      given = JSON.parse(text)
    } catch {
      throw usage(en.errors.notJson('[limit]'))
    }
    await node.call('NetSetLimit', scope, given)
    return
  }
  if (text !== undefined) throw usage(en.errors.limitNeedsSet())
  const limits = await node.call<NetLimitJson>('NetLimit', scope)
  out.answer(limits, () => out.line(goJson(limits, 0)))
}
