/**
 * Config files as typed descriptors: one value gives the TypeScript type, the TOML reader, the environment variables and
 * the commented text of `config default`. Sections and keys are called as in Lotus, so that its files can be taken over.
 */
import type { Kind } from './kinds.ts'

/** One line of a config file. */
export interface Setting<T> {
  readonly kind: Kind<T>
  readonly value: T
  /** What it does, in lines. */
  readonly doc: readonly string[]
  /** Whether a file must say it, even where it wants the default. */
  readonly mustState: boolean
}

export interface Section {
  // biome-ignore lint/suspicious/noExplicitAny: a setting may be of any type; ConfigOf gives it back.
  readonly settings: Readonly<Record<string, Setting<any> | Section>>
  /** Keys that Lotus has and that have no effect here. */
  readonly unused: readonly string[]
}

export type ConfigOf<S extends Section> = {
  readonly [K in keyof S['settings']]: S['settings'][K] extends Setting<infer T>
    ? T
    : S['settings'][K] extends Section
      ? ConfigOf<S['settings'][K]>
      : never
}

export function setting<T>(
  kind: Kind<T>,
  value: T,
  doc: string | readonly string[],
  options: { mustState?: boolean } = {},
): Setting<T> {
  return { kind, value, doc: typeof doc === 'string' ? [doc] : doc, mustState: options.mustState ?? false }
}

export function section<const S extends Section['settings']>(
  settings: S,
  unused: readonly string[] = [],
): { settings: S; unused: readonly string[] } {
  return { settings, unused }
}

export function isSection(entry: Setting<unknown> | Section): entry is Section {
  return 'settings' in entry
}

/** The environment variable that overrides a setting: `LOTUS_CHAINSTORE_ENABLESPLITSTORE`. */
export function variableName(path: readonly string[]): string {
  return ['LOTUS', ...path].join('_').toUpperCase()
}

/** The values that hold where no file and no variable says otherwise. */
export function defaultsOf<S extends Section>(schema: S): ConfigOf<S> {
  const out: Record<string, unknown> = {}
  for (const [key, entry] of Object.entries(schema.settings)) out[key] = isSection(entry) ? defaultsOf(entry) : entry.value
  return out as ConfigOf<S>
}
