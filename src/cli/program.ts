/** Makes commander's commands of the tree in commands/ and runs the one that the command line names. */
import { Argument, Command, type CommanderError, Option } from 'commander'
import { type FlagNames, oppositeOf } from './argv.ts'
import type { Context } from './context.ts'
import { type CommandText, en } from './en.ts'
import { type Environment, expandHome } from './environment.ts'
import { usage } from './errors.ts'
import { nodeApi } from './node-api.ts'
import { parseDuration, parseInteger } from './parse.ts'
import { Output } from './print.ts'
import { type CommandSpec, type Flag, type Flags, type GroupSpec, globalFlags, isGroup } from './spec.ts'

export interface Surroundings {
  readonly env: Environment
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
  readonly signal: AbortSignal
  readonly version: string
}

/** The whole command line. Parsing it throws CommanderError or CliError; nothing here ends the process. */
export function makeProgram(specs: readonly (CommandSpec | GroupSpec)[], around: Surroundings): Command {
  const program = new Command('nelumbo')
    .description(en.about)
    .version(`nelumbo version ${around.version}`, '-v, --version', en.flags.version)
    .enablePositionalOptions()
  settle(program, [])
  addFlags(program, globalFlags, en.flags)
  for (const spec of specs) add(program, spec, [], {}, around)
  return program
}

/** An error of commander's, with the command at which it arose. */
export class CommandLineError extends Error {
  /** Exit code 0 for help and version, which end the parsing too. */
  readonly ok: boolean
  constructor({ message, exitCode }: CommanderError, names: readonly string[]) {
    const text = ['nelumbo', ...names, '--help'].join(' ')
    super(`${plain(message)}; ${text} shows what is there`)
    this.ok = exitCode === 0
  }
}

function plain(message: string): string {
  return message
    .replace(/^error: /, '')
    .replace(/\n+\(Did you mean (.+?)\?\)$/s, ' (did you mean $1?)')
    .replace(/unknown option/, 'unknown flag')
    .replace(/^option '(.+?)' argument missing$/, "the flag '$1' needs a value")
    .replace(/^missing required argument '(.+?)'$/, 'the argument <$1> is missing')
    .replace(/\n+/g, ' ')
}

/** Settings that commander does not hand down to commands added with addCommand. */
function settle(command: Command, names: readonly string[]): void {
  command
    .exitOverride((error) => {
      throw new CommandLineError(error, names)
    })
    .configureOutput({ writeErr: () => {} })
    .configureHelp({ subcommandTerm: (inner) => [inner.name(), ...inner.registeredArguments.map(shownArgument)].join(' ') })
    .helpOption('-h, --help', en.flags.help)
    .helpCommand(false)
    .showSuggestionAfterError(true)
}

function shownArgument(argument: Argument): string {
  const name = argument.name() + (argument.variadic ? '...' : '')
  return argument.required ? `<${name}>` : `[${name}]`
}

function add(
  parent: Command,
  spec: CommandSpec | GroupSpec,
  path: readonly string[],
  inherited: Flags,
  around: Surroundings,
): void {
  const names = [...path, spec.name]
  const texts = textsOf(names)
  const command = new Command(spec.name).description(texts.about)
  if (texts.long !== undefined) command.addHelpText('after', `\n${texts.long}`)
  if (spec.aliases !== undefined) command.aliases([...spec.aliases])
  settle(command, names)
  if (isGroup(spec)) {
    command.enablePositionalOptions().allowExcessArguments(true)
    const flags = { ...inherited, ...spec.flags }
    for (const inner of spec.commands) add(command, inner, names, flags, around)
    if (spec.self === undefined) {
      addFlags(command, flags, en.flags, texts.flags)
      addGlobalFlags(command)
      command.usage('[options] <command>')
      // Only reached when no command of the group was named.
      command.argument('[command]').action((given?: string) => {
        if (given === undefined) command.outputHelp()
        else throw usage(en.errors.unknownCommand(given, names.join(' ')))
      })
    } else setUp(command, spec.self, names, flags, around)
  } else setUp(command, spec, names, inherited, around)
  parent.addCommand(command)
}

function setUp(command: Command, spec: CommandSpec, names: readonly string[], inherited: Flags, around: Surroundings): void {
  const texts = textsOf(names)
  for (const arg of spec.args ?? []) command.addArgument(new Argument(arg))
  const flags = { ...withoutLetters(inherited, spec.flags), ...spec.flags }
  addFlags(command, flags, texts.flags, en.flags)
  addGlobalFlags(command)
  if (spec.passThrough) command.passThroughOptions()
  command.allowExcessArguments(false)
  command.action(async () => {
    const context = contextOf(command, flags, names, around)
    try {
      await spec.run(context)
    } finally {
      await context.node.close()
      await context.miner.close()
    }
  })
}

/** A command's own letters (`-a`) count, not those of its group that are the same. */
function withoutLetters(inherited: Flags, own: Flags): Flags {
  const taken = new Set(Object.values(own).flatMap(({ aliases = [] }) => aliases.filter((alias) => alias.length === 1)))
  return Object.fromEntries(
    Object.entries(inherited).map(([name, flag]) => [
      name,
      flag.aliases === undefined ? flag : { ...flag, aliases: flag.aliases.filter((alias) => !taken.has(alias)) },
    ]),
  )
}

function textsOf(names: readonly string[]): CommandText {
  const texts = en.commands[names.join(' ')]
  if (texts === undefined) throw new TypeError(`en.ts has no text for the command ${names.join(' ')}`)
  return texts
}

const placeholders = { text: '<value>', int: '<number>', list: '<value>', duration: '<duration>' } as const

function addFlags(command: Command, flags: Flags, ...texts: readonly (Readonly<Record<string, string>> | undefined)[]): void {
  for (const [name, flag] of Object.entries(flags)) {
    const about = texts.find((table) => table?.[name] !== undefined)?.[name] ?? ''
    const value = flag.kind === 'bool' ? '' : ` ${placeholders[flag.kind]}`
    const letter = flag.aliases?.find((alias) => alias.length === 1)
    const option = finish(new Option(`${letter === undefined ? '' : `-${letter}, `}--${name}${value}`, about), name, flag)
    const opposite = flag.kind === 'bool' ? new Option(`--${oppositeOf(name)}`).hideHelp() : undefined
    // Of a pair the positive one comes first: commander then does not take it for true unless the other is given.
    if (opposite !== undefined && option.negate) command.addOption(opposite).addOption(option)
    else if (opposite !== undefined) command.addOption(option).addOption(opposite)
    else command.addOption(option)
    for (const alias of flag.aliases ?? []) {
      if (alias.length > 1) command.addOption(finish(new Option(`--${alias}${value}`, about), alias, flag).hideHelp())
    }
  }
}

/** Global flags of a command below the program: read in either place, shown once. */
function addGlobalFlags(command: Command): void {
  const before = new Set(command.options)
  addFlags(command, globalFlags, en.flags)
  for (const option of command.options) if (!before.has(option)) option.hideHelp()
  command.addHelpText('after', `\n${en.globalFlags}`)
}

function finish(option: Option, name: string, flag: Flag): Option {
  if (flag.hidden) option.hideHelp()
  if (flag.kind === 'int') option.argParser((text) => parseInteger(text, `--${name}`, flag.min ?? 0))
  if (flag.kind === 'duration') option.argParser((text) => parseDuration(text, `--${name}`))
  if (flag.kind === 'list') option.argParser((text, before: string[] | undefined) => [...(before ?? []), text])
  // Shown only; the value is filled in by contextOf, which can then tell a default from a flag.
  const shown = 'default' in flag ? flag.default : undefined
  if (shown !== undefined) option.defaultValueDescription = typeof shown === 'string' ? JSON.stringify(shown) : String(shown)
  if (shown !== undefined)
    option.description = `${option.description}${option.description ? ' ' : ''}(default: ${option.defaultValueDescription})`
  return option
}

function contextOf(command: Command, flags: Flags, names: readonly string[], around: Surroundings): Context {
  const chain: Command[] = []
  for (let at: Command | null = command; at !== null; at = at.parent) chain.push(at)
  /** The value nearest to the command: `state power --tipset X` before `state --tipset Y power`. */
  const given = (name: string): unknown => {
    const flag = flags[name] ?? (globalFlags as Flags)[name]
    for (const key of [name, ...(flag?.aliases ?? [])]) {
      for (const level of chain) {
        const value = level.opts()[camel(key.replace(/^no-/, ''))]
        if (value !== undefined) return key.startsWith('no-') ? !value : value
      }
    }
    return undefined
  }
  const settled = (name: string, flag: Flag): unknown => {
    const value = given(name)
    if (value !== undefined) return value
    if (flag.kind === 'bool') return flag.default ?? false
    if (flag.kind === 'list') return []
    if (flag.kind === 'duration') return flag.default === undefined ? undefined : parseDuration(flag.default, `--${name}`)
    return flag.default
  }
  const values = (of: Flags) => Object.fromEntries(Object.entries(of).map(([name, flag]) => [name, settled(name, flag)]))
  const { env, stdout, stderr, signal } = around
  const global = values(globalFlags) as Context['global']
  const color = given('color') as boolean | undefined
  const repoFlag = global.repo === undefined ? undefined : expandHome(global.repo)
  const minerRepoFlag = given('miner-repo') as string | undefined
  const minerSources = {
    program: 'miner',
    flag: given('miner-api-url') as string | undefined,
    repoFlag: minerRepoFlag === undefined ? undefined : expandHome(minerRepoFlag),
    env: env.minerApiInfo,
    repo: env.minerRepo,
  } as const
  return {
    args: command.args,
    flags: values(flags) as Context['flags'],
    global: { ...global, repo: repoFlag ?? env.repo },
    isSet: (name) => given(String(name)) !== undefined,
    out: new Output(stdout, stderr, { color: color ?? (stdout.isTTY === true && !env.noColor), json: global.json }),
    env,
    signal,
    command: names.join(' '),
    node: nodeApi({ flag: global['api-url'], repoFlag, env: env.apiInfo, repo: env.repo }, signal),
    miner: nodeApi(minerSources, signal),
  }
}

/** commander's key for a flag: `api-url` becomes `apiUrl`. */
function camel(name: string): string {
  return name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

/**
 * The long flag names that hold for a command line: the global ones and those of the command that it names. `--height` is a
 * boolean for one command and takes a number for another, so the command has to be found first.
 */
export function flagNames(specs: readonly (CommandSpec | GroupSpec)[], argv: readonly string[]): FlagNames {
  const bools = new Set(['help', 'version'])
  const valued = new Set<string>()
  const take = (flags: Flags | undefined) => {
    for (const [name, flag] of Object.entries(flags ?? {})) {
      for (const each of [name, ...(flag.aliases ?? [])]) if (each.length > 1) (flag.kind === 'bool' ? bools : valued).add(each)
    }
  }
  take(globalFlags)
  let level: readonly (CommandSpec | GroupSpec)[] = specs
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? ''
    if (word === '--') break
    if (word.startsWith('-')) {
      // The next word is this flag's value, not a command.
      if (valued.has(word.replace(/^--?/, ''))) at++
      continue
    }
    const spec: CommandSpec | GroupSpec | undefined = level.find(({ name, aliases }) => name === word || aliases?.includes(word))
    if (spec === undefined) break
    take(spec.flags)
    if (!isGroup(spec)) break
    take(spec.self?.flags)
    level = spec.commands
  }
  return { bools, valued }
}
