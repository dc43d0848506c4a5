import { actorName, loadActorNames } from '../../actor-names.ts'
import type { Context } from '../../context.ts'
import { fil } from '../../format.ts'
import { parseAddress } from '../../parse.ts'
import { loadTipset } from '../../tipset-ref.ts'
import type { ActorJson } from '../../wire.ts'
import type { TipsetFlag } from './flags.ts'

export async function getActor({ node, args, flags, out }: Context<TipsetFlag>): Promise<void> {
  const address = parseAddress(args[0] ?? '', '<actorAddress>')
  const { Cids } = await loadTipset(node, flags.tipset)
  const actor = await node.call<ActorJson>('StateGetActor', address, Cids)
  if (out.wantsJson) return out.json(actor)
  const names = await loadActorNames(node, Cids)
  out.line(`Address:\t${address}`)
  out.line(`Balance:\t${fil(actor.Balance)}`)
  out.line(`Nonce:\t\t${actor.Nonce}`)
  out.line(`Code:\t\t${actor.Code['/']} (${actorName(names, actor.Code['/'])})`)
  out.line(`Head:\t\t${actor.Head['/']}`)
  if (actor.DelegatedAddress) out.line(`Delegated address:\t\t${actor.DelegatedAddress}`)
}

export async function lookup({
  node,
  args,
  flags,
  out,
}: Context<TipsetFlag & { readonly reverse: { readonly kind: 'bool' } }>): Promise<void> {
  const address = parseAddress(args[0] ?? '', '<address>')
  const { Cids } = await loadTipset(node, flags.tipset)
  const found = await node.call<string>(flags.reverse ? 'StateAccountKey' : 'StateLookupID', address, Cids)
  out.answer(found, () => out.line(found))
}

export async function readState({ node, args, flags, out }: Context<TipsetFlag>): Promise<void> {
  const address = parseAddress(args[0] ?? '', '<actorAddress>')
  const { Cids } = await loadTipset(node, flags.tipset)
  const { State } = await node.call<{ State: unknown }>('StateReadState', address, Cids)
  out.json(sorted(State))
}

/** Fields by their names at every depth, as Lotus prints them: its command reads the answer into Go's maps. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(fields.map(([name, field]) => [name, sorted(field)]))
}
