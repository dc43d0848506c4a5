import { readFile } from 'node:fs/promises'
import { NodeError } from '../lib/errors.ts'
import { getLogger, setLogLevel } from '../lib/log.ts'
import { checkFullNodeConfig, type FullNodeConfig, fullNodeConfig, unsupportedSettings } from '../store/config/full-node.ts'
import { readConfig } from '../store/config/read.ts'
import type { Repo } from '../store/repo.ts'
import type { FullNodeOptions } from './options.ts'

const log = getLogger('config')

/**
 * The config by which a node runs: the repo's file or another one, then the overrides. Keys that are unknown are warned of.
 * @throws ConfigError naming file, line and key; NodeError NODE_CONFIG when the file cannot be read
 */
export async function loadConfig(
  repo: Repo,
  options: Pick<FullNodeOptions, 'configPath' | 'configOverrides'>,
): Promise<FullNodeConfig> {
  const path = options.configPath ?? repo.paths.config
  // Without a file the defaults hold.
  let text: string | undefined
  try {
    text = options.configPath === undefined ? await repo.configText() : await readFile(path, 'utf8')
  } catch (cause) {
    throw new NodeError('NODE_CONFIG', `the config ${path} cannot be read`, { cause })
  }
  const { config, warnings } = readConfig(fullNodeConfig, { text, path, env: options.configOverrides ?? {} })
  for (const warning of [...warnings, ...unsupportedSettings(config)]) log.warn(warning)
  checkFullNodeConfig(config)
  for (const [system, level] of Object.entries(config.Logging.SubsystemLevels)) setLogLevel(system, level)
  return config
}

/** Host and port of a listening multiaddress, `/ip4/127.0.0.1/tcp/1234/http`. @throws NodeError NODE_CONFIG */
export function listenAddress(multiaddr: string): { readonly host: string; readonly port: number } {
  const [, kind, host, tcp, port] = multiaddr.split('/')
  const number = Number(port)
  if (
    !/^(ip4|ip6|dns|dns4|dns6)$/.test(kind ?? '') ||
    host === undefined ||
    tcp !== 'tcp' ||
    !Number.isInteger(number) ||
    number < 0 ||
    number > 65_535
  ) {
    throw new NodeError(
      'NODE_CONFIG',
      `API.ListenAddress "${multiaddr}" is not an address to listen at; it should read like /ip4/127.0.0.1/tcp/1234/http`,
    )
  }
  return { host, port: number }
}
