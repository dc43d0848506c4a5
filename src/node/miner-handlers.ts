import type { Api } from '../api/api.ts'
import * as m from '../api/miner/actor.ts'
import type { AddressConfig, MinerSubsystem } from '../api/types/miner-process.ts'
import { type BoundHandler, bind } from '../rpc/router.ts'
import { Address } from '../types/address.ts'
import { TipsetKey } from '../types/tipset.ts'
import type { StorageMinerConfig } from './miner-config.ts'

export interface MinerHandlersComponents {
  readonly api: Pick<Api, 'stateMinerInfo' | 'stateMinerSectorCount'>
  readonly actors: readonly Address[]
  readonly config: StorageMinerConfig
}

/** Methods about the miner process itself (Lotus node/impl/storminer.go). */
export function minerHandlers({ api, actors, config }: MinerHandlersComponents): readonly BoundHandler[] {
  return [
    bind(m.actorAddress, () => actors[0] as Address),
    bind(m.actorSectorSize, async ([miner], { signal }) => {
      const info = await api.stateMinerInfo([miner, TipsetKey.empty], { signal })
      return info.sectorSize
    }),
    bind(m.actorAddressConfig, () => addressConfigOf(config)),
    bind(m.sectorsSummary, async (_params, { signal }) => {
      // Of one actor, although there may be more: it is printed beside that actor's power (lotus-miner info).
      const { live } = await api.stateMinerSectorCount([actors[0] as Address, TipsetKey.empty], { signal })
      return new Map(live === 0n ? [] : [['Proving', Number(live)]])
    }),
    bind(m.runtimeSubsystems, () => subsystemsOf(config)),
  ]
}

/** @throws CodecError CODEC_VALUE for a text that is no address */
export function addressConfigOf({ Addresses }: Pick<StorageMinerConfig, 'Addresses'>): AddressConfig {
  const parse = (texts: readonly string[]): Address[] => texts.map((text) => Address.parse(text))
  return {
    preCommitControl: parse(Addresses.PreCommitControl),
    commitControl: parse(Addresses.CommitControl),
    terminateControl: parse(Addresses.TerminateControl),
    dealPublishControl: parse(Addresses.DealPublishControl),
    disableOwnerFallback: Addresses.DisableOwnerFallback,
    disableWorkerFallback: Addresses.DisableWorkerFallback,
  }
}

function subsystemsOf({ Subsystems }: Pick<StorageMinerConfig, 'Subsystems'>): MinerSubsystem[] {
  const out: MinerSubsystem[] = []
  if (Subsystems.EnableMining) out.push('Mining')
  if (Subsystems.EnableSealing) out.push('Sealing')
  if (Subsystems.EnableSectorStorage) out.push('SectorStorage')
  return out
}
