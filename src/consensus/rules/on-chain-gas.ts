import type { Network } from '../../networks/types.ts'
import type { ChainEpoch } from '../../types/scalars.ts'

/** Gas for the work of taking in a message, and what each byte of it costs; `base` bytes are added to its length. */
interface Prices {
  readonly compute: bigint
  readonly perByte: bigint
}

const BASE_BYTES = 36n
const genesis: Prices = { compute: 38_863n, perByte: 1000n }
const calico: Prices = { compute: 38_863n, perByte: 1300n }
const hygge: Prices = { compute: 38_863n + 475_000n, perByte: 1300n }

/**
 * The list that Lotus's old machine has for a height. It still sets the least gas limit of messages in blocks, and it begins
 * *at* an upgrade's height; upgrades that a network never ran do not count (Lotus chain/vm/gas.go, PricelistByEpoch).
 */
function pricesAt({ upgrades }: Pick<Network, 'upgrades'>, height: ChainEpoch): Prices {
  if (upgrades.hygge > 0 && height >= upgrades.hygge) return hygge
  return upgrades.calico > 0 && height >= upgrades.calico ? calico : genesis
}

/** What a message is charged for being in a block, in gas. @param length bytes that it takes on chain */
export function onChainMessageCharge(
  network: Pick<Network, 'upgrades'>,
  height: ChainEpoch,
  length: number,
): { readonly compute: bigint; readonly storage: bigint } {
  const { compute, perByte } = pricesAt(network, height)
  return { compute, storage: (BASE_BYTES + BigInt(length)) * perByte }
}

/** The least gas limit that a message in a block may have. @param length bytes that it takes on chain */
export function onChainMessageGas(network: Pick<Network, 'upgrades'>, height: ChainEpoch, length: number): bigint {
  const { compute, storage } = onChainMessageCharge(network, height, length)
  return compute + storage
}
