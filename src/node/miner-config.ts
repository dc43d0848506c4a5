import { readFile } from 'node:fs/promises'
import { NodeError } from '../lib/errors.ts'
import { getLogger, setLogLevel } from '../lib/log.ts'
import { readConfig } from '../store/config/read.ts'
import { checkStorageMinerConfig, type StorageMinerConfig, storageMinerConfig } from '../store/config/storage-miner.ts'
import type { Repo } from '../store/repo.ts'
import type { MinerNodeOptions } from './miner-options.ts'

export { type StorageMinerConfig, storageMinerConfig } from '../store/config/storage-miner.ts'

const log = getLogger('config')

/**
 * The config by which a miner runs: the repo's file or another one, then the overrides. Keys that are unknown are warned of.
 * @throws ConfigError naming file, line and key; NodeError NODE_CONFIG when the file cannot be read
 */
export async function loadMinerConfig(
  repo: Repo,
  { configPath, configOverrides }: Pick<MinerNodeOptions, 'configPath' | 'configOverrides'>,
): Promise<StorageMinerConfig> {
  const path = configPath ?? repo.paths.config
  let text: string | undefined
  try {
    text = configPath === undefined ? await repo.configText() : await readFile(path, 'utf8')
  } catch (cause) {
    throw new NodeError('NODE_CONFIG', `the config ${path} cannot be read`, { cause })
  }
  const { config, warnings } = readConfig(storageMinerConfig, { text, path, env: configOverrides ?? {} })
  for (const warning of warnings) log.warn(warning)
  checkStorageMinerConfig(config)
  for (const [system, level] of Object.entries(config.Logging.SubsystemLevels)) setLogLevel(system, level)
  return config
}
