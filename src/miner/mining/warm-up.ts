import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Api } from '../../api/api.ts'
import { getLogger } from '../../lib/log.ts'
import type { Address } from '../../types/address.ts'
import { TipsetKey } from '../../types/tipset.ts'
import type { Prover } from '../proving.ts'

const log = getLogger('mining')

export interface WarmUpComponents {
  readonly api: Pick<Api, 'stateMinerDeadlines' | 'stateMinerPartitions' | 'stateSectorGetInfo'>
  readonly prover: Pick<Prover, 'winningPost'>
}

/**
 * Proves an actor's first active sector with a challenge of its own, so that parameters are in memory before the first win and
 * an operator hears of what is missing (Lotus miner/warmup.go).
 * @returns milliseconds that it took; undefined for an actor without active sectors
 * @throws what the prover throws
 */
export async function warmUp(
  { api, prover }: WarmUpComponents,
  miner: Address,
  signal: AbortSignal,
): Promise<number | undefined> {
  const number = await firstActive(api, miner, signal)
  if (number === undefined) return undefined
  const sector = await api.stateSectorGetInfo([miner, number, TipsetKey.empty], { signal })
  if (sector === null) return undefined
  const started = performance.now()
  const { sealProof, sealedCid, sectorKeyCid } = sector
  const randomness = new Uint8Array(randomBytes(32))
  // Challenges are elements of the proofs' field, which 255 bits do not all fit.
  randomness[31] = (randomness[31] as number) & 0x3f
  const sectors = [{ number, sealProof, sealedCid, updated: sectorKeyCid !== null }]
  await prover.winningPost(miner.id as bigint, sectors, randomness, { signal })
  return performance.now() - started
}

async function firstActive(api: WarmUpComponents['api'], miner: Address, signal: AbortSignal): Promise<bigint | undefined> {
  const deadlines = await api.stateMinerDeadlines([miner, TipsetKey.empty], { signal })
  for (const index of deadlines.keys()) {
    for (const { activeSectors } of await api.stateMinerPartitions([miner, index, TipsetKey.empty], { signal })) {
      const first = activeSectors.nth(0n)
      if (first !== undefined) return first
    }
  }
  return undefined
}

/** As `warmUp`, telling the log. */
async function warmUpLogged(c: WarmUpComponents, miner: Address, signal: AbortSignal): Promise<void> {
  try {
    const ms = await warmUp(c, miner, signal)
    if (ms === undefined) log.info('there is no sector to warm up with', { miner: String(miner) })
    else log.info('the winning PoSt is warmed up', { miner: String(miner), ms: Math.round(ms) })
  } catch (error) {
    if (!signal.aborted)
      log.error('the winning PoSt could not be warmed up: no blocks can be made', { miner: String(miner) }, error)
  }
}

/**
 * Knows which actors are proving for a block already. A win in the first epoch after a start warms up by itself; a proof beside it
 * would take half of the processor from the one that is due.
 */
export class FirstProofs {
  readonly #begun = new Set<bigint>()
  readonly #attempted = Promise.withResolvers<void>()

  /** The prover, observed. */
  watch(prover: Pick<Prover, 'winningPost'>): Pick<Prover, 'winningPost'> {
    return {
      winningPost: (miner, ...rest) => {
        this.#begun.add(miner)
        return prover.winningPost(miner, ...rest)
      },
    }
  }

  /** To be called when an actor's work on an epoch is over. */
  attempted(): void {
    this.#attempted.resolve()
  }

  /** Warms up the actors that have not begun a proof when the first attempt is over, or after some time in which there was none. */
  async warmUpOthers(c: WarmUpComponents, actors: readonly Address[], maxWaitMs: number, signal: AbortSignal): Promise<void> {
    const stopped = new AbortController()
    const wait = sleep(maxWaitMs, undefined, { signal: AbortSignal.any([signal, stopped.signal]) }).catch(() => {})
    await Promise.race([this.#attempted.promise, wait])
    stopped.abort()
    for (const miner of actors) if (!signal.aborted && !this.#begun.has(miner.id as bigint)) await warmUpLogged(c, miner, signal)
  }
}
