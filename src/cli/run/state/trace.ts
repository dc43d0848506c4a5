import type { Output } from '../../print.ts'
import type { MessageJson, TraceJson } from '../../wire.ts'

/** Bytes of the API in hex; null is none. */
export function hex(base64: string | null): string {
  return Buffer.from(base64 ?? '', 'base64').toString('hex')
}

/** One call on a line: sender, receiver, value, method, parameters, exit code and return value. */
export function printCall(
  out: Output,
  prefix: string,
  message: MessageJson,
  receipt: { readonly ExitCode: number; readonly Return: string | null },
): void {
  const { From, To, Value, Method, Params } = message
  out.line(prefix + [From, To, Value, Method, hex(Params), receipt.ExitCode, hex(receipt.Return)].join('\t'))
}

/** Calls inside a call, each level one tab further in. */
export function printSubcalls(out: Output, prefix: string, calls: readonly TraceJson[] | null): void {
  for (const { Msg, MsgRct, Subcalls } of calls ?? []) {
    printCall(out, prefix, Msg, MsgRct)
    printSubcalls(out, `${prefix}\t`, Subcalls)
  }
}
