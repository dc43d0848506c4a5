import { spawn } from 'node:child_process'
import type { Context } from '../../context.ts'
import { en } from '../../en.ts'
import { CliError, failed, usage } from '../../errors.ts'
import { parseInteger } from '../../parse.ts'
import { goJson } from '../../print.ts'
import { firstBlock } from '../../tipset-ref.ts'
import type { TipsetJson } from '../../wire.ts'

/** Halves the range until one tipset is left, the lowest whose state the command accepts. */
export async function bisect({ node, args, out, signal }: Context): Promise<void> {
  let start = parseInteger(args[0] ?? '', '<minHeight>')
  let end = parseInteger(args[1] ?? '', '<maxHeight>')
  if (start >= end) throw usage(en.errors.badRange())
  const [path = '', command = '', ...commandArgs] = args.slice(2)
  let highest = await node.call<TipsetJson>('ChainGetTipSetByHeight', end, [])
  for (;;) {
    let middle = Math.floor((start + end) / 2)
    if (end - start === 1) {
      middle = end
      start = end
    }
    const tipset = await node.call<TipsetJson>('ChainGetTipSetByHeight', middle, highest.Cids)
    const full = `/ipld/${firstBlock(tipset).ParentStateRoot['/']}/${path}`
    out.text(`* Testing ${middle} (${start} - ${end}) (${full}): `)
    const { Obj } = await node.call<{ Obj: unknown }>('ChainGetNode', full)
    const { accepted, output } = await ask(command, commandArgs, goJson(Obj, '\t'), signal)
    if (accepted && output !== 'false') {
      end = middle
      highest = tipset
      out.line('true')
    } else {
      start = middle
      out.line(accepted ? 'false (cli)' : 'false')
    }
    if (start === end) {
      // Lotus prints the tipset tested before, unless the command writes "true": one too low for a silent command.
      if (!accepted || output === 'false') throw failed(en.errors.noneAccepted(end))
      out.line(tipset.Height)
      return
    }
  }
}

/** Runs the command on a JSON text. An exit code other than 0 with nothing on stderr means no. */
function ask(
  command: string,
  args: readonly string[],
  input: string,
  signal: AbortSignal,
): Promise<{ accepted: boolean; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { signal, stdio: ['pipe', 'pipe', 'pipe'] })
    let output = ''
    let complaint = ''
    child.stdout.on('data', (data) => {
      output += data
    })
    child.stderr.on('data', (data) => {
      complaint += data
    })
    // A command may exit without reading its input.
    child.stdin.on('error', () => {})
    child.on('error', (cause) =>
      reject(signal.aborted ? cause : new CliError('CLI_FAILED', en.errors.bisectCommand(cause.message))),
    )
    child.on('close', (code) => {
      if (code !== 0 && complaint !== '') reject(new CliError('CLI_FAILED', en.errors.bisectCommand(complaint.trim())))
      else resolve({ accepted: code === 0, output: output.trim() })
    })
    child.stdin.end(input)
  })
}
