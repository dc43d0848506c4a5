import { existsSync } from 'node:fs'
import { configureLogging, parseLogLevel } from '../../../lib/log.ts'
import type { DevnetStep } from '../../../node/devnet/make.ts'
import { checkOptions, devnetExists } from '../../../node/devnet/make.ts'
import { startDevnet } from '../../../node/devnet/run.ts'
import type { devnetFlags } from '../../commands/devnet.ts'
import type { Context } from '../../context.ts'
import { en } from '../../en.ts'
import { devnetText as text } from '../../en-devnet.ts'
import { expandHome } from '../../environment.ts'
import { usage } from '../../errors.ts'
import { span } from '../../format.ts'
import { shorten } from '../../parse.ts'
import { showEpochs } from './epochs.ts'
import { devnetApi, environmentOf, layoutOf } from './folder.ts'

/** What the node has to say of itself is not what somebody who tries a devnet wants to read. */
const DEFAULT_LOG_LEVEL = 'warn'

/** Lotus's port of a miner's API. */
const MINER_PORT = 2345
const REPEAT_MS = 5000

/** Makes the devnet where there is none, and runs it until it is told to stop. */
export async function start(context: Context<typeof devnetFlags>): Promise<void> {
  const { flags, env, out, signal } = context
  if (!/^\d{1,5}$/.test(flags.api) || Number(flags.api) > 65_535) throw usage(en.errors.badPort(shorten(flags.api)))
  const bundles = flags.bundles === undefined ? undefined : expandHome(flags.bundles)
  if (bundles !== undefined && !existsSync(bundles)) throw usage(en.errors.noFile('bundles', shorten(bundles)))
  const layout = layoutOf(context)
  configureLogging({
    level: env.logLevel === undefined ? DEFAULT_LOG_LEVEL : parseLogLevel(env.logLevel),
    format: process.stderr.isTTY ? 'pretty' : 'plain',
  })
  const made = !devnetExists(layout)
  if (made) checkOptions({ miners: flags.miners, sectors: flags.sectors, blockDelaySecs: flags['block-delay'] })
  out.note(made ? text.making(layout.folder) : text.goingOn('the devnet', layout.folder))
  signal.addEventListener('abort', () => out.note(en.stopping), { once: true })
  const devnet = await startDevnet({
    folder: layout.folder,
    cacheDir: `${env.cacheDir}/devnet`,
    miners: flags.miners,
    sectors: flags.sectors,
    blockDelaySecs: flags['block-delay'],
    proofs: flags['fake-proofs'] ? 'fake' : 'real',
    bundleFolders: [...(bundles === undefined ? [] : [bundles]), ...env.bundleFolders],
    host: flags.host,
    apiPort: Number(flags.api),
    minerApiPort: Number(flags.api) === 0 ? 0 : MINER_PORT,
    configOverrides: env.config,
    signal,
    onStep: stepPrinter((line) => out.note(line)),
  })
  const node = devnetApi(layout, signal)
  try {
    const { pausedSecs = 0 } = devnet.network
    if (pausedSecs > 0) out.note(text.paused(span(pausedSecs)))
    await devnet.beginMining()
    out.line(text.running(devnet.description.name))
    out.line()
    out.line(text.next(environmentOf(layout)))
    out.line(text.join(layout.network))
    out.line(text.stop())
    out.line()
    // The lines end with the node; why it ended is told by `closed`.
    void showEpochs(node, (line) => out.line(line), signal).catch(() => {})
    await devnet.closed
  } finally {
    await node.close()
    // A miner that cannot begin must not leave the node running behind it.
    await devnet.close()
  }
}

/** One line for each step; while one lasts, another one every few seconds. */
function stepPrinter(print: (line: string) => void): (step: DevnetStep) => void {
  let last: { readonly what: string; readonly at: number } | undefined
  return (step) => {
    const now = performance.now()
    const what = step.step === 'parameters' ? `${step.step} ${step.circuit}` : step.step
    const isLast = step.step === 'sealing' && step.done === step.total
    if (what === last?.what && !isLast && now - last.at < REPEAT_MS) return
    last = { what, at: now }
    print(describe(step))
  }
}

function describe(step: DevnetStep): string {
  switch (step.step) {
    case 'parameters':
      return step.circuit === undefined
        ? text.parametersElsewhere()
        : text.parameters(step.circuit, step.secondsLeft === undefined ? undefined : span(step.secondsLeft))
    case 'sealing':
      return text.sealing(step.done, step.total)
    case 'measuring':
      return text.measuring()
    case 'measured':
      return text.measured(step.proofSecs, step.blockDelaySecs)
    case 'genesis':
      return text.genesis()
  }
}
