import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { base58btc } from 'multiformats/bases/base58'
import type { Api } from '../api/api.ts'
import { writeFileAtomic } from '../lib/atomic-file.ts'
import { clockBehind } from '../lib/clock.ts'
import { errorMessage } from '../lib/errors.ts'
import { getLogger } from '../lib/log.ts'
import {
  type CreateMinerComponents,
  createMiner,
  creationUnderWay,
  forgetCreation,
  type MinerChoices,
  type SendInit,
} from '../miner/create-miner.ts'
import { MinerError } from '../miner/errors.ts'
import { loadMiningParams } from '../miner/mining-params.ts'
import { checkPreSealed, PRE_SEALED } from '../miner/pre-sealed.ts'
import { publishPeerId } from '../miner/publish-peer-id.ts'
import { addServedActor, servedActors } from '../miner/served-actors.ts'
import { waitForSync } from '../miner/wait-sync.ts'
import { MetadataStore } from '../store/metadata.ts'
import { Repo } from '../store/repo.ts'
import { Address } from '../types/address.ts'
import { TipsetKey } from '../types/tipset.ts'
import { defaultConfigText } from './config-text.ts'
import { loadOrCreateHostKey } from './host-key.ts'
import { storageMinerConfig } from './miner-config.ts'

const log = getLogger('miner')

/** File that makes a folder a place for sectors (Lotus storage/paths, MetaFile). */
const META_FILE = 'sectorstore.json'

export interface MinerInitOptions {
  readonly repoPath: string
  /** A miner actor that exists; or what is to be known of one that is to be made. */
  readonly actor: Address | NewActor
  /** How the chain is to be told of the repository's peer id, for an actor that exists; it is not told where this is not given. */
  readonly publish?: MessageInit
  /** Folders with sectors that were sealed before the network began. */
  readonly preSealedSectors: readonly string[]
  /** The file that `lotus-seed` or `devnet` wrote about them. */
  readonly preSealedMetadata?: string
  /** Whether the repo's own folder is to hold sectors. */
  readonly localStorage: boolean
  readonly noSync: boolean
  readonly signal: AbortSignal
}

export type MessageInit = Omit<SendInit, 'signal'>
export interface NewActor extends MinerChoices, MessageInit {
  readonly depositPercent: bigint
}

export interface MinerInitResult {
  /** As given, or the id address of a new actor. */
  readonly actor: Address
  /** Whether the actor is new to the repo. */
  readonly added: boolean
}

/**
 * Sets up a miner's repo for an actor that exists or is made, or adds an actor that exists to a repo that is there (Lotus
 * cli/miner/init.go). It may be ended at any point and run again.
 * @throws MinerError MINER_PRE_SEALED, MINER_FULL_NODE, MINER_CREATE, MINER_MESSAGE; RepoError; what the full node says against a message
 */
export async function initMiner(api: Api, options: MinerInitOptions): Promise<MinerInitResult> {
  const { signal } = options
  const params = await loadMiningParams(api, undefined, signal)
  if (!options.noSync)
    await waitForSync({ api, clock: clockBehind(Number(params.pausedSecs) * 1000) }, Number(params.blockDelaySecs), signal)
  const existing = options.actor instanceof Address ? options.actor : undefined
  if (existing !== undefined)
    await api.stateMinerInfo([existing, TipsetKey.empty], { signal }).catch((cause: unknown) => {
      throw new MinerError('MINER_FULL_NODE', `${existing} is no miner that the full node knows: ${errorMessage(cause)}`)
    })
  const preSealed =
    existing === undefined || options.preSealedMetadata === undefined ? undefined : await readText(options.preSealedMetadata)
  if (existing !== undefined && preSealed !== undefined) await checkPreSealed(api, existing, preSealed, signal)
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
    const peerId = base58btc.baseDecode((await loadOrCreateHostKey(repo.keystore)).peerId)
    const metadata = await MetadataStore.open(repo.paths.metadata)
    try {
      if (options.localStorage && !existsSync(join(repo.path, META_FILE))) {
        await writeFileAtomic(join(repo.path, META_FILE), localStorageMeta())
        folders.push(repo.path)
      }
      const known = await repo.storagePaths()
      await repo.setStoragePaths([...known, ...folders.filter((folder) => !known.includes(folder))])
      const components = { api, records: metadata }
      const actor =
        existing ??
        (await makeActor(components, options.actor as NewActor, repo.path, { peerId, signal, prefix: params.addressPrefix }))
      if (preSealed !== undefined) await metadata.put(PRE_SEALED + actor.toString(), Buffer.from(preSealed), { sync: true })
      const added = await addServedActor(metadata, actor)
      if (existing === undefined) await forgetCreation(components)
      else if (options.publish !== undefined) await publishPeerId(components, actor, peerId, { ...options.publish, signal })
      log.info(added ? 'the repository serves the miner' : 'the repository serves the miner already', {
        actor: actor.toString(params.addressPrefix),
        repo: repo.path,
      })
      return { actor, added }
    } finally {
      await metadata.close()
    }
  } finally {
    await repo.release()
  }
}

/** Makes an actor for a repository that has none, or goes on making it. */
function makeActor(
  components: CreateMinerComponents,
  wanted: NewActor,
  repo: string,
  { prefix, ...own }: { readonly peerId: Uint8Array; readonly signal: AbortSignal; readonly prefix: 'f' | 't' },
): Promise<Address> {
  const served = servedActors(components.records)
  if (served.length > 0 && !creationUnderWay(components.records))
    throw new MinerError(
      'MINER_CREATE',
      `the repository ${repo} serves ${served.map((a) => a.toString(prefix)).join(', ')} already; no further actor is made for it`,
      {
        hint: 'Give --actor to add an actor that exists, or another --miner-repo for a new one.',
      },
    )
  return createMiner(components, wanted, { ...wanted, ...own })
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
