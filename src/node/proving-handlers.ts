import type { Api } from '../api/api.ts'
import * as m from '../api/miner/proving.ts'
import { MinerError } from '../miner/errors.ts'
import type { Prover, ProvingSector } from '../miner/proving.ts'
import type { WindowPostScheduler } from '../miner/wdpost/scheduler.ts'
import { type BoundHandler, bind } from '../rpc/router.ts'
import { Address } from '../types/address.ts'
import { signedMessageCid } from '../types/message.ts'
import { TipsetKey } from '../types/tipset.ts'

export interface ProvingHandlersComponents {
  readonly api: Pick<Api, 'stateSectorGetInfo'>
  readonly prover: Prover
  /** Of the process's first actor, whom Lotus's methods are about; undefined where another process proves windows. */
  readonly scheduler: WindowPostScheduler | undefined
}

/** Proofs at the operator's word (Lotus node/impl/storminer.go). */
export function provingHandlers({ api, prover, scheduler }: ProvingHandlersComponents): readonly BoundHandler[] {
  const required = (): WindowPostScheduler => {
    if (scheduler !== undefined) return scheduler
    throw new MinerError('MINER_DISABLED', 'this process makes no window PoSts', {
      hint: 'Set Subsystems.DisableWindowPoSt to false in its config.',
    })
  }
  return [
    bind(m.computeWindowPoSt, async ([deadline], { signal }) => [...(await required().compute(deadline, signal))]),
    bind(m.recoverFault, async ([sectors]) => (await required().recover(sectors)).map(signedMessageCid)),
    bind(m.checkProvable, async ([postProof, sectors], { signal }) => {
      const byMiner = new Map<bigint, ProvingSector[]>()
      const bad = new Map<bigint, string>()
      for (const { id, proofType } of sectors) {
        const info = await api.stateSectorGetInfo([Address.fromId(id.miner), id.number, TipsetKey.empty], { signal })
        if (info === null) {
          bad.set(id.number, 'the sector is not on chain')
          continue
        }
        const of = byMiner.get(id.miner) ?? []
        of.push({ number: id.number, sealProof: proofType, sealedCid: info.sealedCid, updated: info.sectorKeyCid !== null })
        byMiner.set(id.miner, of)
      }
      for (const [miner, of] of byMiner)
        for (const [number, reason] of await prover.checkProvable(miner, postProof, of, { signal })) bad.set(number, reason)
      return bad
    }),
  ]
}
