import { keccak_256 } from '@noble/hashes/sha3.js'
import { decode, encode } from '../../codec/codec.ts'
import { bytes } from '../../codec/primitives.ts'
import { secp256k1Recover } from '../../native/crypto.ts'
import { Address } from '../address.ts'
import { cidKey } from '../cid.ts'
import { type Message, messageCid, type SignedMessage } from '../message.ts'
import { SignatureType } from '../signature.ts'
import { addressOfEth, delegatedAddressOfKey, EAM_ID, ethAddressOf } from './address.ts'
import { EthError } from './errors.ts'
import { encodeRlp, quantity, type RlpItem } from './rlp.ts'

/** `homestead`: before EIP-155, for any chain. `eip155`: legacy with the chain's id in v. */
export type EthTransactionKind = 'eip1559' | 'eip155' | 'homestead'

/** An Ethereum transaction as it was signed (FIP-0054, FIP-0091). */
export interface EthTransaction {
  readonly kind: EthTransactionKind
  readonly chainId: bigint
  readonly nonce: bigint
  /** 20 bytes; undefined where a contract is created. */
  readonly to: Uint8Array | undefined
  /** attoFIL */
  readonly value: bigint
  readonly input: Uint8Array
  readonly gasLimit: bigint
  /** The gas price of legacy transactions. attoFIL per unit of gas. */
  readonly maxFeePerGas: bigint
  /** Equal to `maxFeePerGas` in legacy transactions. */
  readonly maxPriorityFeePerGas: bigint
  readonly v: bigint
  readonly r: bigint
  readonly s: bigint
}

const CREATE_EXTERNAL = 4n
/** FRC-42 number of InvokeEVM. */
const INVOKE_CONTRACT = 3844450837n
const EAM = Address.fromId(EAM_ID)

/** First byte of a legacy transaction's signature on chain. */
const HOMESTEAD_MARK = 1
const EIP155_MARK = 2
const EIP1559_LENGTH = 65
/** A marker before r, s and a v of one byte. */
const HOMESTEAD_LENGTH = 66
const EIP1559_TYPE = 2

function fail(message: string): never {
  throw new EthError('ETH_TRANSACTION', message)
}

function badSignature(message: string): never {
  throw new EthError('ETH_SIGNATURE', message)
}

function uint(data: Uint8Array): bigint {
  return data.length === 0 ? 0n : BigInt(`0x${Buffer.from(data).toString('hex')}`)
}

/** The chain that a legacy v names; 0 for one that names none. Wraps like Lotus's 64-bit arithmetic. */
function chainOfV(v: bigint): bigint {
  if (v === 27n || v === 28n) return 0n
  return v >> 64n === 0n ? BigInt.asUintN(64, v - 35n) / 2n : (v - 35n) / 2n
}

/**
 * The transaction that a message with a delegated signature was made from; the signature's length and first byte tell its kind.
 * Nothing is verified but the form. Source: Lotus chain/types/ethtypes, EthTransactionFromSignedFilecoinMessage.
 * @throws EthError ETH_TRANSACTION, ETH_SIGNATURE, ETH_ADDRESS
 */
export function ethTransactionOf({ message: m, signature }: SignedMessage, chainId: bigint): EthTransaction {
  if (signature.type !== SignatureType.delegated) badSignature('the signature is no delegated one')
  ethAddressOf(m.from)
  const { input, to } = callOf(m)
  if (m.version !== 0n) fail(`messages of version ${m.version} are unknown`)
  const common = { chainId, nonce: m.nonce, to, value: m.value, input, gasLimit: m.gasLimit, maxFeePerGas: m.gasFeeCap }
  const data = signature.data
  if (data.length === EIP1559_LENGTH) {
    return { ...common, kind: 'eip1559', maxPriorityFeePerGas: m.gasPremium, ...signatureParts(data) }
  }
  const isEip155Length = [35n, 36n].some((n) => data.length === 65 + quantity(chainId * 2n + n).length)
  if (data.length !== HOMESTEAD_LENGTH && !isEip155Length) badSignature(`a signature of ${data.length} bytes is of no kind`)
  const parts = signatureParts(data.subarray(1))
  const legacy = { ...common, maxPriorityFeePerGas: m.gasFeeCap, ...parts }
  if (data[0] === HOMESTEAD_MARK) {
    if (data.length !== HOMESTEAD_LENGTH || (parts.v !== 27n && parts.v !== 28n))
      badSignature('v of a homestead transaction is 27 or 28')
    return { ...legacy, kind: 'homestead', chainId: 0n }
  }
  if (data[0] !== EIP155_MARK) badSignature(`the first byte of a legacy signature is 1 or 2, not ${data[0]}`)
  if (!isEip155Length || chainOfV(parts.v) !== chainId) badSignature(`v ${parts.v} is not of chain ${chainId}`)
  return { ...legacy, kind: 'eip155' }
}

function signatureParts(data: Uint8Array): { r: bigint; s: bigint; v: bigint } {
  return { r: uint(data.subarray(0, 32)), s: uint(data.subarray(32, 64)), v: uint(data.subarray(64)) }
}

/** What a message calls: a contract's code with input, or the creation of one. */
function callOf(m: Message): { input: Uint8Array; to: Uint8Array | undefined } {
  let input: Uint8Array = new Uint8Array(0)
  if (m.params.length > 0) {
    try {
      input = decode(bytes, m.params)
    } catch (cause) {
      throw new EthError('ETH_TRANSACTION', 'the parameters are no byte string', { cause })
    }
    if (input.length === 0) fail('empty input is written as no parameters at all')
  }
  if (m.to.equals(EAM)) {
    if (m.method !== CREATE_EXTERNAL) fail(`method ${m.method} of the address manager cannot be called by a transaction`)
    return { input, to: undefined }
  }
  if (m.method !== INVOKE_CONTRACT) fail(`method ${m.method} cannot be called by a transaction`)
  return { input, to: ethAddressOf(m.to) }
}

/** The message that a transaction becomes (Lotus ToUnsignedFilecoinMessage). */
export function messageOfTransaction(tx: EthTransaction, from: Address): Message {
  return {
    version: 0n,
    to: tx.to === undefined ? EAM : addressOfEth(tx.to),
    from,
    nonce: tx.nonce,
    value: tx.value,
    gasLimit: tx.gasLimit,
    gasFeeCap: tx.maxFeePerGas,
    gasPremium: tx.maxPriorityFeePerGas,
    method: tx.to === undefined ? CREATE_EXTERNAL : INVOKE_CONTRACT,
    params: tx.input.length === 0 ? new Uint8Array(0) : encode(bytes, tx.input),
  }
}

/**
 * The transaction that a message becomes when it is signed in the form of `kind`; r, s and v are 0.
 * @throws EthError ETH_TRANSACTION, ETH_ADDRESS for a message that no such transaction becomes
 */
export function unsignedTransactionOf(m: Message, kind: EthTransactionKind, chainId: bigint): EthTransaction {
  ethAddressOf(m.from)
  const { input, to } = callOf(m)
  const tx: EthTransaction = {
    kind,
    chainId: kind === 'homestead' ? 0n : chainId,
    nonce: m.nonce,
    to,
    value: m.value,
    input,
    gasLimit: m.gasLimit,
    maxFeePerGas: m.gasFeeCap,
    maxPriorityFeePerGas: kind === 'eip1559' ? m.gasPremium : m.gasFeeCap,
    v: 0n,
    r: 0n,
    s: 0n,
  }
  if (cidKey(messageCid(messageOfTransaction(tx, m.from))) !== cidKey(messageCid(m)))
    fail(`no ${kind} transaction becomes this message`)
  return tx
}

/** A signature as the chain keeps it. @param data r, s and recovery id, 65 bytes, over the unsigned transaction */
export function chainSignature(kind: EthTransactionKind, chainId: bigint, data: Uint8Array): Uint8Array {
  if (kind === 'eip1559') return data
  const rs = data.subarray(0, 64)
  const id = BigInt(data[64] as number)
  if (kind === 'homestead') return Buffer.concat([Uint8Array.of(HOMESTEAD_MARK), rs, quantity(27n + id)])
  return Buffer.concat([Uint8Array.of(EIP155_MARK), rs, quantity(2n * chainId + 35n + id)])
}

const EMPTY = new Uint8Array(0)

function fieldsOf(tx: EthTransaction): RlpItem[] {
  const call = [quantity(tx.gasLimit), tx.to ?? EMPTY, quantity(tx.value), tx.input]
  if (tx.kind !== 'eip1559') return [quantity(tx.nonce), quantity(tx.maxFeePerGas), ...call]
  return [quantity(tx.chainId), quantity(tx.nonce), quantity(tx.maxPriorityFeePerGas), quantity(tx.maxFeePerGas), ...call, []]
}

function envelope(tx: EthTransaction, fields: readonly RlpItem[]): Uint8Array {
  const rlp = encodeRlp(fields)
  return tx.kind === 'eip1559' ? Buffer.concat([Uint8Array.of(EIP1559_TYPE), rlp]) : rlp
}

/** What the sender's key signed (keccak-256 of it). */
export function unsignedTransactionBytes(tx: EthTransaction): Uint8Array {
  const fields = fieldsOf(tx)
  // EIP-155: the chain's id and two zeros stand where the signature will.
  return envelope(tx, tx.kind === 'eip155' ? [...fields, quantity(tx.chainId), EMPTY, EMPTY] : fields)
}

/** The transaction as Ethereum's networks carry it. */
export function transactionBytes(tx: EthTransaction): Uint8Array {
  return envelope(tx, [...fieldsOf(tx), quantity(tx.v), quantity(tx.r), quantity(tx.s)])
}

/** The hash by which Ethereum's tools know a transaction. */
export function transactionHash(tx: EthTransaction): Uint8Array {
  return keccak_256(transactionBytes(tx))
}

/** r, s and the recovery id, 65 bytes. */
function recoverable(tx: EthTransaction, data: Uint8Array): Uint8Array {
  if (tx.kind === 'eip1559') return data
  // Not slice(): of a Buffer that would be a view, and the signature itself would change.
  const out = new Uint8Array(data.subarray(1, 66))
  const v = tx.kind === 'homestead' ? tx.v : tx.v - 2n * tx.chainId - 8n
  if (v !== 27n && v !== 28n) return badSignature(`v ${tx.v} says neither 27 nor 28`)
  out[64] = Number(v - 27n)
  return out
}

/**
 * Verifies a delegated signature: the message must be the very one that its transaction becomes, and the transaction's
 * signer must be `signer` (Lotus chain/consensus/signatures.go, lib/sigs/delegated).
 * @param signer the f410 address of the sender
 * @throws EthError with the reason
 */
export function verifyDelegated(signed: SignedMessage, signer: Address, chainId: bigint): void {
  const tx = ethTransactionOf(signed, chainId)
  const again = messageOfTransaction(tx, signed.message.from)
  if (cidKey(messageCid(again)) !== cidKey(messageCid(signed.message)))
    fail('the message is not the one that its transaction becomes')
  const hash = keccak_256(unsignedTransactionBytes(tx))
  let key: Uint8Array
  try {
    key = secp256k1Recover(hash, recoverable(tx, signed.signature.data))
  } catch (cause) {
    if (cause instanceof EthError) throw cause
    throw new EthError('ETH_SIGNATURE', 'no key can have made the signature', { cause })
  }
  const found = delegatedAddressOfKey(key)
  if (!found.equals(signer)) badSignature(`the signature is that of ${found}, not of ${signer}`)
}
