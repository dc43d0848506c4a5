/** Names of exit codes that all actors share (go-state-types/exitcode). */
const names: Readonly<Record<number, string>> = {
  0: 'Ok',
  1: 'SysErrSenderInvalid',
  2: 'SysErrSenderStateInvalid',
  4: 'SysErrIllegalInstruction',
  5: 'SysErrInvalidReceiver',
  6: 'SysErrInsufficientFunds',
  7: 'SysErrOutOfGas',
  9: 'SysErrIllegalExitCode',
  10: 'SysFatal',
  11: 'SysErrMissingReturn',
  16: 'ErrIllegalArgument',
  17: 'ErrNotFound',
  18: 'ErrForbidden',
  19: 'ErrInsufficientFunds',
  20: 'ErrIllegalState',
  21: 'ErrSerialization',
  22: 'ErrUnhandledMessage',
  23: 'ErrUnspecified',
  24: 'ErrAssertionFailed',
  25: 'ErrReadOnly',
  26: 'ErrNotPayable',
}

/** `ErrForbidden(18)`, or the number alone for a code of one actor. */
export function exitCodeText(code: number): string {
  const name = names[code]
  return name === undefined ? String(code) : `${name}(${code})`
}
