import { printBeneficiary } from '../../beneficiary.ts'
import type { Context } from '../../context.ts'
import { deci, epochDistance, fil, percent, size } from '../../format.ts'
import { multiaddrText } from '../../multiaddr.ts'
import { parseAddress } from '../../parse.ts'
import { loadTipset } from '../../tipset-ref.ts'
import type { DeadlineJson, MinerInfoJson, MinerPowerJson, NetworkParamsJson } from '../../wire.ts'
import type { TipsetFlag } from './flags.ts'

export async function sectorSize({ node, args, flags, out }: Context<TipsetFlag>): Promise<void> {
  const miner = parseAddress(args[0] ?? '', '<minerAddress>')
  const { Cids } = await loadTipset(node, flags.tipset)
  const { SectorSize } = await node.call<MinerInfoJson>('StateMinerInfo', miner, Cids)
  out.answer(SectorSize, () => out.line(`${size(SectorSize)} (${SectorSize})`))
}

export async function provingDeadline({ node, args, flags, out }: Context<TipsetFlag>): Promise<void> {
  const miner = parseAddress(args[0] ?? '', '<minerAddress>')
  const { Cids } = await loadTipset(node, flags.tipset)
  const deadline = await node.call<DeadlineJson>('StateMinerProvingDeadline', miner, Cids)
  out.answer(deadline, () => {
    out.line(`Period Start:\t${deadline.PeriodStart}`)
    out.line(`Index:\t\t${deadline.Index}`)
    out.line(`Open:\t\t${deadline.Open}`)
    out.line(`Close:\t\t${deadline.Close}`)
    out.line(`Challenge:\t${deadline.Challenge}`)
    out.line(`FaultCutoff:\t${deadline.FaultCutoff}`)
  })
}

export async function minerInfo({ node, args, flags, out }: Context<TipsetFlag>): Promise<void> {
  const miner = parseAddress(args[0] ?? '', '<minerAddress>')
  const { Cids } = await loadTipset(node, flags.tipset)
  const info = await node.call<MinerInfoJson>('StateMinerInfo', miner, Cids)
  const available = await node.call<string>('StateMinerAvailableBalance', miner, Cids)
  const power = await node.call<MinerPowerJson>('StateMinerPower', miner, Cids)
  const deadline = await node.call<DeadlineJson>('StateMinerProvingDeadline', miner, Cids)
  if (out.wantsJson) return out.json({ AvailableBalance: available, Info: info, Power: power, Deadline: deadline })
  const { BlockDelaySecs } = await node.call<NetworkParamsJson>('StateGetNetworkParams')
  out.line(`Available Balance: ${fil(available)}`)
  out.line(`Owner:\t${info.Owner}`)
  out.line(`Worker:\t${info.Worker}`)
  for (const [i, address] of (info.ControlAddresses ?? []).entries()) out.line(`Control ${i}: \t${address}`)
  printBeneficiary(out, info)
  out.line(`PeerID:\t${info.PeerId ?? '<nil>'}`)
  out.line(`Multiaddrs:\t${(info.Multiaddrs ?? []).map((bytes) => `${multiaddrText(Buffer.from(bytes, 'base64'))} `).join('')}`)
  out.line(`Consensus Fault End:\t${info.ConsensusFaultElapsed}`)
  out.line(`SectorSize:\t${size(info.SectorSize)} (${info.SectorSize})`)
  const { MinerPower: own, TotalPower: total } = power
  const share = (part: string, whole: string) => (BigInt(part) === 0n ? '0.0000' : percent(BigInt(part), BigInt(whole), 4))
  const raw = out.paint('blue', size(own.RawBytePower))
  out.line(`Byte Power:   ${raw} / ${size(total.RawBytePower)} (${share(own.RawBytePower, total.RawBytePower)}%)`)
  const adjusted = out.paint('green', deci(own.QualityAdjPower))
  out.line(`Actual Power: ${adjusted} / ${deci(total.QualityAdjPower)} (${share(own.QualityAdjPower, total.QualityAdjPower)}%)`)
  out.line()
  out.line(`Proving Period Start:\t${epochDistance(deadline.CurrentEpoch, deadline.PeriodStart, BlockDelaySecs)}`)
}
