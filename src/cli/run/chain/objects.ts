import type { Context } from '../../context.ts'
import { en } from '../../en.ts'
import { usage } from '../../errors.ts'
import { size } from '../../format.ts'
import { parseCid } from '../../parse.ts'

export async function readObject({ node, args, out }: Context): Promise<void> {
  const data = await node.call<string>('ChainReadObj', parseCid(args[0] ?? '', '<objectCid>'))
  out.answer({ Data: data }, () => out.line(Buffer.from(data, 'base64').toString('hex')))
}

export async function deleteObject({ node, args, flags, out }: Context<{ 'really-do-it': { kind: 'bool' } }>): Promise<void> {
  const cid = parseCid(args[0] ?? '', '<objectCid>')
  if (!flags['really-do-it']) throw usage(en.errors.reallyDoIt())
  await node.call('ChainDeleteObj', cid)
  out.answer({ Deleted: cid }, () => out.line(`Obj ${cid['/']} deleted`))
}

export async function statObject({ node, args, flags, out }: Context<{ base: { kind: 'text' } }>): Promise<void> {
  const cid = parseCid(args[0] ?? '', '<cid>')
  const base = flags.base === undefined ? null : parseCid(flags.base, '--base')
  const stat = await node.call<{ Size: number | bigint; Links: number | bigint }>('ChainStatObj', cid, base)
  out.answer(stat, () => {
    out.line(`Links: ${stat.Links}`)
    out.line(`Size: ${size(stat.Size)} (${stat.Size})`)
  })
}
