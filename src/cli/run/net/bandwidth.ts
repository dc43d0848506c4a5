import type { Context } from '../../context.ts'
import { metricBytes } from '../../format.ts'
import type { BandwidthJson } from '../../net-wire.ts'
import { tabbed } from '../../print.ts'

type BandwidthFlags = { readonly 'by-peer': { readonly kind: 'bool' }; readonly 'by-protocol': { readonly kind: 'bool' } }
type ByName = Readonly<Record<string, BandwidthJson>>

export async function bandwidth({ node, flags, out }: Context<BandwidthFlags>): Promise<void> {
  const byName = flags['by-peer'] || flags['by-protocol']
  const answer = flags['by-peer']
    ? await node.call<ByName>('NetBandwidthStatsByPeer')
    : flags['by-protocol']
      ? await node.call<ByName>('NetBandwidthStatsByProtocol')
      : await node.call<BandwidthJson>('NetBandwidthStats')
  const rows: readonly (readonly [string, BandwidthJson])[] = byName
    ? Object.entries(answer as ByName).sort(([a], [b]) => (a < b ? -1 : 1))
    : [['Total', answer as BandwidthJson]]
  out.answer(answer, () =>
    out.text(
      tabbed(
        [
          ['Segment', 'TotalIn', 'TotalOut', 'RateIn', 'RateOut'],
          ...rows.map(([name, { TotalIn, TotalOut, RateIn, RateOut }]) => [
            name === '' ? '<unknown>' : name,
            metricBytes(Number(TotalIn)),
            metricBytes(Number(TotalOut)),
            `${metricBytes(RateIn)}/s`,
            `${metricBytes(RateOut)}/s`,
          ]),
        ],
        { minWidth: 4 },
      ),
    ),
  )
}
