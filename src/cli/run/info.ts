import { secondsBehind } from '../chain-clock.ts'
import type { Context } from '../context.ts'
import { CliError } from '../errors.ts'
import { filShort, goDuration, metricBytes } from '../format.ts'
import { METHOD_NOT_FOUND, type NodeApi } from '../node-api.ts'
import { type Output, tabbed } from '../print.ts'
import { firstBlock } from '../tipset-ref.ts'
import type { AlertJson, NetworkParamsJson, NodeStatusJson, TipsetJson } from '../wire.ts'
import { FINALITY } from './status.ts'

interface BandwidthJson {
  readonly TotalIn: number
  readonly TotalOut: number
  /** Bytes per second. */
  readonly RateIn: number
  readonly RateOut: number
}

const PAYMENT_CHANNELS_DISABLED = 13

/** Each part of the overview is left out when the node does not have its method. */
async function ask<T>(node: NodeApi, method: string, ...params: readonly unknown[]): Promise<T | undefined> {
  try {
    return await node.call<T>(method, ...params)
  } catch (error) {
    if (error instanceof CliError && (error.rpcCode === METHOD_NOT_FOUND || error.code === 'CLI_PERMISSION')) return undefined
    throw error
  }
}

export async function info({ node, out }: Context): Promise<void> {
  const network = await node.call<NetworkParamsJson>('StateGetNetworkParams')
  const start = new Date(await node.call<string>('StartTime'))
  const head = await node.call<TipsetJson>('ChainHead')
  const status = await ask<NodeStatusJson>(node, 'NodeStatus', true)
  const alerts = (await ask<readonly AlertJson[] | null>(node, 'LogAlerts')) ?? []
  if (out.wantsJson) {
    out.json({
      Network: network.NetworkName,
      StartTime: start.toISOString(),
      Head: { Height: head.Height, Cids: head.Cids },
      BaseFee: firstBlock(head).ParentBaseFee,
      Status: status ?? null,
      ActiveAlerts: alerts.filter(({ Active }) => Active).length,
    })
    return
  }
  out.line(`Network: ${network.NetworkName}`)
  const uptime = (Date.now() - start.getTime()) / 1000
  out.line(`StartTime: ${goDuration(uptime)} (started at ${start.toISOString().replace(/\.\d+Z$/, 'Z')})`)
  const epoch = out.paint('magenta', String(status?.SyncStatus.Epoch ?? head.Height))
  const sync = await syncState(node, head, network.BlockDelaySecs, out)
  out.line(`Chain: ${sync} [basefee ${baseFee(head, out)}] [epoch ${epoch}]`)
  if (status !== undefined) {
    const { PeersToPublishMsgs, PeersToPublishBlocks } = status.PeerStatus
    out.line(`Peers to: [publish messages ${PeersToPublishMsgs}] [publish blocks ${PeersToPublishBlocks}]`)
  }
  const active = alerts.filter(({ Active }) => Active).length
  if (active > 0)
    out.line(`${out.paint('red', `⚠ ${active} Active alerts`)} (check ${out.paint('yellow', 'nelumbo log alerts')})`)
  if (status !== undefined) {
    // Share of five blocks per tipset over a finality.
    const health = (100 * (FINALITY * status.ChainStatus.BlocksPerTipsetLastFinality)) / (FINALITY * 5)
    const word = health > 85 ? out.paint('green', 'healthy') : out.paint('red', 'unhealthy')
    out.line(`Chain health: ${health.toFixed(0)}% [${word}]`)
  }
  await wallet(node, out)
  await channels(node, out)
  const bandwidth = await ask<BandwidthJson>(node, 'NetBandwidthStats')
  if (bandwidth === undefined) return
  const { TotalIn, TotalOut, RateIn, RateOut } = bandwidth
  out.line()
  out.line('Bandwidth:')
  out.text(
    tabbed(
      [
        ['', 'TotalIn', 'TotalOut', 'RateIn', 'RateOut'],
        ['', metricBytes(TotalIn), metricBytes(TotalOut), `${metricBytes(RateIn)}/s`, `${metricBytes(RateOut)}/s`],
      ],
      { minWidth: 6 },
    ),
  )
}

export async function syncState(node: NodeApi, head: TipsetJson, blockDelay: number, out: Output): Promise<string> {
  const behind = await secondsBehind(node, head, blockDelay)
  if (behind < blockDelay * 1.5) return `[${out.paint('green', 'sync ok')}]`
  if (behind < blockDelay * 5) return `[${out.paint('yellow', `sync slow (${goDuration(behind)} behind)`)}]`
  return `[${out.paint('red', `sync behind! (${goDuration(behind)} behind)`)}]`
}

/** Coloured by how much a user pays: Lotus's steps at 0.1, 0.75 and 3 nFIL. */
export function baseFee(head: TipsetJson, out: Output): string {
  const fee = BigInt(firstBlock(head).ParentBaseFee)
  const color = fee > 3_000_000_000n ? 'red' : fee > 750_000_000n ? 'yellow' : fee > 100_000_000n ? 'green' : 'blue'
  return out.paint(color, filShort(fee))
}

async function wallet(node: NodeApi, out: Output): Promise<void> {
  const addresses = await ask<readonly string[] | null>(node, 'WalletList')
  if (addresses === undefined) return
  out.line()
  const own = await node.call<string>('WalletDefaultAddress').catch(() => undefined)
  if (own === undefined) out.line('Default address: address not set')
  else {
    out.line('Default address: ')
    out.line(`      ${own} [${filShort(await node.call<string>('WalletBalance', own))}]`)
  }
  out.line()
  const list = addresses ?? []
  let total = 0n
  let locked = 0n
  let available = 0n
  for (const address of list) {
    total += BigInt(await node.call<string>('WalletBalance', address))
    const balance = await marketBalance(node, address)
    locked += BigInt(balance.Locked)
    available += BigInt(balance.Escrow)
  }
  out.line(`Wallet: ${list.length} address${list.length > 1 ? 'es' : ''}`)
  out.line(`      Total balance: ${filShort(total)}`)
  out.line(`      Market locked: ${filShort(locked)}`)
  out.line(`      Market available: ${filShort(available)}`)
}

/** An address that has no actor yet has no balance. */
async function marketBalance(node: NodeApi, address: string): Promise<{ Escrow: string; Locked: string }> {
  try {
    return await node.call<{ Escrow: string; Locked: string }>('StateMarketBalance', address, [])
  } catch (error) {
    if (error instanceof CliError && error.message.includes('actor not found')) return { Escrow: '0', Locked: '0' }
    throw error
  }
}

async function channels(node: NodeApi, out: Output): Promise<void> {
  try {
    const list = await ask<readonly string[] | null>(node, 'PaychList')
    if (list === undefined) return
    const count = list?.length ?? 0
    out.line()
    out.line(`Payment Channels: ${count} channel${count === 1 ? '' : 's'}`)
  } catch (error) {
    if (!(error instanceof CliError) || error.rpcCode !== PAYMENT_CHANNELS_DISABLED) throw error
    out.line()
    out.line('Payment Channels: disabled (EnablePaymentChannelManager is set to false)')
  }
}
