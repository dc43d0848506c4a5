/** A program's API as commands see it: found through flag, environment or repository, called by method name. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AnyMethod, Params, Result } from '../api/method.ts'
import { livingHolder } from '../lib/repo-holder.ts'
import { parseApiInfo } from '../rpc/api-info.ts'
import { RpcError } from '../rpc/errors.ts'
import type { JsonRpcClient } from '../rpc/json-client.ts'
import { en } from './en.ts'
import { minerErrors } from './en-miner.ts'
import { CliError } from './errors.ts'

export interface NodeApi {
  /**
   * Calls a method with JSON and gives its JSON; integers beyond 2^53 are bigint in both directions.
   * @param method without the namespace, `ChainHead`
   * @throws CliError CLI_NO_DAEMON, CLI_PERMISSION, or CLI_RPC with the node's own message
   */
  call<T>(method: string, ...params: readonly unknown[]): Promise<T>
  /** The items of a method that answers with a stream. */
  stream<D extends AnyMethod>(def: D, params: Params<D>): AsyncIterable<Result<D>>
  /** Where the daemon is, token included. */
  info(): ApiInfo
  /** Frees the connections; an open one would keep a finished command alive. */
  close(): Promise<void>
}

export interface ApiInfo {
  readonly token: string | undefined
  /** As configured: a multiaddress or a URL. */
  readonly address: string
  /** `http://host:port`, without the endpoint's path. */
  readonly url: string
}

export interface ApiSources {
  /** `--api-url`. */
  readonly flag: string | undefined
  /** `--repo`, when it stood on the command line. */
  readonly repoFlag: string | undefined
  /** `FULLNODE_API_INFO`. */
  readonly env: string | undefined
  /** The repository of the environment, or the default one. */
  readonly repo: string
  /** Which program is meant; the node where it is not given. */
  readonly program?: 'node' | 'miner'
}

/** The names by which a user sets where a program's API is, and the endpoint that is asked: Lotus's miner serves no `/rpc/v1`. */
const settings = {
  node: { flag: '--api-url', variable: 'FULLNODE_API_INFO', version: 'v1' },
  miner: { flag: '--miner-api-url', variable: 'MINER_API_INFO', version: 'v0' },
} as const

/**
 * Where the daemon is: a flag before the environment, the environment before the repository. Lotus asks the environment
 * before `--repo`, which its own comment calls counter-intuitive.
 * @throws CliError CLI_API_INFO or CLI_NO_DAEMON
 */
export function findApi({ flag, repoFlag, env, repo, program = 'node' }: ApiSources): ApiInfo {
  const names = settings[program]
  const { noRepo, notRunning, noApiYet } = program === 'node' ? en.errors : minerErrors
  if (flag !== undefined) return read(flag, names.flag)
  if (repoFlag === undefined && env !== undefined) return read(env, names.variable)
  const path = repoFlag ?? repo
  if (!existsSync(path)) throw new CliError('CLI_NO_DAEMON', noRepo(path))
  const address = readIfThere(join(path, 'api'))
  if (address === undefined) {
    const holder = livingHolder(path)
    throw new CliError('CLI_NO_DAEMON', holder === undefined ? notRunning(path) : noApiYet(path, holder))
  }
  const token = readIfThere(join(path, 'token'))
  return read(token === undefined ? address : `${token}:${address}`, join(path, 'api'))
}

function readIfThere(path: string): string | undefined {
  try {
    const text = readFileSync(path, 'utf8').trim()
    return text === '' ? undefined : text
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new CliError('CLI_API_INFO', en.errors.unreadable(path))
  }
}

function read(text: string, from: string): ApiInfo {
  try {
    const { url, token } = parseApiInfo(text)
    return { url, token, address: text.slice(token === undefined ? 0 : token.length + 1) }
  } catch {
    // Without the cause, which says the same of the address alone.
    throw new CliError('CLI_API_INFO', en.errors.badApiInfo(from))
  }
}

/** The API at the place that the sources name; looked up, and the client loaded, at the first call. */
export function nodeApi(sources: ApiSources, signal: AbortSignal): NodeApi {
  const { version } = settings[sources.program ?? 'node']
  let found: ApiInfo | undefined
  let opened: Promise<JsonRpcClient> | undefined
  let streaming: JsonRpcClient | undefined
  const info = () => {
    found ??= findApi(sources)
    return found
  }
  const client = () => {
    const { url, token } = info()
    // Without a limit in time: computing states takes as long as it takes, and Ctrl-C ends it.
    opened ??= import('../rpc/json-client.ts').then(({ JsonRpcClient }) => new JsonRpcClient({ url, token }, { timeoutMs: 0 }))
    return opened
  }
  return {
    info,
    async call<T>(method: string, ...params: readonly unknown[]): Promise<T> {
      const open = await client()
      try {
        return (await open.callJson(`Filecoin.${method}`, params, { signal, version })) as T
      } catch (error) {
        throw sentence(error, method, info().url, sources.program)
      }
    },
    async *stream<D extends AnyMethod>(def: D, params: Params<D>): AsyncGenerator<Result<D>> {
      const { url, token } = info()
      const { RpcClient } = await import('../rpc/client.ts')
      const open = new RpcClient({ url, token })
      streaming = open
      try {
        yield* open.stream(def, params, { signal })
      } catch (error) {
        throw sentence(error, def.name.replace(/^Filecoin\./, ''), info().url, sources.program)
      }
    },
    async close() {
      await (await opened)?.close()
      await streaming?.close()
    },
  }
}

/** Errors of the client in words for the user; others as they are. */
function sentence(error: unknown, method: string, url: string, program: ApiSources['program'] = 'node'): unknown {
  if (!(error instanceof RpcError)) return error
  const { host } = new URL(url)
  const why =
    (error.cause as NodeJS.ErrnoException | undefined)?.code ?? (error.cause as Error | undefined)?.message ?? error.message
  switch (error.code) {
    case 'RPC_UNREACHABLE':
      return new CliError(
        'CLI_NO_DAEMON',
        why !== 'ECONNREFUSED' ? en.errors.broken(host, why) : (program === 'node' ? en.errors : minerErrors).refused(host),
      )
    case 'RPC_UNAUTHORIZED':
      return new CliError('CLI_PERMISSION', en.errors.tokenRefused())
    case 'RPC_CLOSED':
      return new CliError('CLI_RPC', en.errors.streamBroken(method))
    case 'RPC_BAD_ANSWER':
      return new CliError('CLI_RPC', en.errors.notAnApi(host))
    case 'RPC_ERROR':
      return answerError(method, error)
    default:
      return error
  }
}

export const METHOD_NOT_FOUND = -32601

function answerError(method: string, { rpcCode, message, hint }: RpcError): CliError {
  const options = { fields: { method, rpcCode }, rpcCode, ...(hint === undefined ? {} : { hint }) }
  if (message.startsWith('missing permission to invoke')) {
    const need = /need '(\w+)'/.exec(message)?.[1] ?? 'admin'
    return new CliError('CLI_PERMISSION', en.errors.permission(method, need), options)
  }
  if (rpcCode === METHOD_NOT_FOUND) return new CliError('CLI_RPC', en.errors.unknownMethod(method), options)
  return new CliError('CLI_RPC', message, options)
}
