import { changePeerIdParams } from '../actors/methods/miner.ts'
import type { Api } from '../api/api.ts'
import { encode } from '../codec/codec.ts'
import type { Address } from '../types/address.ts'
import { TipsetKey } from '../types/tipset.ts'
import type { SendInit } from './create-miner.ts'
import { forgetSent, plainMessage, type SendOnceComponents, sendOnce, waitOnce } from './send-once.ts'

/** Miner actor, method ChangePeerID. */
const CHANGE_PEER_ID = 4n

export interface PublishPeerIdComponents extends SendOnceComponents {
  readonly api: SendOnceComponents['api'] & Pick<Api, 'stateMinerInfo'>
}

/**
 * Writes the peer id of a miner's host into its actor, where another one stands (Lotus cli/miner/init.go, configureStorageMiner).
 * @throws MinerError MINER_MESSAGE; what the full node says against the message
 */
export async function publishPeerId(
  c: PublishPeerIdComponents,
  actor: Address,
  peerId: Uint8Array,
  init: SendInit,
): Promise<void> {
  const { signal, gasPremium } = init
  const purpose = `ChangePeerID ${actor}`
  const info = await c.api.stateMinerInfo([actor, TipsetKey.empty], { signal })
  if (info.peerId !== null && Buffer.compare(info.peerId, peerId) === 0) return forgetSent(c, purpose)
  const params = encode(changePeerIdParams, { newID: peerId })
  const make = async () => plainMessage({ from: info.worker, to: actor, method: CHANGE_PEER_ID, params, gasPremium })
  const message = await sendOnce(c, purpose, make, signal)
  await waitOnce(c, purpose, message, init)
  await forgetSent(c, purpose)
}
