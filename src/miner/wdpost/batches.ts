import { ADDRESSED_SECTORS_MAX, DECLARATIONS_MAX, POSTED_PARTITIONS_MAX } from '../../actors/policy/miner.ts'
import type { Result } from '../../api/method.ts'
import type { stateMinerPartitions } from '../../api/methods/state-miner.ts'
import { windowPostPartitionSectors } from '../../types/proof-types.ts'

export type Partition = Result<typeof stateMinerPartitions>[number]

/** A partition with its number in the deadline. */
export interface NumberedPartition {
  readonly index: number
  readonly partition: Partition
}

export interface BatchLimits {
  /** 0: as many as the actor takes. */
  readonly maxPartitionsPerPostMessage: number
  /** Whether a partition with recovering sectors goes into a message of its own. */
  readonly singleRecoveringPartitionPerPostMessage: boolean
}

/** Network version from which on the actor takes three partitions in a message (Watermelon). */
const THREE_PARTITIONS_FROM = 21

/** Partitions that one message may prove (Lotus chain/actors/policy, GetMaxPoStPartitions). */
export function maxPartitionsPerMessage(networkVersion: number, postProofType: number): number {
  const bySectors = Math.floor(ADDRESSED_SECTORS_MAX / windowPostPartitionSectors(postProofType))
  return Math.min(bySectors, DECLARATIONS_MAX, networkVersion >= THREE_PARTITIONS_FROM ? POSTED_PARTITIONS_MAX : DECLARATIONS_MAX)
}

/** Splits a deadline's partitions into those of one message each, in their order (Lotus storage/wdpost, BatchPartitions). */
export function batchPartitions(partitions: readonly Partition[], most: number, limits: BatchLimits): NumberedPartition[][] {
  const { maxPartitionsPerPostMessage, singleRecoveringPartitionPerPostMessage } = limits
  const size = maxPartitionsPerPostMessage > 0 ? Math.min(most, maxPartitionsPerPostMessage) : most
  const batches: NumberedPartition[][] = []
  let current: NumberedPartition[] = []
  const finish = (): void => {
    if (current.length > 0) batches.push(current)
    current = []
  }
  partitions.forEach((partition, index) => {
    if (singleRecoveringPartitionPerPostMessage && !partition.recoveringSectors.isEmpty) {
      finish()
      batches.push([{ index, partition }])
      return
    }
    if (current.length >= size) finish()
    current.push({ index, partition })
  })
  finish()
  return batches
}
