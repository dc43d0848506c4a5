import { secondsBehind } from '../../chain-clock.ts'
import type { Context } from '../../context.ts'
import { CliError } from '../../errors.ts'
import { fil } from '../../format.ts'
import type { NodeApi } from '../../node-api.ts'
import { parseAddress } from '../../parse.ts'
import { table } from '../../print.ts'
import type { ActorJson, TipsetJson } from '../../wire.ts'

type Bool = { readonly kind: 'bool' }

const ACTOR_NOT_FOUND = 11

export async function list({
  node,
  flags,
  out,
}: Context<{ readonly 'addr-only': Bool; readonly id: Bool; readonly market: Bool }>): Promise<void> {
  const addresses = (await node.call<readonly string[] | null>('WalletList')) ?? []
  if (flags['addr-only']) {
    out.answer(addresses, () => {
      for (const address of addresses) out.line(address)
    })
    return
  }
  // No default is no error here.
  const standard = await orElse(node.call<string>('WalletDefaultAddress'), () => undefined)
  const rows: Record<string, unknown>[] = []
  for (const address of addresses) {
    const actor = await orElse(node.call<ActorJson>('StateGetActor', address, []), (e) =>
      notThere(e) ? { Balance: '0', Nonce: 0 } : e,
    )
    if (actor instanceof CliError) {
      rows.push({ Address: address, Error: actor.message })
      continue
    }
    const row: Record<string, unknown> = { Address: address, Balance: fil(actor.Balance), Nonce: actor.Nonce }
    if (address === standard) row.Default = 'X'
    if (flags.id) row.ID = await orElse(node.call<string>('StateLookupID', address, []), () => 'n/a')
    if (flags.market) {
      const market = await orElse(marketBalance(node, address), () => undefined)
      if (market !== undefined) {
        row['Market(Avail)'] = fil(market.available)
        row['Market(Locked)'] = fil(market.locked)
      }
    }
    rows.push(row)
  }
  const columns = ['Address', 'ID', 'Balance', 'Market(Avail)', 'Market(Locked)', 'Nonce', 'Default'].map((name) => ({ name }))
  out.answer(rows, () => out.text(table([...columns, { name: 'Error', ownLine: true }], rows)))
}

async function marketBalance(node: NodeApi, address: string): Promise<{ available: bigint; locked: bigint }> {
  const { Escrow, Locked } = await node.call<{ Escrow: string; Locked: string }>('StateMarketBalance', address, [])
  return { available: BigInt(Escrow) - BigInt(Locked), locked: BigInt(Locked) }
}

/** What the node refuses; that it cannot be reached is no answer to anything. */
async function orElse<T, E>(answer: Promise<T>, other: (error: CliError) => E): Promise<T | E> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof CliError && error.code === 'CLI_RPC') return other(error)
    throw error
  }
}

function notThere({ rpcCode, message }: CliError): boolean {
  return rpcCode === ACTOR_NOT_FOUND || message.includes('actor not found')
}

export async function balance({ node, args, out }: Context): Promise<void> {
  const [given] = args
  const address = given === undefined ? await node.call<string>('WalletDefaultAddress') : parseAddress(given, '[address]')
  const atto = await node.call<string>('WalletBalance', address)
  const note = atto === '0' && !(await inSync(node)) ? ' (warning: may display 0 if chain sync in progress)' : ''
  out.answer({ Address: address, Balance: atto }, () => out.line(fil(atto) + note))
}

/** Whether the head is of this epoch (Lotus cli/sync.go, IsSyncDone). */
async function inSync(node: NodeApi): Promise<boolean> {
  const [head, { BlockDelay }] = await Promise.all([
    node.call<TipsetJson>('ChainHead'),
    node.call<{ readonly BlockDelay: number }>('Version'),
  ])
  return (await secondsBehind(node, head, BlockDelay)) < BlockDelay
}
