import { errorMessage } from '../../../lib/errors.ts'
import type { Context } from '../../context.ts'
import { en } from '../../en.ts'
import { failed } from '../../errors.ts'
import { epochTime, fil } from '../../format.ts'
import { sectorDeals } from '../../market-deals.ts'
import type { NodeApi } from '../../node-api.ts'
import { parseAddress, parseInteger } from '../../parse.ts'
import { loadTipset, timeOf } from '../../tipset-ref.ts'
import type { NetworkParamsJson, SectorJson, TipsetKeyJson } from '../../wire.ts'
import type { TipsetFlag } from './flags.ts'

/** Network version that moved the deals of sectors into the market actor. */
const DEALS_IN_MARKET = 22
/** Network version whose sectors no longer carry expected rewards. */
const NO_EXPECTED_REWARD = 25

export async function sector({ node, args, flags, out }: Context<TipsetFlag>): Promise<void> {
  const miner = parseAddress(args[0] ?? '', '<minerAddress>')
  const number = parseInteger(args[1] ?? '', '<sectorNumber>')
  const tipset = await loadTipset(node, flags.tipset)
  const key = tipset.Cids
  const version = await node.call<number>('StateNetworkVersion', key)
  const info = await node.call<SectorJson | null>('StateSectorGetInfo', miner, number, key)
  if (info === null) throw failed(en.errors.noSector(number, miner))
  const place = await node.call<{ Deadline: number; Partition: number }>('StateSectorPartition', miner, number, key)
  const deals = version < DEALS_IN_MARKET ? undefined : await marketDeals(node, miner, number, key)
  if (out.wantsJson) return out.json({ ...info, ...place, MarketDealIDs: Array.isArray(deals) ? deals : null })
  const { BlockDelaySecs } = await node.call<NetworkParamsJson>('StateGetNetworkParams')
  const when = (epoch: number) => epochTime(epoch, { epoch: tipset.Height, unix: timeOf(tipset) }, BlockDelaySecs)
  out.line(`SectorNumber:  ${info.SectorNumber}`)
  out.line(`SealProof:  ${info.SealProof}`)
  out.line(`SealedCID:  ${info.SealedCID['/']}`)
  if (info.SectorKeyCID !== null) out.line(`SectorKeyCID:  ${info.SectorKeyCID['/']}`)
  out.line()
  out.line(`Activation:  ${when(info.Activation)}`)
  out.line(`Expiration:  ${when(info.Expiration)}`)
  out.line()
  out.line(`DealWeight:  ${info.DealWeight}`)
  out.line(`VerifiedDealWeight:  ${info.VerifiedDealWeight}`)
  out.line(`InitialPledge:  ${fil(info.InitialPledge)}`)
  if (version < NO_EXPECTED_REWARD) {
    if (info.ExpectedDayReward !== null) out.line(`ExpectedDayReward:  ${fil(info.ExpectedDayReward)}`)
    if (info.ExpectedStoragePledge !== null) out.line(`ExpectedStoragePledge:  ${fil(info.ExpectedStoragePledge)}`)
  }
  out.line()
  out.line(`DealIDs (deprecated): [${(info.DeprecatedDealIDs ?? []).join(' ')}]`)
  if (typeof deals === 'string') out.line(`DealIDs (market): error retrieving from market actor: ${deals}`)
  else if (deals !== undefined) out.line(`DealIDs (market): [${deals.join(' ')}]`)
  out.line(`Deadline:  ${place.Deadline}`)
  out.line(`Partition:  ${place.Partition}`)
}

/**
 * Deals of a sector from the market actor's map of providers and sectors.
 * @returns an error's text where the map cannot be read: the rest of the sector is worth printing all the same
 */
async function marketDeals(
  node: NodeApi,
  miner: string,
  number: number,
  key: TipsetKeyJson,
): Promise<readonly (number | bigint)[] | string> {
  try {
    return await sectorDeals(node, miner, number, key)
  } catch (error) {
    return errorMessage(error)
  }
}
