import type { Environment } from './environment.ts'
import type { NodeApi } from './node-api.ts'
import type { Output } from './print.ts'
import type { Flags, FlagValues, GlobalFlags } from './spec.ts'

/** What a command is given. */
export interface Context<F extends Flags = Flags> {
  readonly args: readonly string[]
  readonly flags: FlagValues<F>
  readonly global: FlagValues<GlobalFlags>
  /** Whether a flag stood on the command line, whatever its default. */
  isSet(flag: keyof F | keyof GlobalFlags): boolean
  readonly out: Output
  readonly env: Environment
  /** Fires on Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal
  /** The command's name as typed, `chain head`. */
  readonly command: string
  /** The daemon's API; found and checked on first use. */
  readonly node: NodeApi
  /** The miner's API; found and checked on first use. */
  readonly miner: NodeApi
}
