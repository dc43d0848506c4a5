import { BitField, bitfield } from '../../../types/bitfield.ts'
import { type MinerContext, minerActor, minerInfo } from '../../miner-actor.ts'
import { tabbed } from '../../print.ts'
import { parseDeadline, tableLayout } from './deadlines.ts'
import { allPartitions, partitionsOf } from './partitions.ts'

type Bool = { readonly kind: 'bool' }
type CheckFlags = {
  readonly 'only-bad': Bool
  readonly slow: Bool
  readonly 'storage-id': { readonly kind: 'text' }
  readonly faulty: Bool
}

interface SectorJson {
  readonly SectorNumber: number
  readonly SealProof: number
}

interface DeclarationJson {
  readonly Miner: number
  readonly Number: number
}

export async function check(context: MinerContext<CheckFlags>): Promise<void> {
  const { node, miner: process, args, flags, out } = context
  const index = parseDeadline(args[0])
  const miner = await minerActor(context)
  const id = Number((await node.call<string>('StateLookupID', miner, [])).slice(2))
  const { WindowPoStProofType } = await minerInfo(context, miner)
  const partitions = await partitionsOf(node, miner, index)
  const wanted = await filter(context, miner, id)
  const found: { Deadline: number; Partition: number; Sector: number; Bad: string | null }[] = []
  for (const [partition, { Live }] of partitions.entries()) {
    const of = wanted === undefined ? Live : Live.intersect(wanted)
    if (of.isEmpty) continue
    const filterJson = bitfield.toJson(of, { addressPrefix: 'f' })
    const sectors = (await node.call<readonly SectorJson[] | null>('StateMinerSectors', miner, filterJson, [])) ?? []
    const refs = sectors.map(({ SectorNumber, SealProof }) => ({
      ID: { Miner: id, Number: SectorNumber },
      ProofType: SealProof,
    }))
    const bad = await process.call<Readonly<Record<string, string>> | null>('CheckProvable', WindowPoStProofType, refs)
    for (const { SectorNumber } of sectors) {
      const reason = bad?.[String(SectorNumber)] ?? null
      if (reason === null && flags['only-bad']) continue
      found.push({ Deadline: index, Partition: partition, Sector: SectorNumber, Bad: reason })
    }
  }
  out.answer(found, () => {
    const rows = found.map(({ Deadline, Partition, Sector, Bad }) => [
      ...[Deadline, Partition, Sector].map(String),
      Bad === null ? out.paint('green', 'good') : `${out.paint('red', 'bad')} (${Bad})`,
    ])
    out.text(tabbed([['deadline', 'partition', 'sector', 'status'], ...rows], tableLayout))
  })
}

/** The sectors that the flags leave; undefined for all. */
async function filter(context: MinerContext<CheckFlags>, miner: string, id: number): Promise<BitField | undefined> {
  const { node, miner: process, flags } = context
  let wanted: BitField | undefined
  const storage = flags['storage-id']
  if (storage !== undefined) {
    const all = await process.call<Readonly<Record<string, readonly DeclarationJson[] | null>>>('StorageList')
    const here = (all[storage] ?? []).filter(({ Miner }) => Miner === id)
    wanted = BitField.of(here.map((declaration) => declaration.Number))
  }
  if (!flags.faulty) return wanted
  const all = await allPartitions(node, miner)
  const faulty = BitField.empty.union(...all.flatMap(({ partitions }) => partitions.map(({ Faulty }) => Faulty)))
  return wanted === undefined ? faulty : wanted.intersect(faulty)
}
