import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { zstdDecompress } from 'node:zlib'
import { temporaryPrefix } from '../lib/atomic-file.ts'
import { downloadFile } from '../lib/download.ts'
import { errorMessage, NodeError } from '../lib/errors.ts'
import { getLogger } from '../lib/log.ts'
import type { Network } from '../networks/types.ts'
import type { Blockstore } from '../store/blockstore.ts'
import { CarError } from '../store/car/errors.ts'
import { readCarBytes } from '../store/car/memory.ts'
import type { ChainStore } from '../store/chain-store.ts'
import { type BlockHeader, decodeBlock } from '../types/block.ts'
import { cidKey } from '../types/cid.ts'

const log = getLogger('genesis')
const decompress = promisify(zstdDecompress)
const ZSTD_MAGIC = 0xfd2fb528
/** A genesis with the actors' code takes a few MiB. */
const MAX_BYTES = 256 << 20

export interface GenesisSource {
  /** A CAR file, plain or compressed; the network's own where there is none. */
  readonly path?: string
  /** Whether the network's genesis may be fetched where no file is given. */
  readonly download: boolean
  readonly signal?: AbortSignal
}

/**
 * Puts the network's genesis into an empty chain; in one that has a genesis it must be the same. Without a file and where
 * the network's addresses do not answer, the chain stays empty.
 * @throws NodeError NODE_GENESIS, StoreError STORE_GENESIS
 */
export async function ensureGenesis(
  components: { readonly store: Blockstore; readonly chain: ChainStore; readonly repo: { readonly path: string } },
  network: Network,
  source: GenesisSource,
): Promise<void> {
  const { store, chain, repo } = components
  const expected = network.genesisCid
  const known = chain.genesis?.cids[0]
  if (known !== undefined) {
    if (expected !== undefined && cidKey(expected) !== cidKey(known)) {
      throw new NodeError(
        'NODE_GENESIS',
        `the repo holds a chain that begins with ${known}, but ${network.name} begins with ${expected}; use another repo or --remove-existing-chain`,
      )
    }
    if (source.path === undefined) return
  }
  let file = source.path ?? network.genesisPath
  const downloaded = file === undefined && source.download ? await fetchGenesis(network, repo.path, source.signal) : undefined
  file ??= downloaded
  if (file === undefined) return
  try {
    await takeGenesis({ store, chain }, network, file)
  } finally {
    if (downloaded !== undefined) await rm(downloaded, { force: true })
  }
}

async function takeGenesis(
  { store, chain }: { readonly store: Blockstore; readonly chain: ChainStore },
  network: Network,
  file: string,
): Promise<void> {
  const expected = network.genesisCid
  const { roots, blocks } = parseGenesis(file, await readGenesis(file))
  const [root] = roots
  const block = blocks.find((b) => root !== undefined && cidKey(b.cid) === cidKey(root))
  if (root === undefined || block === undefined || roots.length !== 1)
    throw new NodeError('NODE_GENESIS', `${file} is no genesis: it must have one root, the genesis block`)
  if (expected !== undefined && cidKey(expected) !== cidKey(root))
    throw new NodeError('NODE_GENESIS', `${file} holds the genesis ${root}, but ${network.name} begins with ${expected}`)
  let header: BlockHeader
  try {
    header = decodeBlock(block.data)
  } catch (cause) {
    throw new NodeError('NODE_GENESIS', `${file} is no genesis: its root is not a block header`, { cause })
  }
  if (header.height !== 0)
    throw new NodeError(
      'NODE_GENESIS',
      `${file} is no genesis: its block has height ${header.height}; use --import-chain or --import-snapshot`,
    )
  if (chain.genesis === undefined) await store.putMany(blocks)
  await chain.setGenesis(header, root)
}

function parseGenesis(file: string, bytes: Uint8Array): ReturnType<typeof readCarBytes> {
  try {
    return readCarBytes(bytes)
  } catch (cause) {
    if (!(cause instanceof CarError)) throw cause
    throw new NodeError('NODE_GENESIS', `the genesis ${file} is damaged or no CAR file: ${errorMessage(cause)}`, { cause })
  }
}

async function readGenesis(path: string): Promise<Uint8Array> {
  let bytes: Uint8Array
  try {
    bytes = await readFile(path)
  } catch (cause) {
    throw new NodeError('NODE_GENESIS', `the genesis ${path} cannot be read: ${errorMessage(cause)}`, { cause })
  }
  const magic = bytes.length < 4 ? 0 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
  if (magic !== ZSTD_MAGIC) return bytes
  try {
    return await decompress(bytes, { maxOutputLength: MAX_BYTES })
  } catch (cause) {
    throw new NodeError('NODE_GENESIS', `the genesis ${path} cannot be decompressed: ${errorMessage(cause)}`, { cause })
  }
}

/** The genesis as a temporary file in the repo, undefined where no address of the network gives it. */
async function fetchGenesis(network: Network, folder: string, signal: AbortSignal | undefined): Promise<string | undefined> {
  // A name that the next start removes if this process is killed.
  const path = join(folder, `${temporaryPrefix}genesis`)
  for (const url of network.genesisUrls) {
    await rm(path, { force: true })
    log.info('downloading the genesis', { network: network.name, url })
    try {
      await downloadFile({ url, path, maxBytes: MAX_BYTES, signal, retries: 1 })
      return path
    } catch (error) {
      signal?.throwIfAborted()
      log.warn('the genesis could not be downloaded', { url }, error)
    }
  }
  await rm(path, { force: true })
  return undefined
}
