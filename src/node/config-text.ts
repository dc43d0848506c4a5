/** The config as text, for the commands `config default` and `config updated`. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { errorMessage } from '../lib/errors.ts'
import { ConfigError } from '../store/config/errors.ts'
import { fullNodeConfig } from '../store/config/full-node.ts'
import { printConfig } from '../store/config/print.ts'
import { readConfig } from '../store/config/read.ts'
import type { Section } from '../store/config/schema.ts'
import { Repo } from '../store/repo.ts'

export interface ConfigTextOptions {
  /** With what each setting does, and with settings that have their default commented out. */
  readonly comments: boolean
}

export function defaultConfigText({ comments }: ConfigTextOptions, schema: Section = fullNodeConfig): string {
  return printConfig(schema, undefined, { comments })
}

/**
 * A repository's config, brought up to date with this version's settings.
 * @throws RepoError when there is no repository; ConfigError for a file that cannot be read
 */
export async function updatedConfigText(
  repoPath: string,
  { comments }: ConfigTextOptions,
  schema: Section = fullNodeConfig,
): Promise<string> {
  const repo = await Repo.open(repoPath)
  const path = join(repo.path, 'config.toml')
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    // Without a file the defaults hold.
    if (cause.code === 'ENOENT') return undefined
    throw new ConfigError('CONFIG_SYNTAX', `The config file ${path} cannot be read: ${errorMessage(cause)}.`)
  })
  return printConfig(schema, readConfig(schema, { text, path }).config, { comments })
}
