import { f3Disabled, paymentChannelsDisabled } from '../api/errors.ts'
import * as m from '../api/methods/absent.ts'
import { type BoundHandler, bind } from '../rpc/router.ts'

/** What this node does not have, refused as by a Lotus that has it switched off. */
export function absentHandlers(): readonly BoundHandler[] {
  return [
    bind(m.f3IsRunning, () => {
      throw f3Disabled()
    }),
    bind(m.f3GetOrRenewParticipationTicket, () => {
      throw f3Disabled()
    }),
    bind(m.paychList, () => {
      throw paymentChannelsDisabled()
    }),
  ]
}
