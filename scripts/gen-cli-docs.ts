// Writes docs/cli-en.md: the help of every command, from the same tree that the command line parses with.

import { writeFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Command } from 'commander'
import { commands } from '../src/cli/commands/index.ts'
import { readEnvironment } from '../src/cli/environment.ts'
import { makeProgram } from '../src/cli/program.ts'

/** Columns of the help: the same on every machine. */
const WIDTH = 110

/** The page with every command. */
export function renderCliDocs(): string {
  const program = makeProgram(commands, {
    env: readEnvironment({ HOME: '/' }),
    stdout: process.stdout,
    stderr: process.stderr,
    signal: new AbortController().signal,
    version: '0',
  })
  const sections: string[] = []
  walk(program, [], sections)
  return `# Command line

Commands, flags and answers are Lotus's wherever the two have the same command. Flags can be written \`--flag value\`,
\`--flag=value\` and, for booleans, \`--flag=false\`. An error is one sentence on standard error; the exit code is 2 when the
command line is wrong, 130 after Ctrl-C, and 1 otherwise. This page is made by \`scripts/gen-cli-docs.ts\`.

${sections.join('\n')}`
}

function walk(command: Command, path: readonly string[], sections: string[]): void {
  const names = [...path, command.name()]
  let help = ''
  command.configureOutput({
    writeOut: (text) => {
      help += text
    },
    getOutHelpWidth: () => WIDTH,
    getOutHasColors: () => false,
  })
  command.outputHelp()
  const level = '#'.repeat(Math.min(names.length + 1, 6))
  sections.push(`${level} ${names.join(' ')}\n\n\`\`\`\n${help.trimEnd().replace(/[ \t]+$/gm, '')}\n\`\`\`\n`)
  for (const inner of command.commands) walk(inner, names, sections)
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  writeFileSync(fileURLToPath(new URL('../docs/cli-en.md', import.meta.url)), renderCliDocs())
}
