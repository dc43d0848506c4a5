import type { Api } from '../api/api.ts'
import { Address } from '../types/address.ts'
import { TipsetKey } from '../types/tipset.ts'
import { MinerError } from './errors.ts'

/** Where the description of a miner's pre-sealed sectors is kept, by the miner's address. */
export const PRE_SEALED = '/nelumbo/pre-sealed/'

interface PreSealedMiner {
  readonly Sectors?: readonly { readonly SectorID?: unknown; readonly CommR?: { readonly '/'?: unknown } }[] | null
}

/**
 * Whether a description of pre-sealed sectors (of `lotus-seed`: a JSON object by miner, Lotus genesis.Miner) speaks of sectors
 * that the chain has for the miner, with the same seals.
 * @throws MinerError MINER_PRE_SEALED naming the first that differs
 */
export async function checkPreSealed(
  api: Pick<Api, 'stateSectorGetInfo'>,
  actor: Address,
  text: string,
  signal: AbortSignal,
): Promise<void> {
  const fail = (why: string, cause?: unknown): never => {
    throw new MinerError('MINER_PRE_SEALED', `the description of the pre-sealed sectors ${why}`, { cause })
  }
  let miners: Readonly<Record<string, PreSealedMiner>> = {}
  try {
    miners = JSON.parse(text) as typeof miners
  } catch (cause) {
    fail('is not JSON', cause)
  }
  const entry = Object.entries(miners ?? {}).find(([name]) => isAddress(name, actor))
  if (entry === undefined) return fail(`does not speak of ${actor}`)
  for (const sector of entry[1].Sectors ?? []) {
    const number = sector.SectorID
    const sealed = sector.CommR?.['/']
    if (typeof number !== 'number' || !Number.isSafeInteger(number) || number < 0) return fail('has a sector without a number')
    const onChain = await api.stateSectorGetInfo([actor, BigInt(number), TipsetKey.empty], { signal })
    if (onChain === null) return fail(`has the sector ${number}, which the chain does not have for ${actor}`)
    if (onChain.sealedCid.toString() !== sealed)
      return fail(`says that the sector ${number} is sealed as ${String(sealed)}, the chain says ${onChain.sealedCid}`)
  }
}

function isAddress(text: string, actor: Address): boolean {
  try {
    return Address.parse(text).equals(actor)
  } catch {
    return false
  }
}
