import { decodedReturn, loadActorNames } from '../../actor-names.ts'
import type { Context } from '../../context.ts'
import { en } from '../../en.ts'
import { failed, usage } from '../../errors.ts'
import { parseAddress, parseBytes, parseFil, parseInteger, shorten } from '../../parse.ts'
import { goJson } from '../../print.ts'
import { loadTipset } from '../../tipset-ref.ts'
import type { ActorJson, InvocResultJson } from '../../wire.ts'
import { jsonContext } from '../chain/get-message.ts'
import type { TipsetFlag } from './flags.ts'

type CallFlags = TipsetFlag & {
  readonly from: { readonly kind: 'text'; readonly default: string }
  readonly value: { readonly kind: 'text'; readonly default: string }
  readonly ret: { readonly kind: 'text'; readonly default: string }
  readonly encoding: { readonly kind: 'text'; readonly default: string }
}

export async function call({ node, args, flags, out }: Context<CallFlags>): Promise<void> {
  const to = parseAddress(args[0] ?? '', '<toAddress>')
  const method = parseInteger(args[1] ?? '', '<methodId>')
  const params = args[2] === undefined ? null : parseBytes(args[2], flags.encoding, '[params]')
  const from = parseAddress(flags.from, '--from')
  const value = parseFil(flags.value, '--value')
  if (!/^(decoded|raw|hex|base64)$/.test(flags.ret)) throw usage(en.errors.badRet(shorten(flags.ret)))
  const { Cids } = await loadTipset(node, flags.tipset)
  const message = {
    Version: 0,
    To: to,
    From: from,
    Nonce: 0,
    Value: value,
    GasLimit: 0,
    GasFeeCap: '0',
    GasPremium: '0',
    Method: method,
    Params: params,
  }
  const result = await node.call<InvocResultJson>('StateCall', message, Cids)
  const { ExitCode, GasUsed, Return } = result.MsgRct
  if (out.wantsJson) return out.json(result)
  if (ExitCode !== 0) throw failed(en.errors.callFailed(ExitCode, GasUsed, result.Error))
  const data = Buffer.from(Return ?? '', 'base64')
  let text: string
  if (flags.ret === 'decoded') {
    const { Code } = await node.call<ActorJson>('StateGetActor', to, Cids)
    const decoded =
      data.length === 0 ? '' : decodedReturn(await loadActorNames(node, Cids), Code['/'], method, data, await jsonContext(node))
    text = decoded === undefined ? `raw:${data.toString('hex')}` : typeof decoded === 'string' ? decoded : goJson(decoded)
  } else text = data.toString(flags.ret === 'raw' ? 'latin1' : flags.ret === 'hex' ? 'hex' : 'base64')
  out.line('Call receipt:')
  out.line(`Exit code: ${ExitCode}`)
  out.line(`Gas Used: ${GasUsed}`)
  // Lotus puts a space after the colon of all but the decoded form.
  out.line(flags.ret === 'decoded' ? 'Return:' : 'Return: ')
  out.line(text)
}
