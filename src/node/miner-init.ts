import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Api } from '../api/api.ts'
import { writeFileAtomic } from '../lib/atomic-file.ts'
import { systemClock } from '../lib/clock.ts'
import { errorMessage } from '../lib/errors.ts'
import { getLogger } from '../lib/log.ts'
import { MinerError } from '../miner/errors.ts'
import { loadMiningParams } from '../miner/mining-params.ts'
import { checkPreSealed, PRE_SEALED } from '../miner/pre-sealed.ts'
import { addServedActor } from '../miner/served-actors.ts'
import { waitForSync } from '../miner/wait-sync.ts'
import { MetadataStore } from '../store/metadata.ts'
import { Repo } from '../store/repo.ts'
import type { Address } from '../types/address.ts'
import { TipsetKey } from '../types/tipset.ts'
import { defaultConfigText } from './config-text.ts'
import { loadOrCreateHostKey } from './host-key.ts'
import { storageMinerConfig } from './miner-config.ts'

const log = getLogger('miner')

/** File that makes a folder a place for sectors (Lotus storage/paths, MetaFile). */
const META_FILE = 'sectorstore.json'

export interface MinerInitOptions {
  readonly repoPath: string
  /** The miner actor, which must exist. */
  readonly actor: Address
  /** Folders with sectors that were sealed before the network began. */
  readonly preSealedSectors: readonly string[]
  /** The file that `lotus-seed` or `devnet` wrote about them. */
  readonly preSealedMetadata?: string
  /** Whether the repo's own folder is to hold sectors. */
  readonly localStorage: boolean
  readonly noSync: boolean
  readonly signal: AbortSignal
}

/**
 * Sets up a miner's repo for an actor that exists, or adds the actor to a repo that is there (Lotus cli/miner/init.go).
 * @returns whether the actor is new to the repo
 * @throws MinerError MINER_PRE_SEALED, MINER_FULL_NODE; RepoError
 */
export async function initMiner(api: Api, options: MinerInitOptions): Promise<boolean> {
  const { signal } = options
  const params = await loadMiningParams(api, undefined, signal)
  if (!options.noSync) await waitForSync({ api, clock: systemClock }, Number(params.blockDelaySecs), signal)
  const info = await api.stateMinerInfo([options.actor, TipsetKey.empty], { signal }).catch((cause: unknown) => {
    throw new MinerError('MINER_FULL_NODE', `${options.actor} is no miner that the full node knows: ${errorMessage(cause)}`)
  })
  const preSealed = options.preSealedMetadata === undefined ? undefined : await readText(options.preSealedMetadata)
  if (preSealed !== undefined) await checkPreSealed(api, options.actor, preSealed, signal)
  const folders = options.preSealedSectors.map((path) => resolve(path))
  for (const folder of folders) {
    if (!existsSync(join(folder, META_FILE)))
      throw new MinerError('MINER_PRE_SEALED', `${folder} holds no sectors: it has no ${META_FILE}`)
  }

  const repo = await Repo.open(options.repoPath, {
    create: true,
    kind: 'miner',
    defaultConfig: defaultConfigText({ comments: true }, storageMinerConfig),
  })
  await repo.lock()
  try {
    await loadOrCreateHostKey(repo.keystore)
    const metadata = await MetadataStore.open(repo.paths.metadata)
    try {
      if (preSealed !== undefined)
        await metadata.put(PRE_SEALED + options.actor.toString(), Buffer.from(preSealed), { sync: true })
      if (options.localStorage && !existsSync(join(repo.path, META_FILE))) {
        await writeFileAtomic(join(repo.path, META_FILE), localStorageMeta())
        folders.push(repo.path)
      }
      const known = await repo.storagePaths()
      await repo.setStoragePaths([...known, ...folders.filter((folder) => !known.includes(folder))])
      const added = await addServedActor(metadata, options.actor)
      log.info(added ? 'the repository serves the miner' : 'the repository serves the miner already', {
        actor: options.actor.toString(params.addressPrefix),
        worker: info.worker.toString(params.addressPrefix),
        repo: repo.path,
      })
      return added
    } finally {
      await metadata.close()
    }
  } finally {
    await repo.release()
  }
}

/** A place that both seals and stores, as Lotus makes it. */
function localStorageMeta(): string {
  const meta = {
    ID: randomUUID(),
    Weight: 10,
    CanSeal: true,
    CanStore: true,
    MaxStorage: 0,
    Groups: null,
    AllowTo: null,
    AllowTypes: null,
    DenyTypes: null,
    AllowMiners: null,
    DenyMiners: null,
  }
  return `${JSON.stringify(meta, null, 2)}\n`
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new MinerError('MINER_PRE_SEALED', `the description of the pre-sealed sectors ${path} cannot be read`, { cause })
  }
}
