import type { Network } from '../networks/types.ts'
import { type ChainEpoch, FIL, type TokenAmount } from '../types/scalars.ts'

const EPOCHS_IN_DAY = 2880
const SIX_MONTHS = 183 * EPOCHS_IN_DAY
const YEAR = 365 * EPOCHS_IN_DAY

/** Whole FIL that vest linearly over a number of epochs. */
type Schedule = readonly { readonly epochs: ChainEpoch; readonly fil: bigint }[]

/** Genesis multisigs as first recorded (Lotus chain/stmgr/supply.go). */
const atGenesis: Schedule = [
  { epochs: SIX_MONTHS, fil: 49_929_341n + 32_787_700n },
  { epochs: YEAR, fil: 22_421_712n },
  { epochs: 2 * YEAR, fil: 7_223_364n },
  { epochs: 3 * YEAR, fil: 87_637_883n },
  { epochs: 6 * YEAR, fil: 100_000_000n + 300_000_000n },
]
/** As corrected by the Calico upgrade (FIP-0002 era). */
const afterCalico: Schedule = [
  { epochs: 0, fil: 10_632_000n },
  { epochs: SIX_MONTHS, fil: 19_015_887n + 32_787_700n },
  { epochs: YEAR, fil: 22_421_712n + 9_400_000n },
  { epochs: 2 * YEAR, fil: 7_223_364n },
  { epochs: 3 * YEAR, fil: 87_637_883n + 898_958n },
  { epochs: 6 * YEAR, fil: 100_000_000n + 300_000_000n + 9_805_053n },
]

/** What has vested of `initial` after `elapsed` epochs; each epoch locks a whole share, and what the division leaves over is free from the start (specs-actors v0 multisig). */
function vested(initial: bigint, epochs: ChainEpoch, elapsed: ChainEpoch): bigint {
  if (elapsed >= epochs) return initial
  if (elapsed < 0) return 0n
  return initial - (initial / BigInt(epochs)) * BigInt(epochs - elapsed)
}

/** FIL of genesis allocations that has vested by `height`, attoFIL. Source: Lotus chain/stmgr/supply.go, GetFilVested. */
export function vestedByHeight(network: Network, height: ChainEpoch): TokenAmount {
  const { ignition, liftoff, calico } = network.upgrades
  let sum = 0n
  if (height <= ignition) {
    // The first schedule held FIL where attoFIL was meant; the chain's history keeps it.
    for (const s of atGenesis) sum += vested(s.fil, s.epochs, height)
    return sum
  }
  for (const s of height <= calico ? atGenesis : afterCalico) sum += vested(s.fil * FIL, s.epochs, height - liftoff)
  return sum
}
