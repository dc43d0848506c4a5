import { existsSync } from 'node:fs'
import { configureLogging, parseLogLevel } from '../../../lib/log.ts'
import { loadNetworkFile } from '../../../networks/network-file.ts'
import { startMinerNode } from '../../../node/miner-node.ts'
import { RpcClient } from '../../../rpc/client.ts'
import type { MinerFlags } from '../../commands/miner/flags.ts'
import type { runFlags } from '../../commands/miner/index.ts'
import type { Context } from '../../context.ts'
import { en } from '../../en.ts'
import { minerErrors } from '../../en-miner.ts'
import { expandHome } from '../../environment.ts'
import { usage } from '../../errors.ts'
import { parseInteger, shorten } from '../../parse.ts'

type RunContext = Context<typeof runFlags & MinerFlags>

const DEFAULT_LOG_LEVEL = 'info'
const LOOPBACK = '127.0.0.1'

/** Runs the miner until it is told to stop, by a signal or over the API. */
export async function run({ flags, env, node, out, signal }: RunContext): Promise<void> {
  const port = flags['miner-api']
  if (port !== undefined && (!/^\d{1,5}$/.test(port) || Number(port) > 65_535))
    throw usage(minerErrors.badMinerPort(shorten(port)))
  const configPath = existing('config', flags.config)
  const networkFile = existing('network-file', flags['network-file'])
  const network = networkFile === undefined ? undefined : await loadNetworkFile(networkFile)
  const limit = env.recoveringSectorLimit
  const recoveringSectorLimit = limit === undefined ? 0 : parseInteger(limit, 'LOTUS_RECOVERING_SECTOR_LIMIT')
  const level = env.logLevel === undefined ? DEFAULT_LOG_LEVEL : parseLogLevel(env.logLevel)
  configureLogging({ level, format: process.stderr.isTTY ? 'pretty' : 'plain', write: (text) => process.stderr.write(text) })
  signal.addEventListener('abort', () => out.note(en.stopping), { once: true })
  const client = new RpcClient(node.info())
  try {
    const miner = await startMinerNode(
      {
        repoPath: flags['miner-repo'] === undefined ? env.minerRepo : expandHome(flags['miner-repo']),
        noSync: flags.nosync,
        acceptUnknownPast: flags['accept-unknown-past'],
        ...(network === undefined ? {} : { network }),
        ...(port === undefined ? {} : { apiHost: LOOPBACK, apiPort: Number(port) }),
        ...(configPath === undefined ? {} : { configPath }),
        configOverrides: env.config,
        ...(env.parameterCache === undefined ? {} : { proofParameters: env.parameterCache }),
        trustParameters: env.trustParameters,
        cacheDir: env.cacheDir,
        ...(env.ipfsGateway === undefined ? {} : { gateways: [env.ipfsGateway] }),
        recoveringSectorLimit: BigInt(recoveringSectorLimit),
        signal,
      },
      { api: client.api },
    )
    await miner.closed
  } finally {
    await client.close()
  }
}

/** A path that a flag names, absolute. */
function existing(flag: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined
  const full = expandHome(path)
  if (!existsSync(full)) throw usage(en.errors.noFile(flag, shorten(path)))
  return full
}
