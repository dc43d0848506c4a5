import { BlockError, type BlockErrorCode } from '../consensus/errors.ts'
import { NodeError } from '../lib/errors.ts'
import { Counter, Histogram, type MetricsRegistry } from '../lib/metrics.ts'
import type { Validator } from '../sync/syncer.ts'
import type { Tipset, TipsetKey } from '../types/tipset.ts'
import type { ChainPool } from './chain-pool.ts'
import type { WireBlockResult } from './chain-worker.ts'

/** Validation in the chain thread, with its outcomes counted. */
export class PoolValidator implements Validator {
  readonly #pool: ChainPool
  readonly #good: Counter
  readonly #bad: Counter
  readonly #duration: Histogram

  constructor(components: { readonly pool: ChainPool; readonly registry: MetricsRegistry }) {
    this.#pool = components.pool
    this.#good = components.registry.add(new Counter('lotus_block_success', 'Blocks that passed validation.'))
    this.#bad = components.registry.add(new Counter('lotus_block_failure', 'Blocks that failed validation.'))
    this.#duration = components.registry.add(
      new Histogram('lotus_block_validation_ms', 'Duration of the parts of block validation.'),
    )
  }

  async validate(way: readonly TipsetKey[], signal: AbortSignal): Promise<(Error | undefined)[][]> {
    const results = await this.#pool.validateWay(way, signal)
    return results.map((blocks) => blocks.map((r) => this.#outcome(r)))
  }

  #outcome({ times, failure }: WireBlockResult): Error | undefined {
    for (const [part, ms] of Object.entries(times)) this.#duration.observe(ms, { part })
    if (failure === undefined) {
      this.#good.add()
      return undefined
    }
    this.#bad.add(1, { code: failure.code })
    if (!failure.code.startsWith('BLOCK_')) return new NodeError(failure.code, failure.message)
    return new BlockError(failure.code as BlockErrorCode, failure.message, { verdict: failure.verdict })
  }

  weigh(tipset: Tipset, signal: AbortSignal): Promise<bigint> {
    return this.#pool.weigh(tipset, signal)
  }
}
