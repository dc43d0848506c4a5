/** Methods of Ethereum contracts and of the Ethereum address manager. */
import { mapped, optional, tuple } from '../../codec/combinators.ts'
import { goByteArray, goEmpty } from '../../codec/go-forms.ts'
import { type JsonPath, jsonFail, jsonKind } from '../../codec/json.ts'
import { bytes, uint64 } from '../../codec/primitives.ts'
import { address } from '../../types/address.ts'
import { cid } from '../../types/cid.ts'
import { actorId, tokenAmount } from '../../types/scalars.ts'
import { exported, type MethodRow, method } from './method-def.ts'

const ethAddress = goByteArray(20)

/** A 256-bit word: on the wire without its leading zero bytes, in JSON a list of 32 numbers. */
const word = mapped(bytes, {
  name: '256-bit word',
  to(b) {
    const out = new Uint8Array(32)
    // Longer ones cannot be a word; the tail alone would be another one.
    if (b.length > 32) return b
    out.set(b, 32 - b.length)
    return out
  },
  from(b) {
    let at = 0
    while (at < b.length && b[at] === 0) at++
    return b.subarray(at)
  },
  toJson: (b) => [...b],
  fromJson: (json, path) => goByteArray(32).fromJson(json, path),
})
const strictWord: typeof word = {
  ...word,
  read(r) {
    const v = word.read(r)
    if (v.length !== 32) r.fail(`a word has at most 32 bytes, found ${v.length}`)
    return v
  },
}

/** A bare link or null on the wire; `{"Cid": …}` in JSON. */
const bytecodeReturn = mapped(optional(cid), {
  name: 'GetBytecodeReturn',
  to: (c) => c,
  from: (c) => c,
  toJson: (c, ctx) => ({ Cid: c === null ? null : cid.toJson(c, ctx) }),
  fromJson(json, path: JsonPath) {
    if (typeof json !== 'object' || json === null) return jsonFail(path, `expected an object, found ${jsonKind(json)}`)
    return optional(cid).fromJson((json as { Cid?: unknown }).Cid, path)
  },
})

const constructorParams = tuple('ConstructorParams', { creator: ethAddress, initcode: bytes })
export const delegateCallParams = tuple('DelegateCallParams', {
  code: cid,
  input: bytes,
  caller: ethAddress,
  value: tokenAmount,
})

/** The number of InvokeContract is made of this name. */
export const INVOKE_EVM = 'InvokeEVM'

export const evmMethods: readonly MethodRow[] = [
  method(1, 'Constructor', constructorParams, goEmpty, [10]),
  method(2, 'Resurrect', tuple('ResurrectParams', constructorParams.fields), goEmpty, [10]),
  method(3, 'GetBytecode', goEmpty, bytecodeReturn, [10]),
  method(4, 'GetBytecodeHash', goEmpty, bytes, [10]),
  method(5, 'GetStorageAt', tuple('GetStorageAtParams', { storageKey: strictWord }), bytes, [10]),
  method(6, 'InvokeContractDelegate', delegateCallParams, bytes, [10]),
  exported(INVOKE_EVM, bytes, bytes, { name: 'InvokeContract' }),
]

const created = (name: string) =>
  tuple(name, {
    actorID: actorId,
    robustAddress: optional(address),
    ethAddress,
  })
/** All three ways to make a contract give the same back. */
export const createExternalReturn = created('CreateExternalReturn')

export const eamMethods: readonly MethodRow[] = [
  method(1, 'Constructor', goEmpty, goEmpty, [10]),
  method(2, 'Create', tuple('CreateParams', { initcode: bytes, nonce: uint64 }), created('CreateReturn'), [10]),
  method(3, 'Create2', tuple('Create2Params', { initcode: bytes, salt: goByteArray(32) }), created('Create2Return'), [10]),
  method(4, 'CreateExternal', bytes, createExternalReturn, [10]),
]
