import { parseJson } from '../../../codec/json.ts'
import type { Context } from '../../context.ts'
import { en } from '../../en.ts'
import { CliError, usage } from '../../errors.ts'
import { parseAddress, parseBytes, parseCid, parseInteger, shorten } from '../../parse.ts'
import { loadTipset } from '../../tipset-ref.ts'
import type { ActorJson } from '../../wire.ts'

type DecodeFlags = {
  readonly tipset: { readonly kind: 'text' }
  readonly encoding: { readonly kind: 'text'; readonly default: string }
}

export async function decodeParams({ node, args, flags, out }: Context<DecodeFlags>): Promise<void> {
  const to = parseAddress(args[0] ?? '', '<toAddr>')
  const method = parseInteger(args[1] ?? '', '<method>')
  const params = parseBytes(args[2] ?? '', flags.encoding, '<params>')
  const tipset = await loadTipset(node, flags.tipset)
  out.json(await node.call<unknown>('StateDecodeParams', to, method, params, tipset.Cids))
}

export async function encodeParams({
  node,
  args,
  flags,
  out,
}: Context<DecodeFlags & { 'to-code': { kind: 'bool' } }>): Promise<void> {
  const [dest = '', methodText = '', text = ''] = args
  const method = parseInteger(methodText, '<method>')
  if (!/^(base64|b64|hex)$/.test(flags.encoding))
    throw usage(`--encoding "${shorten(flags.encoding)}" is not known; use base64 or hex`)
  let params: unknown
  try {
    params = parseJson(text)
  } catch {
    throw usage(en.errors.notJson('<params>'))
  }
  let code = dest
  if (flags['to-code']) parseCid(dest, '<dest>')
  else {
    const tipset = await loadTipset(node, flags.tipset)
    const address = parseAddress(dest, '<dest>')
    code = (await node.call<ActorJson>('StateGetActor', address, tipset.Cids)).Code['/']
  }
  const bytes = await node.call<string | null>('StateEncodeParams', { '/': code }, method, params)
  if (typeof bytes !== 'string') throw new CliError('CLI_RPC', en.errors.unknownMethod('StateEncodeParams'))
  const encoded = flags.encoding === 'hex' ? Buffer.from(bytes, 'base64').toString('hex') : bytes
  out.answer({ Params: encoded }, () => out.line(encoded))
}
