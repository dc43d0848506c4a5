import { NodeError } from '../../lib/errors.ts'

export type ConfigErrorCode =
  /** A file that is not TOML. */
  | 'CONFIG_SYNTAX'
  /** A value of the wrong kind, or one that cannot be. */
  | 'CONFIG_VALUE'
  /** A setting that a file must state, because its default would surprise. */
  | 'CONFIG_MUST_STATE'

/** A mistake in a config file or in an environment variable that overrides it. */
export class ConfigError extends NodeError {
  declare readonly code: ConfigErrorCode
  constructor(code: ConfigErrorCode, message: string, cause?: unknown) {
    super(code, message, cause === undefined ? {} : { cause })
  }
}
