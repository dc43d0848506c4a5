/**
 * The command line as data: a tree of groups and commands whose flags are typed. program.ts makes commander's commands of
 * it, scripts/gen-cli-docs.ts the documentation. A command's code is imported when the command runs, so that starting one
 * does not load the others.
 */
import type { Context } from './context.ts'

interface FlagBase {
  /** Other names: one letter (`-r`) or a word (`--height`). */
  readonly aliases?: readonly string[]
  /** Parsed, but not shown. */
  readonly hidden?: boolean
}
export interface BoolFlag extends FlagBase {
  readonly kind: 'bool'
  readonly default?: boolean
}
export interface TextFlag extends FlagBase {
  readonly kind: 'text'
  readonly default?: string
}
/** A whole number from `min` (0 unless stated) up to 2^53-1. */
export interface IntFlag extends FlagBase {
  readonly kind: 'int'
  readonly default?: number
  readonly min?: number
}
/** May be given several times; the values are in the order of the command line. */
export interface ListFlag extends FlagBase {
  readonly kind: 'list'
}
/** Go's form of a duration, `1h30m` or `500ms`; the value is in milliseconds. */
export interface DurationFlag extends FlagBase {
  readonly kind: 'duration'
  readonly default?: string
}
export type Flag = BoolFlag | TextFlag | IntFlag | ListFlag | DurationFlag
export type Flags = Readonly<Record<string, Flag>>

/** Type of a flag's value: never undefined where there is a default. */
export type FlagValue<F extends Flag> = F extends { kind: 'bool' }
  ? boolean
  : F extends { kind: 'list' }
    ? readonly string[]
    : F extends { kind: 'text'; default: string }
      ? string
      : F extends { kind: 'text' }
        ? string | undefined
        : F extends { kind: 'int' | 'duration'; default: number | string }
          ? number
          : number | undefined
export type FlagValues<F extends Flags> = { readonly [K in keyof F]: FlagValue<F[K]> }

export const bool = <const O extends Omit<BoolFlag, 'kind'>>(options?: O) => ({ kind: 'bool', ...(options as O) }) as const
export const text = <const O extends Omit<TextFlag, 'kind'>>(options?: O) => ({ kind: 'text', ...(options as O) }) as const
export const int = <const O extends Omit<IntFlag, 'kind'>>(options?: O) => ({ kind: 'int', ...(options as O) }) as const
export const list = <const O extends Omit<ListFlag, 'kind'>>(options?: O) => ({ kind: 'list', ...(options as O) }) as const
export const duration = <const O extends Omit<DurationFlag, 'kind'>>(options?: O) =>
  ({ kind: 'duration', ...(options as O) }) as const

export interface CommandSpec {
  readonly name: string
  readonly aliases?: readonly string[]
  /** `<name>` for one that must be there, `[name]` for one that may, a trailing `...` for any number. */
  readonly args?: readonly string[]
  readonly flags: Flags
  /** What follows the arguments belongs to another program: nothing after the first argument is read as a flag. */
  readonly passThrough?: boolean
  run(context: Context): Promise<void>
}

export interface GroupSpec {
  readonly name: string
  readonly aliases?: readonly string[]
  /** Flags that every command of the group takes. */
  readonly flags?: Flags
  readonly commands: readonly (CommandSpec | GroupSpec)[]
  /** What the group does without a command, `daemon` beside `daemon stop`. */
  readonly self?: CommandSpec
}

/** Flags that every command takes, before its name or after it. */
export const globalFlags = {
  repo: text(),
  'api-url': text(),
  json: bool(),
  color: bool(),
  'force-send': bool(),
} as const satisfies Flags
export type GlobalFlags = typeof globalFlags

interface CommandInput<F extends Flags> {
  readonly name: string
  readonly aliases?: readonly string[]
  readonly args?: readonly string[]
  readonly flags?: F
  readonly passThrough?: boolean
  readonly run: (context: Context<F>) => Promise<void>
}

/** Declares a command; `run` sees its flags typed. */
export function command<const F extends Flags = Record<never, never>>(input: CommandInput<F>): CommandSpec {
  const { flags, ...rest } = input
  // The context that program.ts makes has the values of exactly these flags.
  return { ...rest, flags: flags ?? {} } as unknown as CommandSpec
}

/** As {@link command}, for a group whose flags its commands take too. */
export function commandOf<const G extends Flags>(_group: G) {
  return <const F extends Flags = Record<never, never>>(
    input: Omit<CommandInput<F>, 'run'> & { readonly run: (context: Context<F & G>) => Promise<void> },
  ): CommandSpec => command(input as unknown as CommandInput<Flags>)
}

export function isGroup(spec: CommandSpec | GroupSpec): spec is GroupSpec {
  return 'commands' in spec
}
