// State of the actors before they were wasm (version 0), as far as the first blocks of mainnet and calibnet need it. The program
// does not execute such epochs; that the blocks themselves are sound can be shown with their genesis state.

import { Hamt } from '../../src/actors/hamt.ts'
import { addressKey } from '../../src/actors/keys.ts'
import { type Actor, StateTree } from '../../src/actors/state-tree.ts'
import { decode } from '../../src/codec/codec.ts'
import { bigInt } from '../../src/codec/primitives.ts'
import { type BlockReader, mustGet } from '../../src/store/blockstore.ts'
import { Address } from '../../src/types/address.ts'
import { CID } from '../../src/types/cid.ts'
import { type IpldValue, ipldValue } from '../../src/types/ipld.ts'

/** Name of the Go actor behind an identity code CID, `fil/1/storageminer`. */
export function codeName(actor: Actor): string {
  return Buffer.from(actor.code.multihash.digest).toString('latin1')
}

function fields(store: BlockReader, cid: IpldValue | undefined): IpldValue[] {
  if (!(cid instanceof CID)) throw new Error('not a link')
  const value = decode(ipldValue, mustGet(store, cid))
  if (!Array.isArray(value)) throw new Error('the state is no list')
  return value
}

function actorOf(store: BlockReader, root: CID, address: Address, code: string): Actor {
  const actor = StateTree.load(store, root).getActor(address)
  if (actor === undefined || codeName(actor) !== code) throw new Error(`${address} is no ${code}`)
  return actor
}

/** A CBOR byte string of Go's big.Int: a sign byte, then the magnitude. */
function big(v: IpldValue | undefined): bigint {
  if (!(v instanceof Uint8Array)) throw new Error('not a number')
  return decode(bigInt, Uint8Array.of(0x40 + v.length, ...v))
}

/** Key address of a miner's worker. */
export function workerKey(store: BlockReader, root: CID, miner: Address): Address {
  const [info] = fields(store, actorOf(store, root, miner, 'fil/1/storageminer').head)
  const worker = Address.fromBytes(fields(store, info)[1] as Uint8Array)
  return Address.fromBytes(fields(store, actorOf(store, root, worker, 'fil/1/account').head)[0] as Uint8Array)
}

const POWER = Address.fromId(4n)
const INIT = Address.fromId(1n)

/** Quality-adjusted power of the network, bytes. */
export function networkPower(store: BlockReader, root: CID): bigint {
  return big(fields(store, actorOf(store, root, POWER, 'fil/1/storagepower').head)[2])
}

/** Quality-adjusted power of a miner, bytes. */
export function minerPower(store: BlockReader, root: CID, miner: Address): bigint {
  const claims = fields(store, actorOf(store, root, POWER, 'fil/1/storagepower').head)[14]
  const claim = new Hamt(store, claims as CID, { value: ipldValue, key: addressKey, legacy: true }).get(miner)
  if (!Array.isArray(claim)) throw new Error(`${miner} has no claim`)
  return big(claim[1])
}

/** The network's name as the init actor holds it. */
export function networkName(store: BlockReader, root: CID): string {
  return fields(store, actorOf(store, root, INIT, 'fil/1/init').head)[2] as string
}
