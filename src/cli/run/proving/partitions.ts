import { type BitField, bitfield } from '../../../types/bitfield.ts'
import type { NodeApi } from '../../node-api.ts'

/** A partition's sectors in Lotus's JSON: run lengths. */
interface PartitionJson {
  readonly AllSectors: unknown
  readonly LiveSectors: unknown
  readonly ActiveSectors: unknown
  readonly FaultySectors: unknown
  readonly RecoveringSectors: unknown
}

export const kinds = ['All', 'Live', 'Active', 'Faulty', 'Recovering'] as const
export type Partition = Readonly<Record<(typeof kinds)[number], BitField>>

export interface DeadlineStateJson {
  readonly PostSubmissions: unknown
}

/** The partitions of one deadline at the head. */
export async function partitionsOf(node: NodeApi, miner: string, deadline: number): Promise<Partition[]> {
  const found = (await node.call<readonly PartitionJson[] | null>('StateMinerPartitions', miner, deadline, [])) ?? []
  const read = (partition: PartitionJson, kind: (typeof kinds)[number]): BitField =>
    bitfield.fromJson(partition[`${kind}Sectors`] ?? [], kind)
  return found.map((partition) => Object.fromEntries(kinds.map((kind) => [kind, read(partition, kind)])) as unknown as Partition)
}

/** The partitions of all deadlines, the deadline's index beside each list. */
export async function allPartitions(node: NodeApi, miner: string): Promise<{ deadline: number; partitions: Partition[] }[]> {
  const out: { deadline: number; partitions: Partition[] }[] = []
  const { length } = await node.call<readonly unknown[]>('StateMinerDeadlines', miner, [])
  for (let deadline = 0; deadline < length; deadline++)
    out.push({ deadline, partitions: await partitionsOf(node, miner, deadline) })
  return out
}

export function provenPartitions({ PostSubmissions }: DeadlineStateJson): bigint {
  return bitfield.fromJson(PostSubmissions ?? [], 'PostSubmissions').count
}
