/** What commands print with: lines, colours, Lotus's JSON and its tables. */
import type { Writable } from 'node:stream'
import { jsonInteger } from '../codec/json.ts'

export type Color = 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan'
const codes: Readonly<Record<Color, number>> = { red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, cyan: 36 }

export interface OutputOptions {
  readonly color: boolean
  /** `--json`: commands print their answer as one JSON value. */
  readonly json: boolean
}

export class Output {
  readonly wantsJson: boolean
  readonly #stdout: Writable
  readonly #stderr: Writable
  readonly #color: boolean

  constructor(stdout: Writable, stderr: Writable, { color, json }: OutputOptions) {
    this.#stdout = stdout
    this.#stderr = stderr
    this.#color = color
    this.wantsJson = json
  }

  /** One line on stdout. */
  line(text: string | number | bigint = ''): void {
    this.#stdout.write(`${text}\n`)
  }

  /** Text on stdout without a line end. */
  text(text: string): void {
    this.#stdout.write(text)
  }

  /** One line on stderr: what is not the answer. */
  note(text: string): void {
    this.#stderr.write(`${text}\n`)
  }

  /** Text on stderr without a line end: a question to the user. */
  prompt(text: string): void {
    this.#stderr.write(text)
  }

  /** A JSON value, indented with two spaces as Lotus's commands print it. */
  json(value: unknown, indent: string | number = 2): void {
    this.line(goJson(value, indent))
  }

  /** With `--json` the value, otherwise what `text` prints. */
  answer(value: unknown, text: () => void): void {
    if (this.wantsJson) this.json(value)
    else text()
  }

  paint(color: Color, text: string): string {
    return this.#color ? `\x1b[${codes[color]}m${text}\x1b[0m` : text
  }
}

/**
 * JSON text as Go's encoding/json writes it: `<`, `>` and `&` escaped, integers of any size exact. Keys keep their order.
 * @param indent as for JSON.stringify; 0 for one line
 */
export function goJson(value: unknown, indent: string | number = 2): string {
  const text = JSON.stringify(value, (_key, v: unknown) => (typeof v === 'bigint' ? jsonInteger(v) : v), indent) ?? 'null'
  // These letters can only stand inside strings of JSON text.
  return text.replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

export interface Column {
  readonly name: string
  readonly rightAlign?: boolean
  /** Printed below the row as `name: value` when it is not empty. */
  readonly ownLine?: boolean
}

/**
 * A table as Lotus's own table writer prints it (lib/tablewriter): a heading, columns two spaces apart, colour codes not
 * counted, columns without any value left out.
 * @param rows values by column name; columns that `columns` does not name come last
 */
export function table(columns: readonly Column[], rows: readonly Readonly<Record<string, unknown>>[]): string {
  const all = [...columns]
  for (const row of rows) for (const name of Object.keys(row)) if (!all.some((column) => column.name === name)) all.push({ name })
  const used = all.filter(({ name }) => rows.some((row) => row[name] !== undefined))
  const cell = (row: Readonly<Record<string, unknown>>, name: string) => (row[name] === undefined ? '' : String(row[name]))
  const heading = Object.fromEntries(used.filter((c) => c.ownLine !== true).map(({ name }) => [name, name]))
  const lines = [heading, ...rows]
  const widths = new Map(used.map(({ name }) => [name, Math.max(...lines.map((row) => width(cell(row, name))))]))
  let out = ''
  for (const row of lines) {
    for (const { name, rightAlign, ownLine } of used) {
      if (ownLine) continue
      const value = cell(row, name)
      const pad = (widths.get(name) ?? 0) - width(value) + 2
      out += rightAlign ? `${' '.repeat(pad - 1)}${value} ` : `${value}${' '.repeat(pad)}`
    }
    out += '\n'
    for (const { name, ownLine } of used) if (ownLine && cell(row, name) !== '') out += `  ${name}: ${cell(row, name)}\n`
  }
  return out
}

/** Letters that a terminal shows: without colour codes. */
function width(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape sequences of colours begin with one.
  return [...text.replace(/\x1b\[[0-9;]*m/g, '')].length
}

/**
 * Columns as Go's text/tabwriter lays them out: each cell that a tab ends is padded to the widest of the adjoining lines
 * that have that column.
 * @param lines each a list of cells; the last cell of a line is not padded
 */
export function tabbed(lines: readonly (readonly string[])[], { minWidth = 0, padding = 2 } = {}): string {
  const out = lines.map(() => '')
  const layOut = (from: number, to: number, column: number): void => {
    for (let at = from; at < to; ) {
      if ((lines[at]?.length ?? 0) <= column + 1) {
        out[at] += lines[at]?.[column] ?? ''
        at++
        continue
      }
      let end = at
      while (end < to && (lines[end]?.length ?? 0) > column + 1) end++
      const block = lines.slice(at, end).map((cells) => cells[column] ?? '')
      const widest = Math.max(...block.map(width))
      // A column of empty cells takes no room unless it has a least width.
      const size = widest === 0 ? minWidth : Math.max(minWidth, widest + padding)
      block.forEach((value, i) => {
        out[at + i] += value + ' '.repeat(size - width(value))
      })
      layOut(at, end, column + 1)
      at = end
    }
  }
  layOut(0, lines.length, 0)
  return out.map((line) => `${line}\n`).join('')
}
