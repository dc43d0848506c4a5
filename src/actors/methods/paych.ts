import { tuple } from '../../codec/combinators.ts'
import { goEmpty } from '../../codec/go-forms.ts'
import { bytes } from '../../codec/primitives.ts'
import { address } from '../../types/address.ts'
import { signedVoucher } from '../paych/voucher.ts'
import { type MethodRow, method } from './method-def.ts'

export const paychConstructorParams = tuple('ConstructorParams', { from: address, to: address })
export const updateChannelStateParams = tuple('UpdateChannelStateParams', { sv: signedVoucher, secret: bytes })

export const paychMethods: readonly MethodRow[] = [
  method(1, 'Constructor', paychConstructorParams),
  method(2, 'UpdateChannelState', updateChannelStateParams),
  method(3, 'Settle', goEmpty),
  method(4, 'Collect', goEmpty),
]
