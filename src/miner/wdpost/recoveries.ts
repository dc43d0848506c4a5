import { declareFaultsRecoveredParams } from '../../actors/methods/miner-sectors.ts'
import type { Api } from '../../api/api.ts'
import { encode } from '../../codec/codec.ts'
import type { Shape } from '../../codec/combinators.ts'
import { getLogger } from '../../lib/log.ts'
import type { Address } from '../../types/address.ts'
import { BitField } from '../../types/bitfield.ts'
import { type SignedMessage, signedMessageCid } from '../../types/message.ts'
import type { SectorNumber } from '../../types/scalars.ts'
import { TipsetKey } from '../../types/tipset.ts'
import type { ControlAddresses } from '../control-addresses.ts'
import type { Prover } from '../proving.ts'
import { type FeeApi, type FeeInit, prepareMessage, sendSpec } from './fees.ts'
import { provingSectors } from './prove-deadline.ts'

const log = getLogger('wdpost')

/** Miner actor, method DeclareFaultsRecovered. */
const DECLARE_FAULTS_RECOVERED = 11n

export type RecoveryDeclaration = Shape<typeof declareFaultsRecoveredParams.fields>['recoveries'][number]

export interface RecoveryComponents {
  readonly api: FeeApi & Pick<Api, 'mpoolPushMessage' | 'stateMinerPartitions' | 'stateMinerSectors' | 'stateSectorPartition'>
  readonly addresses: ControlAddresses
  readonly prover: Prover
}

export interface RecoveryInit extends FeeInit {
  /** The actor's id address. */
  readonly miner: Address
  readonly postProofType: number
  /** 0: all into one message. */
  readonly maxPartitionsPerRecoveryMessage: number
  /** Sectors that one deadline may recover at a time; 0: all (LOTUS_RECOVERING_SECTOR_LIMIT). */
  readonly recoveringSectorLimit: bigint
}

/**
 * Declares that faulty sectors of a deadline which can be proven again will be, in time before its challenge
 * (Lotus storage/wdpost/wdpost_run_faults.go). Messages are sent, not waited for: the declaration that fails shows as a fault that stays,
 * and is made again with the deadline's next round.
 */
export async function declareRecoveries(
  c: RecoveryComponents,
  init: RecoveryInit,
  deadline: bigint,
  tipset: TipsetKey,
  signal: AbortSignal,
): Promise<readonly SignedMessage[]> {
  const declarations = await recoverable(c, init, deadline, tipset, signal)
  return sendDeclarations(c, init, declarations)
}

async function recoverable(
  c: RecoveryComponents,
  init: RecoveryInit,
  deadline: bigint,
  tipset: TipsetKey,
  signal: AbortSignal,
): Promise<RecoveryDeclaration[]> {
  const partitions = await c.api.stateMinerPartitions([init.miner, Number(deadline), tipset], { signal })
  const out: RecoveryDeclaration[] = []
  let left = init.recoveringSectorLimit
  for (const [index, { faultySectors, recoveringSectors }] of partitions.entries()) {
    const faulty = faultySectors.subtract(recoveringSectors)
    if (faulty.isEmpty) continue
    const sectors = await provingSectors(c.api, init.miner, faulty, tipset, signal)
    const bad = await c.prover.checkProvable(init.miner.id as bigint, init.postProofType, sectors, { signal })
    let good = sectors.filter((s) => !bad.has(s.number)).map((s) => s.number)
    if (good.length < sectors.length)
      log.warn('faulty sectors cannot be proven yet', { deadline, partition: index, sectors: sectors.length - good.length })
    if (init.recoveringSectorLimit > 0n) {
      good = good.slice(0, Number(left))
      left -= BigInt(good.length)
    }
    if (good.length > 0) out.push({ deadline, partition: BigInt(index), sectors: BitField.of(good) })
  }
  return out
}

/** Declares sectors as recovering that the operator names; whether they can be proven is the operator's word. */
export async function declareByHand(
  c: RecoveryComponents,
  init: RecoveryInit,
  sectors: readonly SectorNumber[],
): Promise<readonly SignedMessage[]> {
  const byPlace = new Map<string, { deadline: bigint; partition: bigint; numbers: SectorNumber[] }>()
  for (const sector of sectors) {
    const place = await c.api.stateSectorPartition([init.miner, sector, TipsetKey.empty])
    if (place === null) continue
    const key = `${place.deadline}/${place.partition}`
    const entry = byPlace.get(key) ?? { ...place, numbers: [] }
    entry.numbers.push(sector)
    byPlace.set(key, entry)
  }
  const declarations = [...byPlace.values()].map(({ deadline, partition, numbers }) => ({
    deadline,
    partition,
    sectors: BitField.of(numbers),
  }))
  return sendDeclarations(c, init, declarations)
}

async function sendDeclarations(
  c: RecoveryComponents,
  init: RecoveryInit,
  declarations: readonly RecoveryDeclaration[],
): Promise<readonly SignedMessage[]> {
  const size = init.maxPartitionsPerRecoveryMessage > 0 ? init.maxPartitionsPerRecoveryMessage : declarations.length
  const sent: SignedMessage[] = []
  for (let i = 0; i < declarations.length; i += size) {
    const recoveries = declarations.slice(i, i + size)
    const params = encode(declareFaultsRecoveredParams, { recoveries })
    const message = await prepareMessage(c, init, init.miner, { method: DECLARE_FAULTS_RECOVERED, params })
    const signed = await c.api.mpoolPushMessage([message, sendSpec(init)])
    log.warn('declared sectors as recovering', {
      sectors: recoveries.reduce((n, r) => n + r.sectors.count, 0n),
      message: String(signedMessageCid(signed)),
    })
    sent.push(signed)
  }
  return sent
}
