import { existsSync } from 'node:fs'
import { configureLogging, parseLogLevel } from '../../lib/log.ts'
import { networkByName } from '../../networks/index.ts'
import { loadNetworkFile } from '../../networks/network-file.ts'
import type { Network } from '../../networks/types.ts'
import { type FullNode, startFullNode } from '../../node/full-node.ts'
import type { MinerNodeOptions } from '../../node/miner-options.ts'
import type { FullNodeOptions, ImportOptions } from '../../node/options.ts'
import type { daemonFlags } from '../commands/daemon.ts'
import type { Context } from '../context.ts'
import { en } from '../en.ts'
import { minerErrors } from '../en-miner.ts'
import { expandHome } from '../environment.ts'
import { usage } from '../errors.ts'
import { shorten } from '../parse.ts'
import { ProgressPrinter } from '../progress.ts'

type DaemonContext = Context<typeof daemonFlags>

const DEFAULT_NETWORK = 'devnet'
const DEFAULT_LOG_LEVEL = 'info'
const LOOPBACK = '127.0.0.1'

/** Runs the node until it is told to stop, by a signal or over the API. */
export async function daemon(context: DaemonContext): Promise<void> {
  const { out, signal, env } = context
  const options = await daemonOptions(context)
  const level = env.logLevel === undefined ? DEFAULT_LOG_LEVEL : parseLogLevel(env.logLevel)
  const format = process.stderr.isTTY ? 'pretty' : 'plain'
  const progress = new ProgressPrinter({ stream: process.stderr, now: () => performance.now() })
  // A log line must not land in the middle of the progress line.
  configureLogging({ level, format, write: (text) => progress.around(() => process.stderr.write(text)) })
  signal.addEventListener('abort', () => out.note(en.stopping), { once: true })
  const started = performance.now()
  const miner = minerOptions(context)
  // With a miner in the process the signal stops that one first: a block that is being sent still needs the node.
  const stop = new AbortController()
  const forward = (): void => stop.abort(signal.reason)
  signal.addEventListener('abort', forward, { once: true })
  signal.throwIfAborted()
  const node = await startFullNode({ ...options, signal: stop.signal, onProgress: progress.report }).finally(() => progress.end())
  if (options.import !== undefined) out.line(outcome(node, (performance.now() - started) / 1000))
  if (miner !== undefined) {
    signal.removeEventListener('abort', forward)
    await runMinerBeside(node, miner, signal)
  }
  // The node ends by the signal, by a client's Shutdown, or by itself after an import that it was to halt after.
  await node.closed
}

/** The miner as the flags want it; undefined for a node alone. @throws CliError CLI_USAGE */
function minerOptions({ flags, env, isSet }: DaemonContext): MinerNodeOptions | undefined {
  if (!flags['with-miner']) {
    for (const flag of ['miner-repo', 'miner-api', 'miner-nosync', 'accept-unknown-past'] as const)
      if (isSet(flag)) throw usage(en.errors.minerFlagsAlone(flag))
    return undefined
  }
  if (flags['halt-after-import']) throw usage(en.errors.haltWithMiner())
  const port = flags['miner-api']
  if (port !== undefined && (!/^\d{1,5}$/.test(port) || Number(port) > 65_535))
    throw usage(minerErrors.badMinerPort(shorten(port)))
  return {
    repoPath: flags['miner-repo'] === undefined ? env.minerRepo : expandHome(flags['miner-repo']),
    noSync: flags['miner-nosync'],
    acceptUnknownPast: flags['accept-unknown-past'],
    ...(env.parameterCache === undefined ? {} : { proofParameters: env.parameterCache }),
    trustParameters: env.trustParameters,
    cacheDir: env.cacheDir,
    ...(env.ipfsGateway === undefined ? {} : { gateways: [env.ipfsGateway] }),
    ...(port === undefined ? {} : { apiHost: LOOPBACK, apiPort: Number(port) }),
    // Both programs have these settings; one address cannot be for both.
    configOverrides: Object.fromEntries(Object.entries(env.config).filter(([name]) => !name.startsWith('LOTUS_API_'))),
  }
}

/** Runs a miner on the node of this process; the node ends when the signal fires, after the miner has ended. */
async function runMinerBeside(node: FullNode, options: MinerNodeOptions, signal: AbortSignal): Promise<void> {
  const { startMinerNode } = await import('../../node/miner-node.ts')
  if (node.api === undefined) return
  const stop = new AbortController()
  const end = (): void => stop.abort(signal.reason)
  signal.addEventListener('abort', end, { once: true })
  if (signal.aborted) end()
  void node.closed.finally(end).catch(() => undefined)
  try {
    const miner = await startMinerNode(
      { ...options, network: node.network, signal: stop.signal },
      { api: node.api, clock: node.clock },
    )
    // The miner may be stopped by itself, over its own API: the node goes on then.
    await Promise.race([miner.closed, node.closed])
    await miner.closed
    if (!signal.aborted) await Promise.race([node.closed, new Promise((resolve) => signal.addEventListener('abort', resolve))])
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    await node.close()
  }
}

/** The last line of an import. */
function outcome({ validation, chain }: FullNode, seconds: number): string {
  if (validation !== undefined)
    return `validated ${validation.tipsets} tipsets in ${validation.seconds.toFixed(1)} s, head ${validation.headHeight} ${validation.head}`
  const head = chain.requireHead()
  return `imported in ${seconds.toFixed(1)} s, head ${head.height} ${head.cids.join(',')}`
}

/** The flags as the node takes them. @throws CliError CLI_USAGE for flags that exclude each other or name no file */
export async function daemonOptions(context: DaemonContext): Promise<FullNodeOptions> {
  const { flags, global, env } = context
  if (flags.profile !== undefined && flags.profile !== 'bootstrapper')
    throw usage(en.errors.profileUnknown(shorten(flags.profile)))
  const source = importSource(flags['import-chain'], flags['import-snapshot'])
  if (source === undefined && flags['halt-after-import']) throw usage(en.errors.haltWithoutImport())
  const bundlesDir = existing('bundles', flags.bundles)
  const genesisPath = existing('genesis', flags.genesis)
  const configPath = existing('config', flags.config)
  return {
    repoPath: global.repo ?? env.repo,
    network: await network(flags.network, existing('network-file', flags['network-file'])),
    ...(bundlesDir === undefined ? {} : { bundlesDir }),
    ...(genesisPath === undefined ? {} : { genesisPath }),
    ...(source === undefined ? {} : { import: source }),
    removeExistingChain: flags['remove-existing-chain'],
    haltAfterImport: flags['halt-after-import'],
    p2p: { bootstrap: flags.bootstrap, bootstrapper: flags.profile === 'bootstrapper' },
    ...listen(flags.api, flags['api-listen']),
    apiMaxRequestBytes: flags['api-max-req-size'],
    ...(configPath === undefined ? {} : { configPath }),
    configOverrides: env.config,
    ...(env.parameterCache === undefined ? {} : { proofParameters: env.parameterCache }),
  }
}

function importSource(chain: string | undefined, snapshot: string | undefined): ImportOptions | undefined {
  if (chain !== undefined && snapshot !== undefined) throw usage(en.errors.twoImports())
  const given = chain ?? snapshot
  if (given === undefined) return undefined
  const flag = chain === undefined ? 'import-snapshot' : 'import-chain'
  const location = /^(https?|file):\/\//.test(given) ? given : (existing(flag, given) ?? given)
  return { location, mode: chain === undefined ? 'trust' : 'validate' }
}

async function network(name: string | undefined, file: string | undefined): Promise<Network> {
  if (name !== undefined && file !== undefined) throw usage(en.errors.twoNetworks())
  return file === undefined ? networkByName(name ?? DEFAULT_NETWORK) : loadNetworkFile(file)
}

/** A path that a flag names, absolute. */
function existing(flag: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined
  const full = expandHome(path)
  if (!existsSync(full)) throw usage(en.errors.noFile(flag, shorten(path)))
  return full
}

/** Where to listen; nothing when the config file decides. */
function listen(port: string | undefined, address: string | undefined): { apiHost?: string; apiPort?: number } {
  if (port !== undefined && address !== undefined) throw usage(en.errors.twoListens())
  if (port !== undefined) {
    if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) throw usage(en.errors.badPort(shorten(port)))
    return { apiHost: LOOPBACK, apiPort: Number(port) }
  }
  if (address === undefined) return {}
  const match = /^\/ip[46]\/([0-9A-Fa-f.:]+)\/tcp\/(\d{1,5})(?:\/https?)?$/.exec(address)
  if (match === null || Number(match[2]) > 65_535) throw usage(en.errors.badListen(shorten(address)))
  return { apiHost: match[1] ?? LOOPBACK, apiPort: Number(match[2]) }
}
