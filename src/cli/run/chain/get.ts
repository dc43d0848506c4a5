import { posix } from 'node:path'
import type { Context } from '../../context.ts'
import { en } from '../../en.ts'
import { failed, usage } from '../../errors.ts'
import { shorten } from '../../parse.ts'
import { firstBlock, loadTipset } from '../../tipset-ref.ts'
import type { Link } from '../../wire.ts'

type GetFlags = {
  readonly 'as-type': { readonly kind: 'text' }
  readonly verbose: { readonly kind: 'bool' }
  readonly tipset: { readonly kind: 'text' }
}

interface NodeJson {
  readonly Cid: Link
  readonly Obj: unknown
}

const decodedTypes = ['block', 'message', 'smessage', 'signedmessage', 'actor', 'cronevent', 'account-state'] as const
export type DecodedType = (typeof decodedTypes)[number]
const keyTypes = ['amt', 'hamt-epoch', 'hamt-address'] as const
export type KeyType = (typeof keyTypes)[number]

export async function get({ node, args, flags, out }: Context<GetFlags>): Promise<void> {
  const type = flags['as-type']?.toLowerCase()
  const decoded = decodedTypes.find((each) => each === type)
  const keys = keyTypes.find((each) => each === type)
  if (type !== undefined && type !== 'raw' && decoded === undefined && keys === undefined)
    throw usage(en.errors.unknownType(shorten(type)))
  let path = posix.normalize(args[0] ?? '')
  if (path === '/pstate' || path.startsWith('/pstate/')) {
    const tipset = await loadTipset(node, flags.tipset)
    path = `/ipfs/${firstBlock(tipset).ParentStateRoot['/']}${path.slice('/pstate'.length)}`
    if (flags.verbose) out.line(path)
  }
  const { Cid, Obj } = await node.call<NodeJson>('ChainGetNode', path)
  if (type === undefined) return out.json(Obj, out.wantsJson ? 2 : '\t')
  if (keys !== undefined) {
    const { rootKeys } = await import('./root-keys.ts')
    const list = await rootKeys(node, Cid, keys)
    return out.answer(list, () => {
      for (const key of list) out.line(key)
    })
  }
  const data = Buffer.from(await node.call<string>('ChainReadObj', Cid), 'base64')
  if (decoded === undefined) return out.text(data.toString('hex'))
  const { decodeObject } = await import('./decode-object.ts')
  const json = await decodeObject(node, data, decoded)
  if (json === undefined) throw failed(en.errors.notOfType(decoded))
  out.json(json, out.wantsJson ? 2 : '\t')
}
