/** Layer 10: the command line. Started by bin/nelumbo; the commands are in commands/, what they do in run/. */
import { readFileSync } from 'node:fs'

const argv = process.argv.slice(2)
if (argv.length === 1 && /^(-v|--?version)$/.test(argv[0] ?? '')) {
  // Before anything is loaded: scripts ask for the version often.
  process.stdout.write(`nelumbo version ${version()}\n`)
} else {
  const { runCommandLine } = await import('./run-command-line.ts')
  await runCommandLine(argv, version())
}

function version(): string {
  return (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }).version
}
