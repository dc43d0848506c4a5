import { base58btc } from 'multiformats/bases/base58'
import { CID } from 'multiformats/cid'
import { changeMultiaddrsParams, changePeerIdParams } from '../../../actors/methods/miner.ts'
import { encode } from '../../../codec/codec.ts'
import { provingErrors } from '../../en-proving.ts'
import { usage } from '../../errors.ts'
import { controller, type MinerContext, minerActor, minerInfo, pushToActor } from '../../miner-actor.ts'
import { parseAddress, shorten } from '../../parse.ts'
import { parsePeerId } from '../../peer-arg.ts'

const METHOD_CHANGE_PEER_ID = 4
const METHOD_CHANGE_MULTIADDRS = 18

type GasLimit = { readonly 'gas-limit': { readonly kind: 'int'; readonly default: number } }

export async function setPeerId(context: MinerContext<GasLimit>): Promise<void> {
  const { args, flags, out } = context
  const newID = peerIdBytes(args[0] ?? '')
  const actor = await minerActor(context)
  const { Worker } = await minerInfo(context, actor)
  const params = encode(changePeerIdParams, { newID })
  const message = await pushToActor(context, actor, {
    from: Worker,
    method: METHOD_CHANGE_PEER_ID,
    params,
    gasLimit: flags['gas-limit'],
  })
  out.answer({ Message: message }, () => out.line(`Requested peerid change in message ${message['/']}`))
}

/** A peer id's multihash, from base58 or from a CID. */
function peerIdBytes(text: string): Uint8Array {
  parsePeerId(text, '<peerId>')
  try {
    return /^(Qm|1)/.test(text) ? base58btc.baseDecode(text) : CID.parse(text).multihash.bytes
  } catch {
    throw usage(provingErrors.notPeerId(shorten(text)))
  }
}

type AddressFlags = GasLimit & { readonly from: { readonly kind: 'text' }; readonly unset: { readonly kind: 'bool' } }

export async function setAddresses(context: MinerContext<AddressFlags>): Promise<void> {
  const { args, flags, out } = context
  if (args.length === 0 && !flags.unset) throw usage(provingErrors.noMultiaddrs())
  if (args.length > 0 && flags.unset) throw usage(provingErrors.unsetAlone())
  const { multiaddr } = await import('@multiformats/multiaddr')
  const newMultiaddrs = args.map((text) => {
    // Where the peer id begins: it is published apart.
    const at = text.search(/\/(p2p|ipfs)\//)
    const [address, stripped] = at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at)]
    try {
      if (address === '') throw new Error('no address')
      const { bytes } = multiaddr(address)
      if (stripped !== '' && !out.wantsJson) out.line(`Stripping peerid  ${stripped}  from  ${text}`)
      return bytes
    } catch {
      throw usage(provingErrors.notMultiaddr(shorten(text)))
    }
  })
  const from = flags.from === undefined ? undefined : parseAddress(flags.from, '--from')
  const actor = await minerActor(context)
  const info = await minerInfo(context, actor)
  const sender = await controller(context, info, from ?? info.Worker)
  const params = encode(changeMultiaddrsParams, { newMultiaddrs })
  const message = await pushToActor(context, actor, {
    from: sender,
    method: METHOD_CHANGE_MULTIADDRS,
    params,
    gasLimit: flags['gas-limit'],
  })
  out.answer({ Message: message }, () => out.line(`Requested multiaddrs change in message ${message['/']}`))
}
