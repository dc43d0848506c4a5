import { errorMessage } from '../../../lib/errors.ts'
import type { Context } from '../../context.ts'
import type { AddrInfoJson, ScoreJson } from '../../net-wire.ts'
import { goJson } from '../../print.ts'

type Extended = { readonly extended: { readonly kind: 'bool' } }

export async function peers(context: Context<Extended & { readonly agent: { readonly kind: 'bool' } }>): Promise<void> {
  const { node, flags, out } = context
  const list = [...(await node.call<readonly AddrInfoJson[]>('NetPeers'))].sort((a, b) =>
    a.ID < b.ID ? 1 : a.ID > b.ID ? -1 : 0,
  )
  /** What cannot be had of one peer (it may have gone) does not spoil the list. */
  const ask = async (method: string, id: string): Promise<unknown> => {
    try {
      return await node.call(method, id)
    } catch (error) {
      out.note(`${id}: ${errorMessage(error)}`)
      return undefined
    }
  }
  if (flags.extended) {
    const infos: unknown[] = []
    for (const id of new Set(list.map(({ ID }) => ID))) {
      const info = await ask('NetPeerInfo', id)
      if (info !== undefined) infos.push(info)
    }
    out.answer(infos, () => {
      for (const info of infos) out.line(goJson(info, 0))
    })
    return
  }
  const shown: (AddrInfoJson & { readonly Agent?: unknown })[] = []
  for (const peer of list) {
    const agent = flags.agent ? await ask('NetAgentVersion', peer.ID) : undefined
    shown.push(agent === undefined ? peer : { ...peer, Agent: agent })
  }
  out.answer(shown, () => {
    for (const { ID, Addrs, Agent } of shown)
      out.line(`${ID}, [${(Addrs ?? []).join(' ')}]${Agent === undefined ? '' : `, ${Agent}`}`)
  })
}

export async function scores({ node, flags, out }: Context<Extended>): Promise<void> {
  const list = await node.call<readonly ScoreJson[]>('NetPubsubScores')
  out.answer(list, () => {
    for (const score of list) out.line(flags.extended ? goJson(score, 0) : `${score.ID}, ${score.Score.Score.toFixed(6)}`)
  })
}
