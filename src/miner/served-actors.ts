import { Address } from '../types/address.ts'
import { MinerError } from './errors.ts'
import type { MinerRecords } from './records.ts'

/** The first actor's address in bytes, where Lotus keeps its only one (node/modules/storageminer.go, minerAddrFromDS). */
const FIRST = '/miner-address'
/** JSON list of the further ones, in the order in which they were added. */
const MORE = '/nelumbo/more-miners'

/** The miner actors that a repo serves, in the order in which they were added; empty for a repo that is not set up. */
export function servedActors(records: Pick<MinerRecords, 'get'>): Address[] {
  const first = records.get(FIRST)
  if (first === undefined) return []
  try {
    const more = records.get(MORE)
    const texts = more === undefined ? [] : (JSON.parse(Buffer.from(more).toString('utf8')) as string[])
    return [Address.fromBytes(first), ...texts.map((text) => Address.parse(text))]
  } catch (cause) {
    throw new MinerError('MINER_REPO', "the miner's repository names its actors in a form that cannot be read", { cause })
  }
}

/** Adds an actor; does nothing for one that is there. @returns whether it is new */
export async function addServedActor(records: Pick<MinerRecords, 'get' | 'batch'>, actor: Address): Promise<boolean> {
  const known = servedActors(records)
  if (known.some((a) => a.equals(actor))) return false
  const change =
    known.length === 0
      ? { key: FIRST, value: actor.bytes }
      : { key: MORE, value: Buffer.from(JSON.stringify([...known.slice(1), actor].map((a) => a.toString()))) }
  await records.batch([change], { sync: true })
  return true
}
