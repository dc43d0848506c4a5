/**
 * Logging by subsystem on pino. A logger is got once per file (`const log = getLogger('sync')`) and takes
 * (message, fields, error). Levels change at run time; a line below its subsystem's level costs one comparison.
 */
import { type DestinationStream, type Logger as PinoLogger, pino, stdTimeFunctions } from 'pino'
import { NodeError } from './errors.ts'
import { errorFields, formatLine, type LogFields, printableFields } from './log-format.ts'

export type { LogFields } from './log-format.ts'

export const logLevels = ['debug', 'info', 'warn', 'error', 'fatal'] as const
export type LogLevel = (typeof logLevels)[number]

/** go-log's names that Lotus's clients may send: it has two levels between error and fatal. */
const aliases: Readonly<Record<string, LogLevel>> = { trace: 'debug', warning: 'warn', dpanic: 'error', panic: 'fatal' }

export interface Logger {
  readonly system: string
  /** Whether a line of this level would be written: for fields that are costly to make. */
  enabled(level: LogLevel): boolean
  debug(message: string, fields?: LogFields, error?: unknown): void
  info(message: string, fields?: LogFields, error?: unknown): void
  warn(message: string, fields?: LogFields, error?: unknown): void
  error(message: string, fields?: LogFields, error?: unknown): void
}

export interface LogOptions {
  /** `pretty`: one coloured line, `plain`: the same without colours, `json`: pino's. */
  readonly format?: 'pretty' | 'plain' | 'json'
  /** Level of subsystems that have none of their own; Lotus starts at warn, its daemon at info. */
  readonly level?: LogLevel
  /** Where lines go; standard error when not given, so that answers on standard output stay clean. */
  readonly write?: (text: string) => void
}

/** A level that does not exist, or a subsystem that was never heard of. */
export class LogError extends NodeError {
  declare readonly code: 'LOG_LEVEL' | 'LOG_SYSTEM'
  constructor(code: LogError['code'], message: string) {
    super(code, message)
  }
}

const systems = new Map<string, SystemLogger>()
let options: LogOptions = {}
let defaultLevel: LogLevel = 'info'
let root: PinoLogger | undefined

class SystemLogger implements Logger {
  readonly system: string
  rank = logLevels.indexOf(defaultLevel)
  #pino: PinoLogger | undefined
  #root: PinoLogger | undefined

  constructor(system: string) {
    this.system = system
  }

  enabled(level: LogLevel): boolean {
    return logLevels.indexOf(level) >= this.rank
  }

  debug(message: string, fields?: LogFields, error?: unknown): void {
    if (this.rank <= 0) this.#line('debug', message, fields, error)
  }

  info(message: string, fields?: LogFields, error?: unknown): void {
    if (this.rank <= 1) this.#line('info', message, fields, error)
  }

  warn(message: string, fields?: LogFields, error?: unknown): void {
    if (this.rank <= 2) this.#line('warn', message, fields, error)
  }

  error(message: string, fields?: LogFields, error?: unknown): void {
    if (this.rank <= 3) this.#line('error', message, fields, error)
  }

  #line(level: LogLevel, message: string, fields: LogFields | undefined, error: unknown): void {
    root ??= makeRoot()
    if (this.#pino === undefined || this.#root !== root) {
      this.#root = root
      this.#pino = root.child({ system: this.system })
    }
    const own = fields === undefined ? {} : printableFields(fields)
    this.#pino[level](error === undefined ? own : { ...own, ...errorFields(error) }, message)
  }
}

function makeRoot(): PinoLogger {
  const format = options.format ?? (options.write === undefined && process.stderr.isTTY ? 'pretty' : 'plain')
  const write = options.write ?? ((text: string) => void process.stderr.write(text))
  const destination: DestinationStream = {
    write:
      format === 'json' ? write : (json) => write(formatLine(JSON.parse(json) as Record<string, unknown>, format === 'pretty')),
  }
  return pino(
    {
      base: null,
      // Levels are decided before a line gets here.
      level: 'trace',
      timestamp: stdTimeFunctions.epochTime,
      formatters: { level: (level) => ({ level }) },
    },
    destination,
  )
}

/** The logger of a subsystem; the same object for the same name. */
export function getLogger(system: string): Logger {
  let logger = systems.get(system)
  if (logger === undefined) {
    logger = new SystemLogger(system)
    systems.set(system, logger)
  }
  return logger
}

/** Sets form and destination, and the level of all subsystems when one is given. Later lines of loggers at hand follow. */
export function configureLogging(wanted: LogOptions): void {
  options = wanted
  root = undefined
  if (wanted.level !== undefined) setLogLevel('*', wanted.level)
}

/** Names of all subsystems, sorted: LogList. */
export function logSystems(): string[] {
  return [...systems.keys()].sort()
}

/** The level of a subsystem. @throws LogError LOG_SYSTEM */
export function logLevelOf(system: string): LogLevel {
  const logger = systems.get(system)
  if (logger === undefined) throw unknownSystem(system)
  return logLevels[logger.rank] as LogLevel
}

/**
 * Changes the level of a subsystem, or of all with `*`: LogSetLevel.
 * @throws LogError LOG_LEVEL, LOG_SYSTEM
 */
export function setLogLevel(system: string, level: string): void {
  const known = parseLogLevel(level)
  const rank = logLevels.indexOf(known)
  if (system === '*') {
    defaultLevel = known
    for (const logger of systems.values()) logger.rank = rank
    return
  }
  const logger = systems.get(system)
  if (logger === undefined) throw unknownSystem(system)
  logger.rank = rank
}

/** @throws LogError LOG_LEVEL */
export function parseLogLevel(text: string): LogLevel {
  const lower = text.toLowerCase()
  const level = aliases[lower] ?? logLevels.find((l) => l === lower)
  if (level === undefined)
    throw new LogError('LOG_LEVEL', `"${text.slice(0, 40)}" is not a log level; use one of ${logLevels.join(', ')}.`)
  return level
}

function unknownSystem(system: string): LogError {
  return new LogError('LOG_SYSTEM', `There is no log subsystem "${system.slice(0, 80)}"; list them with the command "log list".`)
}
