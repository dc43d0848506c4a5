import { isPromise } from 'node:util/types'
import type { ErrorFields } from './errors.ts'
import { errorMessage, NodeError } from './errors.ts'

/** Values that accompany a log line. Objects print through toString, so that CIDs and addresses can be given as they are. */
export type LogFields = Readonly<Record<string, unknown>>

/** Field names whose values never reach a log, whatever they hold. */
const secret = /token|secret|password|private_?key|authorization|mnemonic|seed/i

const maxText = 2048

/** One value as JSON can hold it: no key material, no endless bytes, no rounding. */
export function printable(key: string, value: unknown): unknown {
  if (secret.test(key)) return '[not shown]'
  switch (typeof value) {
    case 'string':
      return value.length > maxText ? `${value.slice(0, maxText)}…` : value
    case 'bigint':
      return value.toString()
    case 'number':
    case 'boolean':
    case 'undefined':
      return value
    case 'object': {
      if (value === null) return null
      if (value instanceof Error) return errorMessage(value)
      if (value instanceof Uint8Array) return `${value.length} bytes`
      if (Array.isArray(value)) {
        const shown = value.slice(0, 20).map((v) => printable('', v))
        return value.length > shown.length ? [...shown, `… ${value.length - shown.length} more`] : shown
      }
      if (isPromise(value)) return '[promise]'
      if (value.toString !== Object.prototype.toString) return String(value)
      return printableFields(value as LogFields)
    }
    default:
      return String(value)
  }
}

export function printableFields(fields: LogFields): Record<string, unknown> {
  const out: Record<string, unknown> = {}
  for (const key in fields) {
    const value = fields[key]
    if (value !== undefined) out[key] = printable(key, value)
  }
  return out
}

/** An error as fields: its sentence with causes, its code and its own fields. */
export function errorFields(error: unknown): Record<string, unknown> {
  const own: ErrorFields = error instanceof NodeError ? error.fields : {}
  const code = (error as { code?: unknown } | null | undefined)?.code
  return {
    ...printableFields(own),
    error: printable('error', errorMessage(error)),
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
  }
}

const colors: Readonly<Record<string, string>> = {
  debug: '\x1b[90m',
  info: '\x1b[32m',
  warn: '\x1b[33m',
  error: '\x1b[31m',
  fatal: '\x1b[35m',
}

/** `2026-08-01T12:00:00.000Z  INFO chain  new head  height=12 …`, on one line. */
export function formatLine(line: Readonly<Record<string, unknown>>, color: boolean): string {
  const { time, level, system, msg, ...fields } = line
  const word = String(level)
  const parts = [
    new Date(Number(time)).toISOString(),
    (color ? (colors[word] ?? '') : '') + word.toUpperCase().padEnd(5) + (color ? '\x1b[0m' : ''),
    String(system),
    oneLine(String(msg)),
    ...Object.entries(fields).map(([key, value]) => `${key}=${quoted(value)}`),
  ]
  return `${parts.join(' ')}\n`
}

/** Text of others may hold line breaks and escape codes that would forge lines or move the cursor. */
function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (c) => JSON.stringify(c).slice(1, -1))
}

function quoted(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return /[\s"=]/.test(text) && typeof value === 'string' ? JSON.stringify(text) : oneLine(text)
}
