import { actorMethodName, loadActorNames } from '../../actor-names.ts'
import type { Context } from '../../context.ts'
import { CliError } from '../../errors.ts'
import { percent } from '../../format.ts'
import { firstBlock, loadTipset } from '../../tipset-ref.ts'
import type { ActorJson, ApiMessageJson, TipsetJson } from '../../wire.ts'

type UsageFlags = {
  readonly tipset: { readonly kind: 'text'; readonly default: string }
  readonly length: { readonly kind: 'int'; readonly default: number }
  readonly 'num-results': { readonly kind: 'int'; readonly default: number }
}

interface Usage {
  Gas: bigint
  Count: number
}

export async function inspectUsage({ node, flags, out }: Context<UsageFlags>): Promise<void> {
  const tipset = await loadTipset(node, flags.tipset)
  const messages: ApiMessageJson[] = []
  let at: TipsetJson = tipset
  for (let i = 0; i < flags.length; i++) {
    messages.push(...((await node.call<readonly ApiMessageJson[] | null>('ChainGetParentMessages', at.Cids[0])) ?? []))
    // The genesis has no parent.
    if (at.Height === 0 || i + 1 === flags.length) break
    at = await node.call<TipsetJson>('ChainGetTipSet', firstBlock(at).Parents)
  }
  const names = await loadActorNames(node, tipset.Cids)
  const codes = new Map<string, string | undefined>()
  const codeOf = async (address: string): Promise<string | undefined> => {
    if (!codes.has(address)) {
      const actor = await node.call<ActorJson>('StateGetActor', address, tipset.Cids).catch((error: unknown) => {
        if (error instanceof CliError && error.message.includes('actor not found')) return undefined
        throw error
      })
      codes.set(address, actor?.Code['/'])
    }
    return codes.get(address)
  }
  const tables = { sender: new Map<string, Usage>(), receiver: new Map<string, Usage>(), method: new Map<string, Usage>() }
  const count = (table: Map<string, Usage>, key: string, gas: bigint) => {
    const entry = table.get(key) ?? { Gas: 0n, Count: 0 }
    entry.Gas += gas
    entry.Count++
    table.set(key, entry)
  }
  let sum = 0n
  for (const { Message } of messages) {
    const gas = BigInt(Message.GasLimit)
    sum += gas
    count(tables.sender, Message.From, gas)
    count(tables.receiver, Message.To, gas)
    const code = await codeOf(Message.To)
    if (code !== undefined) count(tables.method, actorMethodName(names, code, Message.Method), gas)
  }
  const largest = (table: Map<string, Usage>) =>
    [...table].sort(([, a], [, b]) => (a.Gas === b.Gas ? 0 : a.Gas < b.Gas ? 1 : -1)).slice(0, flags['num-results'])
  const list = (table: Map<string, Usage>) => largest(table).map(([Key, usage]) => ({ Key, ...usage }))
  out.answer(
    {
      TotalGasLimit: sum,
      BySender: list(tables.sender),
      ByReceiver: list(tables.receiver),
      ByMethod: list(tables.method),
    },
    () => {
      out.line(`Total Gas Limit: ${sum}`)
      const headings = [
        ['By Sender:', tables.sender],
        ['By Receiver:', tables.receiver],
        ['By Method:', tables.method],
      ] as const
      for (const [i, [heading, table]] of headings.entries()) {
        if (i > 0) out.line()
        out.line(heading)
        for (const [key, { Gas, Count }] of largest(table))
          out.line(`${key}\t${percent(Gas, sum, 2)}%\t(total: ${Gas}, count: ${Count})`)
      }
    },
  )
}
