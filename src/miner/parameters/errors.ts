import { NodeError, type NodeErrorOptions } from '../../lib/errors.ts'

export type ParameterErrorCode =
  /** A file of proof parameters that is not there. */
  | 'PARAMETER_MISSING'
  /** A file of proof parameters whose bytes are not the ones that its digest stands for. */
  | 'PARAMETER_DIGEST'
  /** A file of proof parameters that could be had from none of the gateways. */
  | 'PARAMETER_DOWNLOAD'
  /** A list of parameters, a sector size or a seed that cannot be used. */
  | 'PARAMETER_ARGUMENT'

export class ParameterError extends NodeError {
  declare readonly code: ParameterErrorCode

  constructor(code: ParameterErrorCode, message: string, options: NodeErrorOptions = {}) {
    super(code, message, options)
  }
}
