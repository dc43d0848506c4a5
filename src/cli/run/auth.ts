import type { Context } from '../context.ts'
import { en } from '../en.ts'
import { usage } from '../errors.ts'
import { shorten } from '../parse.ts'

const permissions = ['read', 'write', 'sign', 'admin'] as const

type PermFlag = {
  readonly perm: { readonly kind: 'text' }
}

/** A token with the permission asked for and the ones before it. */
async function newToken(context: Context<PermFlag>): Promise<string> {
  const { perm } = context.flags
  if (perm === undefined) throw usage(en.errors.permMissing())
  const count = (permissions as readonly string[]).indexOf(perm) + 1
  if (count === 0) throw usage(en.errors.permUnknown(shorten(perm)))
  const token = await context.node.call<string>('AuthNew', permissions.slice(0, count))
  return Buffer.from(token, 'base64').toString('utf8')
}

export async function createToken(context: Context<PermFlag>): Promise<void> {
  const token = await newToken(context)
  context.out.answer({ Token: token }, () => context.out.line(token))
}

/** @param variable the environment variable that takes the answer */
export async function apiInfo(context: Context<PermFlag>, variable = 'FULLNODE_API_INFO'): Promise<void> {
  const token = await newToken(context)
  const { address } = context.node.info()
  context.out.answer({ Token: token, Address: address }, () => context.out.line(`${variable}=${token}:${address}`))
}
