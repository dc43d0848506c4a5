import { errorMessage, NodeError } from '../lib/errors.ts'
import { normalizeArgv } from './argv.ts'
import { commands } from './commands/index.ts'
import { en } from './en.ts'
import { readEnvironment } from './environment.ts'
import { CommandLineError, flagNames, makeProgram } from './program.ts'

const EXIT_FAILED = 1
const EXIT_USAGE = 2

/**
 * Runs a command line. Whatever goes wrong is one sentence on stderr and an exit code: 2 when the command line itself is
 * wrong, 1 otherwise.
 */
export async function runCommandLine(argv: readonly string[], version: string): Promise<void> {
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      // A second one does not wait: a thread may be in native code that cannot be interrupted, and process.exit would
      // wait for it. The stores survive a kill.
      if (stop.signal.aborted) process.kill(process.pid, 'SIGKILL')
      stop.abort(new DOMException(name, 'AbortError'))
    })
  }
  // `nelumbo chain list | head -1` closes the pipe early: no reason for an error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(0)
  })
  const env = readEnvironment()
  try {
    const program = makeProgram(commands, {
      env,
      stdout: process.stdout,
      stderr: process.stderr,
      signal: stop.signal,
      version,
    })
    if (argv.length === 0) program.outputHelp()
    else await program.parseAsync(normalizeArgv(argv, flagNames(commands, argv)), { from: 'user' })
  } catch (error) {
    process.exitCode = report(error, stop.signal, env.debug)
  }
}

/** Prints the sentence for an error and gives the exit code. */
function report(error: unknown, signal: AbortSignal, debug: boolean): number {
  if (error instanceof CommandLineError) {
    if (!error.ok) say(error.message)
    return error.ok ? 0 : EXIT_USAGE
  }
  if (signal.aborted && (error as Error)?.name === 'AbortError') {
    say(en.errors.interrupted())
    return 130
  }
  say(sentence(error))
  if (debug && error instanceof Error) process.stderr.write(`${error.stack}\n`)
  return error instanceof NodeError && error.code === 'CLI_USAGE' ? EXIT_USAGE : EXIT_FAILED
}

/** What went wrong and, where the error says it, what to do about it. */
function sentence(error: unknown): string {
  const text = errorMessage(error).trim().replace(/\.$/, '')
  // Neither one of ours nor one of the system's: nobody foresaw it.
  if (!(error instanceof NodeError) && !(error instanceof Error && 'code' in error)) return `${text}; ${en.errors.fault()}`
  if (!(error instanceof NodeError) || error.hint === undefined) return text
  return `${text}; ${error.hint.charAt(0).toLowerCase()}${error.hint.slice(1).replace(/\.$/, '')}`
}

function say(sentence: string): void {
  process.stderr.write(`ERROR: ${sentence.trim().replace(/\s*\n\s*/g, ' ')}\n`)
}
