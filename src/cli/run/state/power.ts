import { loadActorNames } from '../../actor-names.ts'
import type { Context } from '../../context.ts'
import { en } from '../../en.ts'
import { failed } from '../../errors.ts'
import { percent, size } from '../../format.ts'
import { parseAddress } from '../../parse.ts'
import { loadTipset } from '../../tipset-ref.ts'
import type { ActorJson, MinerPowerJson } from '../../wire.ts'
import type { TipsetFlag } from './flags.ts'

/** The network's power comes with that of any address; this one is never a miner. */
const NO_MINER = 'f00'

export async function power({ node, args, flags, out }: Context<TipsetFlag>): Promise<void> {
  const miner = args[0] === undefined ? undefined : parseAddress(args[0], '[minerAddress]')
  const { Cids } = await loadTipset(node, flags.tipset)
  if (miner !== undefined) {
    const { Code } = await node.call<ActorJson>('StateGetActor', miner, Cids)
    const names = await loadActorNames(node, Cids)
    if (names.byCode.get(Code['/']) !== 'storageminer') throw failed(en.errors.notMiner(miner))
  }
  const answer = await node.call<MinerPowerJson>('StateMinerPower', miner ?? NO_MINER, Cids)
  const total = answer.TotalPower.QualityAdjPower
  const own = answer.MinerPower.QualityAdjPower
  out.answer(answer, () => {
    const whole = `${total}(${size(total)})`
    if (miner === undefined) out.line(whole)
    else out.line(`${own}(${size(own)}) / ${whole} ~= ${BigInt(own) === 0n ? '0.0000' : percent(BigInt(own), BigInt(total), 4)}%`)
  })
}
