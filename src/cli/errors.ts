import { NodeError, type NodeErrorOptions } from '../lib/errors.ts'

export type CliErrorCode =
  /** The command line is wrong: an unknown flag, a missing argument, a value of the wrong form. Exit code 2. */
  | 'CLI_USAGE'
  /** The command needs a running daemon and there is none to be found. */
  | 'CLI_NO_DAEMON'
  /** The daemon's address or token, in the environment or in the repository, cannot be read. */
  | 'CLI_API_INFO'
  /** The daemon refused the token, or the token lacks a permission. */
  | 'CLI_PERMISSION'
  /** The daemon answered with an error. */
  | 'CLI_RPC'
  /** A file that the command reads or writes failed. */
  | 'CLI_FILE'
  /** The command ran and its answer is no. */
  | 'CLI_FAILED'

/** What a command ends with: one sentence on stderr, exit code 2 for CLI_USAGE and 1 for all others. */
export class CliError extends NodeError {
  declare readonly code: CliErrorCode
  constructor(code: CliErrorCode, message: string, options: NodeErrorOptions = {}) {
    super(code, message, options)
  }
}

export function usage(message: string): CliError {
  return new CliError('CLI_USAGE', message)
}

export function failed(message: string): CliError {
  return new CliError('CLI_FAILED', message)
}
