import { textMap, tomlKey } from './kinds.ts'
import { type ConfigOf, defaultsOf, isSection, type Section, type Setting, variableName } from './schema.ts'

export interface PrintOptions {
  /** With what each setting does, and with settings that have their default commented out; true when not given. */
  readonly comments?: boolean
}

/**
 * A config as the text of a file. With comments this is `config updated`, and of the defaults `config default`: what equals
 * the default is commented out, so that a later version's default takes hold, but for what a file must state.
 */
export function printConfig<S extends Section>(
  schema: S,
  config: ConfigOf<S> = defaultsOf(schema),
  options: PrintOptions = {},
): string {
  const lines: string[] = []
  printSection(schema, config as Record<string, unknown>, [], options.comments ?? true, lines)
  return `${lines.join('\n').trim()}\n`
}

function printSection(
  schema: Section,
  config: Readonly<Record<string, unknown>>,
  path: readonly string[],
  comments: boolean,
  lines: string[],
): void {
  const pad = '  '.repeat(path.length)
  const entries = Object.entries(schema.settings)
  for (const [key, entry] of entries) {
    if (isTable(entry)) continue
    const setting = entry as Setting<unknown>
    const value = setting.kind.print(config[key])
    const same = value === setting.kind.print(setting.value)
    if (comments) {
      lines.push(...setting.doc.map((line) => `${pad}# ${line}`.trimEnd()), `${pad}#`)
      lines.push(`${pad}# type: ${setting.kind.type}`, `${pad}# env var: ${variableName([...path, key])}`)
    }
    lines.push(`${pad}${comments && same && !setting.mustState ? '#' : ''}${key} = ${value}`)
    if (comments) lines.push('')
  }
  for (const [key, entry] of entries) {
    if (!isTable(entry)) continue
    const here = [...path, key]
    if (lines.length > 0 && lines.at(-1) !== '' && !lines.at(-1)?.endsWith(']')) lines.push('')
    if (!isSection(entry) && comments)
      lines.push(...entry.doc.map((line) => `${pad}# ${line}`.trimEnd()), `${pad}#`, `${pad}# env var: ${variableName(here)}`)
    lines.push(`${pad}[${here.map(tomlKey).join('.')}]`)
    if (isSection(entry)) printSection(entry, config[key] as Record<string, unknown>, here, comments, lines)
    else lines.push(...printMap(config[key] as Readonly<Record<string, string>>, `${pad}  `))
    if (lines.at(-1) !== '') lines.push('')
  }
}

/** TOML wants tables after the plain settings of the section that they stand in. */
function isTable(entry: Setting<unknown> | Section): boolean {
  return isSection(entry) || entry.kind === (textMap as unknown)
}

function printMap(map: Readonly<Record<string, string>>, pad: string): string[] {
  const printed = textMap.print(map)
  return printed === '' ? [] : printed.split('\n').map((line) => pad + line)
}
