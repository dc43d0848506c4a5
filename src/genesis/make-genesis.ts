import { buildMessagesAmt } from '../actors/amt-build.ts'
import { Hamt } from '../actors/hamt.ts'
import { initState } from '../actors/init/view.ts'
import { addressKey } from '../actors/keys.ts'
import type { StateTree } from '../actors/state-tree.ts'
import { INIT_ACTOR, SYSTEM_ACTOR } from '../actors/well-known.ts'
import { decode, encode } from '../codec/codec.ts'
import { uint64 } from '../codec/primitives.ts'
import { extractLinks } from '../native/ipld.ts'
import { initialBaseFee } from '../networks/constants.ts'
import { actorsVersion } from '../networks/schedule.ts'
import type { Network } from '../networks/types.ts'
import { type Block, MemoryBlockstore, mustGet } from '../store/blockstore.ts'
import { readBuiltinManifest } from '../store/bundle-manifest.ts'
import type { LoadedBundle } from '../store/bundle-store.ts'
import { CarWriter } from '../store/car/car-writer.ts'
import type { Address } from '../types/address.ts'
import { type BlockHeader, blockHeader, msgMeta } from '../types/block.ts'
import { CID, cidFromBytes, cidKey, cidOf, IDENTITY } from '../types/cid.ts'
import { addressOfEth } from '../types/eth/address.ts'
import { GenesisError } from './errors.ts'
import { makeInitialState } from './initial-state.ts'
import { GenesisMachine } from './machine.ts'
import { grantDataCap, setUpMiners } from './miners.ts'
import { StateMaker } from './state-maker.ts'
import type { GenesisTemplate } from './template.ts'

/**
 * The block that every genesis names as its parent: the first block of the network's first test
 * (Lotus chain/gen/genesis/genblock.go).
 */
const PARENT = {
  cid: 'bafyreiaqpwbbyjo4a42saasj36kkrpv4tsherf2e7bvezkert2a7dhonoi',
  data:
    'a5684461746574696d6573323031372d30352d30352030313a32373a3531674e6574776f726b6846696c65636f696e65546f6b656e6846696c65636f696e' +
    '6c546f6b656e416d6f756e7473a36b546f74616c537570706c796d322c3030302c3030302c303030664d696e6572736d312c3430302c3030302c3030306c' +
    '50726f746f636f6c4c616273a36b446576656c6f706d656e746b3330302c3030302c3030306b46756e6472616973696e676b3230302c3030302c3030306a' +
    '466f756e646174696f6e6b3130302c3030302c303030674d657373616765784854686973206973207468652047656e6573697320426c6f636b206f66207468' +
    '652046696c65636f696e20446563656e7472616c697a65642053746f72616765204e6574776f726b2e',
}

/** Earliest version that a genesis can be made for here: sectors are pre-committed as from actors v13 on. */
const OLDEST_NETWORK_VERSION = 22

export interface MakeGenesisInit {
  readonly network: Pick<Network, 'chainId' | 'actorDebugging' | 'consensusMinerMinPower'>
  /** Unix seconds, where the template has none. */
  readonly timestamp?: number
  /** The genesis block's ticket: 32 bytes that Lotus draws at random. */
  readonly ticket: Uint8Array
  /** The key of the first verifier, actor 81, which Lotus draws at random and forgets. */
  readonly verifier: Address
}

export interface Genesis {
  readonly cid: CID
  readonly header: BlockHeader
  /** All that the genesis block leads to, the actors' code too, in the order in which Lotus writes them to a CAR. */
  readonly blocks: readonly Block[]
}

/**
 * Makes the genesis of a network as Lotus does (chain/gen/genesis/genesis.go MakeGenesisBlock): the same template, ticket,
 * verifier and time give the same block. Takes some seconds of CPU, for the actors are compiled.
 * @param bundle the built-in actors of the template's network version
 * @throws GenesisError GENESIS_TEMPLATE, GENESIS_FAILED
 */
export function makeGenesis(template: GenesisTemplate, bundle: LoadedBundle, init: MakeGenesisInit): Genesis {
  const { networkVersion } = template
  checkVersion(networkVersion, bundle)
  const timestamp = template.timestamp === 0 ? init.timestamp : template.timestamp
  if (timestamp === undefined)
    throw new GenesisError('GENESIS_TEMPLATE', 'the genesis template has no Timestamp, and none was given otherwise')
  const store = new MemoryBlockstore()
  for (const b of bundle.blocks) store.put(b.cid, b.data)
  const { manifest } = bundle
  const make = new StateMaker(store, readBuiltinManifest(store, manifest.version, manifest.manifestCid, 'of the genesis'))
  const initial = makeInitialState(make, manifest, template, init.verifier)
  const machine = new GenesisMachine({ store }, initial.root, { networkVersion, ...init.network })
  try {
    const context = { make, machine, networkVersion, consensusMinerMinPower: init.network.consensusMinerMinPower }
    grantDataCap(context, template, initial.ids)
    setUpMiners(context, template.miners)
    machine.change((tree) => setNullAddress(make, tree))
    return finish(make, machine.flush(), BigInt(timestamp), init.ticket)
  } finally {
    machine.close()
  }
}

function checkVersion(networkVersion: number, bundle: LoadedBundle): void {
  if (networkVersion < OLDEST_NETWORK_VERSION) {
    throw new GenesisError(
      'GENESIS_TEMPLATE',
      `a genesis can be made for network version ${OLDEST_NETWORK_VERSION} or later, not for ${networkVersion}`,
    )
  }
  let needed: number
  try {
    needed = actorsVersion(networkVersion)
  } catch (cause) {
    throw new GenesisError('GENESIS_TEMPLATE', (cause as Error).message, { cause })
  }
  if (bundle.manifest.version !== needed) {
    throw new GenesisError(
      'GENESIS_TEMPLATE',
      `network version ${networkVersion} runs actors v${needed}, but the bundle holds v${bundle.manifest.version}`,
    )
  }
}

/** An Ethereum account at 0x0, so that nobody can take that address (Lotus chain/gen/genesis/genesis_eth.go). */
function setNullAddress(make: StateMaker, tree: StateTree): void {
  const { store } = make
  const at = addressOfEth(new Uint8Array(20))
  const actor = tree.mustGetActor(INIT_ACTOR)
  const state = decode(initState, mustGet(store, actor.head))
  const map = new Hamt(store, state.addressMap, { value: uint64, key: addressKey })
  map.set(at, state.nextId)
  const head = make.put(initState, { ...state, addressMap: map.flush(store), nextId: state.nextId + 1n })
  tree.setActor(state.nextId, make.actor('ethaccount', make.emptyState(), 0n, at))
  tree.setActor(INIT_ACTOR, { ...actor, head })
}

function finish(make: StateMaker, stateRoot: CID, timestamp: bigint, ticket: Uint8Array): Genesis {
  const { store } = make
  const empty = buildMessagesAmt(store, [])
  const messages = make.put(msgMeta, { blsMessages: empty, secpkMessages: empty })
  const parent = CID.parse(PARENT.cid)
  store.put(parent, new Uint8Array(Buffer.from(PARENT.data, 'hex')))
  const header: BlockHeader = {
    miner: SYSTEM_ACTOR,
    ticket: { vrfProof: ticket },
    electionProof: { winCount: 0n, vrfProof: new Uint8Array(0) },
    beaconEntries: [{ round: 0n, data: new Uint8Array(32) }],
    winPostProof: [],
    parents: [parent],
    parentWeight: 0n,
    height: 0,
    parentStateRoot: stateRoot,
    parentMessageReceipts: empty,
    messages,
    blsAggregate: null,
    timestamp,
    blockSig: null,
    forkSignaling: 0n,
    parentBaseFee: initialBaseFee,
  }
  const bytes = encode(blockHeader, header)
  const cid = cidOf(bytes)
  store.put(cid, bytes)
  return { cid, header, blocks: reachable(store, cid) }
}

/** Commitments to sectors and data, which are no blocks (Lotus chain/gen/gen.go CarWalkFunc). */
const COMMITMENTS: readonly number[] = [0xf101, 0xf102]

/** Depth first, each link in its place, each block once. */
function reachable(store: MemoryBlockstore, root: CID): Block[] {
  const out: Block[] = []
  const seen = new Set<string>()
  const open = [root]
  for (let cid = open.pop(); cid !== undefined; cid = open.pop()) {
    const key = cidKey(cid)
    if (seen.has(key)) continue
    seen.add(key)
    if (cid.multihash.code === IDENTITY || COMMITMENTS.includes(cid.code)) continue
    const data = mustGet(store, cid)
    out.push({ cid, data })
    for (const link of extractLinks(data, cid.code).reverse()) open.push(cidFromBytes(link.slice()))
  }
  return out
}

/** A genesis as the bytes of a CAR file. */
export async function genesisCar(genesis: Genesis): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  const writer = new CarWriter(async (bytes) => void parts.push(bytes), [genesis.cid])
  for (const b of genesis.blocks) await writer.write(b.cid.bytes, b.data)
  await writer.flush()
  return Buffer.concat(parts)
}
