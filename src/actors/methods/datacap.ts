import { tuple } from '../../codec/combinators.ts'
import { goEmpty } from '../../codec/go-forms.ts'
import { bytes, text, uint64 } from '../../codec/primitives.ts'
import { address } from '../../types/address.ts'
import { tokenAmount } from '../../types/scalars.ts'
import { type AnyCodec, exported, type MethodRow, method } from './method-def.ts'
import { addresses } from './types.ts'

export const transferParams = tuple('TransferParams', { to: address, amount: tokenAmount, operatorData: bytes })
export const transferReturn = tuple('TransferReturn', {
  fromBalance: tokenAmount,
  toBalance: tokenAmount,
  recipientData: bytes,
})
const mintParams = tuple('MintParams', { to: address, amount: tokenAmount, operators: addresses })
const mintReturn = tuple('MintReturn', { balance: tokenAmount, supply: tokenAmount, recipientData: bytes })
const destroyParams = tuple('DestroyParams', { owner: address, amount: tokenAmount })
const burnReturn = tuple('BurnReturn', { balance: tokenAmount })
const transferFromParams = tuple('TransferFromParams', {
  from: address,
  to: address,
  amount: tokenAmount,
  operatorData: bytes,
})
const transferFromReturn = tuple('TransferFromReturn', {
  fromBalance: tokenAmount,
  toBalance: tokenAmount,
  allowance: tokenAmount,
  recipientData: bytes,
})
const burnFromReturn = tuple('BurnFromReturn', { balance: tokenAmount, allowance: tokenAmount })

/** Name, number in actors v9 (which numbered by hand; 0 where it had none), name there, parameters and return value. */
const tokenMethods: readonly (readonly [string, number, string, AnyCodec, AnyCodec])[] = [
  ['Mint', 2, 'Mint', mintParams, mintReturn],
  ['Destroy', 3, 'Destroy', destroyParams, burnReturn],
  ['Name', 10, 'Name', goEmpty, text],
  ['Symbol', 11, 'Symbol', goEmpty, text],
  ['TotalSupply', 12, 'TotalSupply', goEmpty, tokenAmount],
  ['Balance', 13, 'BalanceOf', address, tokenAmount],
  ['Transfer', 14, 'Transfer', transferParams, transferReturn],
  ['TransferFrom', 15, 'TransferFrom', transferFromParams, transferFromReturn],
  [
    'IncreaseAllowance',
    16,
    'IncreaseAllowance',
    tuple('IncreaseAllowanceParams', { operator: address, increase: tokenAmount }),
    tokenAmount,
  ],
  [
    'DecreaseAllowance',
    17,
    'DecreaseAllowance',
    tuple('DecreaseAllowanceParams', { operator: address, decrease: tokenAmount }),
    tokenAmount,
  ],
  ['RevokeAllowance', 18, 'RevokeAllowance', tuple('RevokeAllowanceParams', { operator: address }), tokenAmount],
  ['Burn', 19, 'Burn', tuple('BurnParams', { amount: tokenAmount }), burnReturn],
  ['BurnFrom', 20, 'BurnFrom', tuple('BurnFromParams', { owner: address, amount: tokenAmount }), burnFromReturn],
  ['Allowance', 21, 'Allowance', tuple('GetAllowanceParams', { owner: address, operator: address }), tokenAmount],
  ['Granularity', 0, '', goEmpty, uint64],
]

export const datacapMethods: readonly MethodRow[] = [
  method(1, 'Constructor', address, goEmpty, [9]),
  ...tokenMethods.flatMap(([name, number, oldName, params, returns]) => [
    ...(number === 0 ? [] : [method(number, oldName, params, returns, [9, 9])]),
    exported(name, params, returns),
  ]),
]
