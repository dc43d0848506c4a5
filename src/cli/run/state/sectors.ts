import type { Context } from '../../context.ts'
import { filNumber, utcDateTime } from '../../format.ts'
import { parseAddress } from '../../parse.ts'
import { loadTipset, timeOf } from '../../tipset-ref.ts'
import type { NetworkParamsJson, SectorJson } from '../../wire.ts'
import type { TipsetFlag } from './flags.ts'

type ActiveFlags = TipsetFlag & {
  readonly 'show-partitions': { readonly kind: 'bool' }
  readonly human: { readonly kind: 'bool' }
}

export async function sectors(context: Context<ActiveFlags & { readonly all: { readonly kind: 'bool' } }>): Promise<void> {
  await print(context, context.flags.all)
}

export async function activeSectors(context: Context<ActiveFlags>): Promise<void> {
  await print(context, false)
}

async function print({ node, args, flags, out }: Context<ActiveFlags>, all: boolean): Promise<void> {
  const miner = parseAddress(args[0] ?? '', '<minerAddress>')
  const tipset = await loadTipset(node, flags.tipset)
  const list =
    (all
      ? await node.call<readonly SectorJson[] | null>('StateMinerSectors', miner, null, tipset.Cids)
      : await node.call<readonly SectorJson[] | null>('StateMinerActiveSectors', miner, tipset.Cids)) ?? []
  if (out.wantsJson) return out.json(list)
  const { human } = flags
  const partitions = flags['show-partitions']
  const delay = human ? (await node.call<NetworkParamsJson>('StateGetNetworkParams')).BlockDelaySecs : 0
  const epoch = (at: number) => (human ? utcDateTime(timeOf(tipset) + (at - tipset.Height) * delay) : String(at))
  const amount = (atto: string) => (human ? filNumber(atto) : atto)
  const heading = human
    ? ['Activation (UTC)', 'Expiration (UTC)', 'InitialPledge (FIL)', 'DailyFee (FIL)']
    : ['Activation', 'Expiration', 'InitialPledge (attoFIL)', 'DailyFee (attoFIL)']
  out.line(['Sector Number', ...(partitions ? ['Deadline', 'Partition'] : []), 'Sealed CID', ...heading].join(','))
  for (const sector of list) {
    const place: string[] = []
    if (partitions) {
      const at = await node.call<{ Deadline: number; Partition: number }>(
        'StateSectorPartition',
        miner,
        sector.SectorNumber,
        tipset.Cids,
      )
      place.push(String(at.Deadline), String(at.Partition))
    }
    const { SectorNumber, SealedCID, Activation, Expiration, InitialPledge, DailyFee } = sector
    const values = [epoch(Activation), epoch(Expiration), amount(InitialPledge), amount(DailyFee)]
    out.line([SectorNumber, ...place, SealedCID['/'], ...values].join(','))
  }
}
