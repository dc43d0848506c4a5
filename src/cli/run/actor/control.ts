import { changeWorkerAddressParams } from '../../../actors/methods/miner.ts'
import { encode } from '../../../codec/codec.ts'
import { actorName, loadActorNames } from '../../actor-names.ts'
import type { Context } from '../../context.ts'
import { CliError } from '../../errors.ts'
import { fil } from '../../format.ts'
import { type MinerContext, minerActor, minerInfo, pushToActor } from '../../miner-actor.ts'
import { parseAddress } from '../../parse.ts'
import { table } from '../../print.ts'
import type { ActorJson, MinerInfoJson } from '../../wire.ts'

type Bool = { readonly kind: 'bool' }

export const METHOD_CHANGE_WORKER = 3
const FIL = 10n ** 18n

interface AddressConfigJson {
  readonly PreCommitControl: readonly string[] | null
  readonly CommitControl: readonly string[] | null
  readonly TerminateControl: readonly string[] | null
  readonly DealPublishControl: readonly string[] | null
}

/** Lists of the config in the order in which an address's uses are printed. */
const lists = [
  ['PreCommitControl', 'precommit', 'cyan'],
  ['CommitControl', 'commit', 'blue'],
  ['TerminateControl', 'terminate', 'yellow'],
  ['DealPublishControl', 'deals', 'magenta'],
] as const

export async function list(context: MinerContext<{ readonly verbose: Bool }>): Promise<void> {
  const { node, miner: process, flags, out } = context
  const actor = await minerActor(context)
  const info = await minerInfo(context, actor)
  const config = await process.call<AddressConfigJson>('ActorAddressConfig')
  const uses = await usesOf(context, info, config)
  const names = await loadActorNames(node, [])
  const rows: Record<string, unknown>[] = []
  const found: { Name: string; ID: string; Key: string; Use: string[]; Balance: string }[] = []
  const add = async (name: string, id: string): Promise<void> => {
    let account: ActorJson
    let key = id
    try {
      account = await node.call<ActorJson>('StateGetActor', id, [])
      // Others than accounts have no key.
      if (actorName(names, account.Code['/']).endsWith('/account')) key = await node.call<string>('StateAccountKey', id, [])
    } catch (error) {
      if (!(error instanceof CliError) || error.code !== 'CLI_RPC') throw error
      out.note(`${name}\t${id}: ${error.message}`)
      return
    }
    const own = uses.get(id) ?? []
    found.push({ Name: name, ID: id, Key: key, Use: own.map(([use]) => use), Balance: account.Balance })
    rows.push({
      name,
      ID: id,
      key: flags.verbose || key.length <= 9 ? key : `${key.slice(0, 6)}...`,
      use: own.map(([use, color]) => out.paint(color, use)).join(' '),
      balance: out.paint(balanceColor(BigInt(account.Balance)), fil(account.Balance)),
    })
  }
  await add('owner', info.Owner)
  await add('worker', info.Worker)
  await add('beneficiary', info.Beneficiary)
  for (const [i, address] of (info.ControlAddresses ?? []).entries()) await add(`control-${i}`, address)
  const columns = ['name', 'ID', 'key', 'use', 'balance'].map((name) => ({ name }))
  out.answer(found, () => out.text(table(columns, rows)))
}

type Use = readonly [name: string, color: Parameters<Context['out']['paint']>[0]]

/** What each id address is used for: a control address in no list sends window PoSts. */
async function usesOf({ node }: Context, info: MinerInfoJson, config: AddressConfigJson): Promise<ReadonlyMap<string, Use[]>> {
  const listed = new Map<string, Use[]>()
  for (const [list, name, color] of lists) {
    for (const id of new Set(await Promise.all((config[list] ?? []).map((a) => node.call<string>('StateLookupID', a, [])))))
      listed.set(id, [...(listed.get(id) ?? []), [name, color]])
  }
  const uses = new Map<string, Use[]>()
  const add = (id: string, use: Use): void => void uses.set(id, [...(uses.get(id) ?? []), use])
  add(info.Worker, ['other', 'yellow'])
  for (const id of new Set(info.ControlAddresses ?? [])) if (!listed.has(id)) add(id, ['post', 'green'])
  for (const [id, of] of listed) for (const use of of) add(id, use)
  return uses
}

function balanceColor(atto: bigint): 'red' | 'yellow' | 'green' {
  if (atto < 10n * FIL) return 'red'
  return atto < 50n * FIL ? 'yellow' : 'green'
}

export async function set(context: MinerContext<{ readonly 'really-do-it': Bool }>): Promise<void> {
  const { node, args, flags, out } = context
  const given = args.map((text) => parseAddress(text, '[address...]'))
  const actor = await minerActor(context)
  const info = await minerInfo(context, actor)
  const keyOf = (address: string): Promise<string> => node.call<string>('StateAccountKey', address, [])
  const existing = await Promise.all((info.ControlAddresses ?? []).map(keyOf))
  const wanted: string[] = []
  for (const address of given) {
    const key = await keyOf(address)
    // It must be on chain: the actor would refuse it otherwise.
    await node.call<string>('StateLookupID', key, [])
    wanted.push(key)
  }
  const removed = existing.filter((key) => !wanted.includes(key))
  const added = wanted.filter((key) => !existing.includes(key))
  if (!out.wantsJson) {
    for (const key of removed) out.line(`Remove ${key}`)
    for (const key of added) out.line(`Add ${key}`)
  }
  if (!flags['really-do-it']) {
    out.answer({ Remove: removed, Add: added, Message: null }, () =>
      out.line('Pass --really-do-it to actually execute this action'),
    )
    return
  }
  const json = { NewWorker: info.Worker, NewControlAddrs: wanted }
  const params = encode(changeWorkerAddressParams, changeWorkerAddressParams.fromJson(json, ''))
  const message = await pushToActor(context, actor, { from: info.Owner, method: METHOD_CHANGE_WORKER, params })
  out.answer({ Remove: removed, Add: added, Message: message }, () => out.line(`Message CID: ${message['/']}`))
}
