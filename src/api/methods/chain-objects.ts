/** Chain*: raw objects of the blockstore. */
import { optional, textMap } from '../../codec/combinators.ts'
import { bool, bytesOrEmpty, text } from '../../codec/primitives.ts'
import { cid } from '../../types/cid.ts'
import { method, param } from '../method.ts'
import { ipldObject, objStat } from '../types/chain.ts'
import { anyJson, nothing } from '../types/shape.ts'
import { cidParam, v0v1, v1 } from './params.ts'

export const chainReadObj = method({
  name: 'Filecoin.ChainReadObj',
  perm: 'read',
  params: [cidParam],
  result: bytesOrEmpty,
  doc: 'The bytes of a stored object.',
  versions: v0v1,
  where: 'query',
})

export const chainHasObj = method({
  name: 'Filecoin.ChainHasObj',
  perm: 'read',
  params: [cidParam],
  result: bool,
  doc: 'Whether the object is stored.',
  versions: v0v1,
  where: 'query',
})

export const chainStatObj = method({
  name: 'Filecoin.ChainStatObj',
  perm: 'read',
  params: [param('object', cid), param('base', optional(cid))],
  result: objStat,
  doc: 'Bytes and number of the objects that hang under one object; with a base, only those that the base does not share.',
  versions: v0v1,
  where: 'query',
})

export const chainPutObj = method({
  name: 'Filecoin.ChainPutObj',
  perm: 'admin',
  params: [param('data', bytesOrEmpty)],
  result: nothing,
  doc: 'Stores one object of DAG-CBOR under its blake2b CID. The bytes are base64.',
  versions: v1,
  where: 'main',
})

export const chainDeleteObj = method({
  name: 'Filecoin.ChainDeleteObj',
  perm: 'admin',
  params: [cidParam],
  result: nothing,
  doc: 'Deletes one object from the blockstore.',
  versions: v0v1,
  where: 'main',
})

export const chainGetNode = method({
  name: 'Filecoin.ChainGetNode',
  perm: 'read',
  params: [param('path', text)],
  result: ipldObject,
  doc: 'The object at a path: a CID and the names or indices of the links to follow; @Ha, @Hb, @Hi, @Hu look into a HAMT and @A into an AMT.',
  versions: v0v1,
  where: 'query',
})

export const chainCheckBlockstore = method({
  name: 'Filecoin.ChainCheckBlockstore',
  perm: 'admin',
  params: [],
  result: nothing,
  doc: 'Checks that the blockstore is sound and fails with the first damage found.',
  versions: v1,
  where: 'main',
})

export const chainBlockstoreInfo = method({
  name: 'Filecoin.ChainBlockstoreInfo',
  perm: 'read',
  params: [],
  result: textMap(anyJson),
  doc: 'Facts about the blockstore, by name.',
  versions: v1,
  where: 'main',
})
