import { parse, TomlError } from 'smol-toml'
import { errorMessage } from '../../lib/errors.ts'
import { ConfigError } from './errors.ts'
import { type ConfigOf, isSection, type Section, type Setting, variableName } from './schema.ts'

/** Longest config file that is read. */
const maxBytes = 4 << 20

export interface ConfigSource {
  /** The file's text; undefined where there is no file: then the defaults hold. */
  readonly text?: string | undefined
  /** The file's name, for messages. */
  readonly path?: string
  /** Variables of the environment; those called `LOTUS_<SECTION>_<KEY>` override the file. */
  readonly env?: Readonly<Record<string, string | undefined>>
}

type Table = Readonly<Record<string, unknown>>

/**
 * Reads a config: defaults, then the file, then the environment. Keys that are not known are no error, as in Lotus; each
 * gives a warning.
 * @throws ConfigError naming the line and the key, or the variable
 */
export function readConfig<S extends Section>(
  schema: S,
  source: ConfigSource,
): { readonly config: ConfigOf<S>; readonly warnings: readonly string[] } {
  const reader = new ConfigReader(source)
  return { config: reader.section(schema, reader.root, []) as ConfigOf<S>, warnings: reader.warnings }
}

class ConfigReader {
  readonly root: Table | undefined
  readonly warnings: string[] = []
  readonly #text: string
  readonly #path: string
  readonly #env: Readonly<Record<string, string | undefined>>

  constructor({ text, path = 'config.toml', env = {} }: ConfigSource) {
    this.#text = text ?? ''
    this.#path = path
    this.#env = env
    if (text === undefined) return
    if (text.length > maxBytes) throw new ConfigError('CONFIG_SYNTAX', `${path} is longer than ${maxBytes} bytes.`)
    try {
      this.root = parse(text, { integersAsBigInt: 'asNeeded' })
    } catch (cause) {
      if (!(cause instanceof TomlError)) throw cause
      // The reader's message goes on with an excerpt of the file, which may hold passwords.
      const what = (cause.message.split('\n')[0] ?? '').replace(/^Invalid TOML document: /, '')
      throw new ConfigError('CONFIG_SYNTAX', `${path}:${cause.line}: this is not TOML: ${what}.`)
    }
  }

  section(schema: Section, table: Table | undefined, path: readonly string[]): Table {
    const out: Record<string, unknown> = {}
    const taken = new Set<string>()
    for (const [key, entry] of Object.entries(schema.settings)) {
      const here = [...path, key]
      const found = table === undefined ? undefined : keyIn(table, key)
      if (found !== undefined) taken.add(found)
      const value = found === undefined ? undefined : table?.[found]
      if (isSection(entry)) {
        if (value !== undefined && (typeof value !== 'object' || value === null || Array.isArray(value)))
          this.#fail(here, 'must be a section')
        out[key] = this.section(entry, value as Table | undefined, here)
      } else out[key] = this.#value(entry, value, here)
    }
    for (const key of Object.keys(table ?? {})) if (!taken.has(key)) this.#unknown(schema, [...path, key])
    return out
  }

  #value(entry: Setting<unknown>, value: unknown, path: readonly string[]): unknown {
    const variable = variableName(path)
    const override = this.#env[variable]
    if (value === undefined && entry.mustState && this.root !== undefined && override === undefined) {
      throw new ConfigError(
        'CONFIG_MUST_STATE',
        `${this.#path} must say ${path.join('.')}: the default (${entry.kind.print(entry.value)}) removes old state; state it, or set it to false to keep everything.`,
      )
    }
    let result = entry.value
    if (value !== undefined) {
      try {
        result = entry.kind.read(value)
      } catch (e) {
        this.#fail(path, errorMessage(e))
      }
    }
    if (override === undefined) return result
    try {
      return entry.kind.parse(override)
    } catch (e) {
      throw new ConfigError('CONFIG_VALUE', `The environment variable ${variable} ${errorMessage(e)}.`)
    }
  }

  #unknown(schema: Section, path: readonly string[]): void {
    const known = schema.unused.includes(path.at(-1) ?? '')
    this.warnings.push(`${this.#at(path)}: ${path.join('.')} ${known ? 'has no effect in this node' : 'is not a known setting'}.`)
  }

  #fail(path: readonly string[], what: string): never {
    throw new ConfigError('CONFIG_VALUE', `${this.#at(path)}: ${path.join('.')} ${what}.`)
  }

  #at(path: readonly string[]): string {
    const line = lineOf(this.#text, path)
    return line === undefined ? this.#path : `${this.#path}:${line}`
  }
}

/** Go's TOML reader takes keys without regard to case where no exact one is there. */
function keyIn(table: Table, key: string): string | undefined {
  if (Object.hasOwn(table, key)) return key
  const lower = key.toLowerCase()
  return Object.keys(table).find((k) => k.toLowerCase() === lower)
}

/** The line on which a key stands, found by its section's head and its own name; undefined for forms that are too unusual. */
function lineOf(text: string, path: readonly string[]): number | undefined {
  const wanted = path.join('.').toLowerCase()
  let section = ''
  const lines = text.split('\n')
  for (let i = 0; i < lines.length; i++) {
    const line = (lines[i] as string).trim()
    const head = /^\[\[?([^\]]+)\]/.exec(line)?.[1]
    if (head !== undefined) section = `${head.replace(/["'\s]/g, '').toLowerCase()}.`
    const key = head === undefined ? /^([\w."'-]+)\s*=/.exec(line)?.[1] : ''
    if (key !== undefined && (section + key.replace(/["']/g, '').toLowerCase()).replace(/\.$/, '') === wanted) return i + 1
  }
  return undefined
}
