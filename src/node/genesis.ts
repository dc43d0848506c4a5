import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { zstdDecompress } from 'node:zlib'
import { NodeError } from '../lib/errors.ts'
import type { Network } from '../networks/types.ts'
import { readCarBytes } from '../store/car/memory.ts'
import type { ChainStore } from '../store/chain-store.ts'
import type { Blockstore } from '../store/blockstore.ts'
import { decodeBlock } from '../types/block.ts'
import { cidKey } from '../types/cid.ts'

const decompress = promisify(zstdDecompress)
const ZSTD_MAGIC = 0xfd2fb528
/** A genesis with the actors' code takes a few MiB. */
const MAX_BYTES = 256 << 20

/**
 * Puts the network's genesis into an empty chain; in one that has a genesis it must be the same.
 * @throws NodeError NODE_GENESIS, StoreError STORE_GENESIS
 */
export async function ensureGenesis(
  components: { readonly store: Blockstore; readonly chain: ChainStore },
  network: Network,
  path: string | undefined,
): Promise<void> {
  const { store, chain } = components
  const expected = network.genesisCid
  if (chain.genesis !== undefined) {
    if (expected !== undefined && cidKey(expected) !== cidKey(chain.genesis.cids[0] as typeof expected)) {
      throw new NodeError('NODE_GENESIS', `the repo holds a chain that begins with ${chain.genesis.cids[0]}, but ${network.name} begins with ${expected}; use another repo or --remove-existing-chain`)
    }
    if (path === undefined) return
  }
  const file = path ?? network.genesisPath
  if (file === undefined) return
  const { roots, blocks } = readCarBytes(await readGenesis(file))
  const [root] = roots
  const block = blocks.find((b) => root !== undefined && cidKey(b.cid) === cidKey(root))
  if (root === undefined || block === undefined || roots.length !== 1) {
    throw new NodeError('NODE_GENESIS', `${file} is no genesis: it must have one root, the genesis block`)
  }
  if (expected !== undefined && cidKey(expected) !== cidKey(root)) {
    throw new NodeError('NODE_GENESIS', `${file} holds the genesis ${root}, but ${network.name} begins with ${expected}`)
  }
  const header = decodeBlock(block.data)
  if (chain.genesis === undefined) await store.putMany(blocks)
  await chain.setGenesis(header, root)
}

async function readGenesis(path: string): Promise<Uint8Array> {
  let bytes: Uint8Array
  try {
    bytes = await readFile(path)
  } catch (cause) {
    throw new NodeError('NODE_GENESIS', `the genesis ${path} cannot be read`, { cause })
  }
  const magic = bytes.length < 4 ? 0 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
  return magic === ZSTD_MAGIC ? await decompress(bytes, { maxOutputLength: MAX_BYTES }) : bytes
}
