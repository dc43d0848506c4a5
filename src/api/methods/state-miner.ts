/** State*: miners, their sectors and deadlines, and what a miner asks to make a block. */
import { list, optional } from '../../codec/combinators.ts'
import { bool, uint64 } from '../../codec/primitives.ts'
import { address } from '../../types/address.ts'
import { bitfield } from '../../types/bitfield.ts'
import { epoch, tokenAmount } from '../../types/scalars.ts'
import { method, param } from '../method.ts'
import {
  deadline,
  deadlineIndex,
  deadlineInfo,
  fault,
  minerInfo,
  minerPower,
  minerSectors,
  partition,
  sectorExpiration,
  sectorLocation,
  sectorOnChainInfo,
  sectorPreCommitOnChainInfo,
  sectorToPreCommit,
} from '../types/miner.ts'
import { addressOrEmpty } from '../types/shape.ts'
import { miner, sector, tsk, v0v1, v1 } from './params.ts'

const preCommit = param('preCommit', sectorToPreCommit)

export const stateListMiners = method({
  name: 'Filecoin.StateListMiners',
  perm: 'read',
  params: [tsk],
  result: list(address, { emptyJson: 'null' }),
  doc: 'The addresses of all miners that have claimed power.',
  versions: v0v1,
  where: 'query',
})

export const stateMinerInfo = method({
  name: 'Filecoin.StateMinerInfo',
  perm: 'read',
  params: [miner, tsk],
  result: minerInfo,
  doc: "A miner's owner, worker, control addresses, peer and sizes.",
  versions: v0v1,
  where: 'query',
})

export const stateMinerPower = method({
  name: 'Filecoin.StateMinerPower',
  perm: 'read',
  params: [param('miner', addressOrEmpty), tsk],
  result: minerPower,
  doc: "A miner's power and the network's; without a miner the network's alone.",
  versions: v0v1,
  where: 'query',
})

export const stateMinerDeadlines = method({
  name: 'Filecoin.StateMinerDeadlines',
  perm: 'read',
  params: [miner, tsk],
  result: list(deadline),
  doc: "A miner's 48 deadlines.",
  versions: v0v1,
  where: 'query',
})

export const stateMinerProvingDeadline = method({
  name: 'Filecoin.StateMinerProvingDeadline',
  perm: 'read',
  params: [miner, tsk],
  result: deadlineInfo,
  doc: "The deadline that is open at the tipset's height.",
  versions: v0v1,
  where: 'query',
})

export const stateMinerPartitions = method({
  name: 'Filecoin.StateMinerPartitions',
  perm: 'read',
  params: [miner, param('deadline', deadlineIndex), tsk],
  result: list(partition, { emptyJson: 'null' }),
  doc: 'The partitions of a deadline.',
  versions: v0v1,
  where: 'query',
})

export const stateMinerSectors = method({
  name: 'Filecoin.StateMinerSectors',
  perm: 'read',
  params: [miner, param('sectors', optional(bitfield)), tsk],
  result: list(sectorOnChainInfo, { emptyJson: 'null' }),
  doc: "A miner's proven sectors; only those of the bitfield where one is given.",
  versions: v0v1,
  where: 'query',
})

export const stateMinerActiveSectors = method({
  name: 'Filecoin.StateMinerActiveSectors',
  perm: 'read',
  params: [miner, tsk],
  result: list(sectorOnChainInfo, { emptyJson: 'null' }),
  doc: 'The sectors that a miner is proving.',
  versions: v0v1,
  where: 'query',
})

export const stateMinerSectorCount = method({
  name: 'Filecoin.StateMinerSectorCount',
  perm: 'read',
  params: [miner, tsk],
  result: minerSectors,
  doc: 'How many sectors of a miner are live, active and faulty.',
  versions: v0v1,
  where: 'query',
})

export const stateMinerSectorAllocated = method({
  name: 'Filecoin.StateMinerSectorAllocated',
  perm: 'read',
  params: [miner, sector, tsk],
  result: bool,
  doc: 'Whether a sector number was ever used.',
  versions: v0v1,
  where: 'query',
})

export const stateMinerAllocated = method({
  name: 'Filecoin.StateMinerAllocated',
  perm: 'read',
  params: [miner, tsk],
  result: optional(bitfield),
  doc: 'All sector numbers that were ever used.',
  versions: v1,
  where: 'query',
})

export const stateMinerFaults = method({
  name: 'Filecoin.StateMinerFaults',
  perm: 'read',
  params: [miner, tsk],
  result: bitfield,
  doc: "A miner's faulty sectors.",
  versions: v0v1,
  where: 'query',
})

export const stateAllMinerFaults = method({
  name: 'Filecoin.StateAllMinerFaults',
  perm: 'read',
  params: [param('lookback', epoch), tsk],
  result: list(fault, { emptyJson: 'null' }),
  doc: 'Faults of all miners within a number of epochs before a tipset; Lotus answers that this is not supported.',
  versions: v0v1,
  where: 'query',
})

export const stateMinerRecoveries = method({
  name: 'Filecoin.StateMinerRecoveries',
  perm: 'read',
  params: [miner, tsk],
  result: bitfield,
  doc: "A miner's faulty sectors that are declared as recovering.",
  versions: v0v1,
  where: 'query',
})

export const stateMinerAvailableBalance = method({
  name: 'Filecoin.StateMinerAvailableBalance',
  perm: 'read',
  params: [miner, tsk],
  result: tokenAmount,
  doc: 'The part of the balance that can be withdrawn or spent, in attoFIL.',
  versions: v0v1,
  where: 'query',
})

export const stateMinerPreCommitDepositForPower = method({
  name: 'Filecoin.StateMinerPreCommitDepositForPower',
  perm: 'read',
  params: [miner, preCommit, tsk],
  result: tokenAmount,
  doc: "The deposit that the sector's pre-commitment takes, in attoFIL.",
  versions: v0v1,
  where: 'query',
})

export const stateMinerInitialPledgeCollateral = method({
  name: 'Filecoin.StateMinerInitialPledgeCollateral',
  perm: 'read',
  params: [miner, preCommit, tsk],
  result: tokenAmount,
  doc: 'The initial pledge that the sector takes when it is proven, in attoFIL.',
  versions: v0v1,
  where: 'query',
})

export const stateMinerInitialPledgeForSector = method({
  name: 'Filecoin.StateMinerInitialPledgeForSector',
  perm: 'read',
  params: [param('duration', epoch), param('sectorSize', uint64), param('verifiedSize', uint64), tsk],
  result: tokenAmount,
  doc: 'The initial pledge of a sector of a duration in epochs and a size in bytes, in attoFIL.',
  versions: v1,
  where: 'query',
})

export const stateMinerCreationDeposit = method({
  name: 'Filecoin.StateMinerCreationDeposit',
  perm: 'read',
  params: [tsk],
  result: tokenAmount,
  doc: 'The deposit that creating a miner takes (FIP-0077), in attoFIL.',
  versions: v1,
  where: 'query',
})

export const stateSectorPreCommitInfo = method({
  name: 'Filecoin.StateSectorPreCommitInfo',
  perm: 'read',
  params: [miner, sector, tsk],
  result: optional(sectorPreCommitOnChainInfo),
  doc: "A sector's pre-commitment; null where there is none.",
  versions: v1,
  where: 'query',
})

export const stateSectorGetInfo = method({
  name: 'Filecoin.StateSectorGetInfo',
  perm: 'read',
  params: [miner, sector, tsk],
  result: optional(sectorOnChainInfo),
  doc: "A proven sector's information; null where there is none.",
  versions: v0v1,
  where: 'query',
})

export const stateSectorExpiration = method({
  name: 'Filecoin.StateSectorExpiration',
  perm: 'read',
  params: [miner, sector, tsk],
  result: optional(sectorExpiration),
  doc: 'The epoch at which a sector expires, and that of an early end through faults.',
  versions: v0v1,
  where: 'query',
})

export const stateSectorPartition = method({
  name: 'Filecoin.StateSectorPartition',
  perm: 'read',
  params: [miner, sector, tsk],
  result: optional(sectorLocation),
  doc: 'The deadline and the partition that a sector is in.',
  versions: v0v1,
  where: 'query',
})
