/** The one place that reads the process's environment. Everything else is given plain values. */
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface Environment {
  /** The repository's folder when no flag names one. */
  readonly repo: string
  /** `FULLNODE_API_INFO`: `token:multiaddr`, or a URL. */
  readonly apiInfo: string | undefined
  /** The miner's repository when no flag names one. */
  readonly minerRepo: string
  /** `MINER_API_INFO`, of the same form. */
  readonly minerApiInfo: string | undefined
  /** Level of all log systems at the start, `GOLOG_LOG_LEVEL`. */
  readonly logLevel: string | undefined
  /** `LOTUS_<SECTION>_<KEY>` settings that override the config file. */
  readonly config: Readonly<Record<string, string>>
  /** Folder that bundles and parameters are kept in over repositories. */
  readonly cacheDir: string
  /** Folders with actor bundles that are there, `NELUMBO_BUNDLES` and the test data beside a checkout. */
  readonly bundleFolders: readonly string[]
  /** The devnet's folder when no flag names one, `NELUMBO_DEVNET`. */
  readonly devnet: string
  /** Where proof parameters are, when `FIL_PROOFS_PARAMETER_CACHE` says so. */
  readonly parameterCache: string | undefined
  /** `IPFS_GATEWAY`: where proof parameters are fetched from instead of the known gateways. */
  readonly ipfsGateway: string | undefined
  /** `TRUST_PARAMS`: proof parameters that are there are not read to check them. */
  readonly trustParameters: boolean
  /** `LOTUS_RECOVERING_SECTOR_LIMIT`: most sectors that one deadline recovers at a time. */
  readonly recoveringSectorLimit: string | undefined
  readonly noColor: boolean
  /** `NELUMBO_DEBUG`: print where an unexpected error arose. */
  readonly debug: boolean
}

/** Not settings of the config file, though they begin like one. */
const notConfig = new Set([
  'LOTUS_PATH',
  'LOTUS_MINER_PATH',
  'LOTUS_RECOVERING_SECTOR_LIMIT',
  'LOTUS_STORAGE_PATH',
  'LOTUS_WORKER_PATH',
])

/** @param env the process's environment; given in tests */
export function readEnvironment(env: Readonly<Record<string, string | undefined>> = process.env): Environment {
  const home = env.HOME !== undefined && env.HOME !== '' ? env.HOME : homedir()
  const config: Record<string, string> = {}
  for (const [name, value] of Object.entries(env)) {
    if (/^LOTUS_[A-Z0-9]+_[A-Z0-9_]+$/.test(name) && value !== undefined && !notConfig.has(name)) config[name] = value
  }
  return {
    repo: expandHome(nonEmpty(env.NELUMBO_PATH) ?? nonEmpty(env.LOTUS_PATH) ?? '~/.lotus', home),
    apiInfo: nonEmpty(env.FULLNODE_API_INFO),
    minerRepo: expandHome(
      nonEmpty(env.NELUMBO_MINER_PATH) ?? nonEmpty(env.LOTUS_MINER_PATH) ?? nonEmpty(env.LOTUS_STORAGE_PATH) ?? '~/.lotusminer',
      home,
    ),
    minerApiInfo: nonEmpty(env.MINER_API_INFO) ?? nonEmpty(env.STORAGE_API_INFO),
    logLevel: nonEmpty(env.GOLOG_LOG_LEVEL),
    config,
    cacheDir: join(nonEmpty(env.XDG_CACHE_HOME) ?? join(home, '.cache'), 'nelumbo'),
    bundleFolders: bundleFolders(env, home),
    devnet: expandHome(nonEmpty(env.NELUMBO_DEVNET) ?? '~/.nelumbo-devnet', home),
    parameterCache: nonEmpty(env.FIL_PROOFS_PARAMETER_CACHE),
    ipfsGateway: nonEmpty(env.IPFS_GATEWAY),
    trustParameters: env.TRUST_PARAMS === '1',
    recoveringSectorLimit: nonEmpty(env.LOTUS_RECOVERING_SECTOR_LIMIT),
    noColor: nonEmpty(env.NO_COLOR) !== undefined,
    debug: nonEmpty(env.NELUMBO_DEBUG) !== undefined,
  }
}

/** The data of other implementations that tests read (CONTRIBUTING.md); a released program has none beside it. */
const sharedData = fileURLToPath(new URL('../../../shared/data', import.meta.url))

function bundleFolders(env: Readonly<Record<string, string | undefined>>, home: string): string[] {
  const given = nonEmpty(env.NELUMBO_BUNDLES)
  const tests = join(nonEmpty(env.NELUMBO_SHARED_DATA) ?? sharedData, 'actors')
  return [...(given === undefined ? [] : [expandHome(given, home)]), ...(existsSync(tests) ? [tests] : [])]
}

/** `~` and `~/…` at the beginning of a path; then made absolute. */
export function expandHome(path: string, home: string = homedir()): string {
  return resolve(path === '~' ? home : path.startsWith('~/') ? join(home, path.slice(2)) : path)
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === '' ? undefined : value
}
