/**
 * Go's way of writing flags, brought to commander's: `--flag=false` for booleans, one dash before a long name
 * (`-height`). What follows `--` is left alone.
 */
import { usage } from './errors.ts'

export interface FlagNames {
  /** Long names without dashes that take no value. */
  readonly bools: ReadonlySet<string>
  /** Long names that take one. */
  readonly valued: ReadonlySet<string>
}

const truth: Readonly<Record<string, boolean>> = { 1: true, t: true, true: true, 0: false, f: false, false: false }

/** The flag that says the contrary: `no-x` of `x`, `x` of `no-x`. */
export function oppositeOf(name: string): string {
  return name.startsWith('no-') ? name.slice(3) : `no-${name}`
}

/**
 * @param argv the arguments after the program's name
 * @throws CliError CLI_USAGE for a boolean with a value that is neither true nor false
 */
export function normalizeArgv(argv: readonly string[], { bools, valued }: FlagNames): string[] {
  const out: string[] = []
  for (const [at, word] of argv.entries()) {
    if (word === '--') return [...out, ...argv.slice(at)]
    const match = /^--?([A-Za-z][A-Za-z0-9-]+)(?:=([\s\S]*))?$/.exec(word)
    const [, name = '', value] = match ?? []
    if (match === null || (!bools.has(name) && !valued.has(name))) out.push(word)
    else if (value === undefined) out.push(`--${name}`)
    else if (!bools.has(name)) out.push(`--${name}=${value}`)
    else {
      const yes = truth[value.toLowerCase()]
      if (yes === undefined) throw usage(`--${name}=${value.slice(0, 80)} is neither true nor false`)
      out.push(`--${yes ? name : oppositeOf(name)}`)
    }
  }
  return out
}
