/** Parameters that many methods share. */
import { address } from '../../types/address.ts'
import { cid } from '../../types/cid.ts'
import { epoch, sectorNumber } from '../../types/scalars.ts'
import { tipsetKey } from '../../types/tipset.ts'
import { type ApiVersion, param } from '../method.ts'

/** Empty (or null) means the heaviest tipset. */
export const tsk = param('tipset', tipsetKey)
export const addr = param('address', address)
export const miner = param('miner', address)
export const sector = param('sector', sectorNumber)
export const cidParam = param('cid', cid)
export const epochParam = param('epoch', epoch)

/** Methods that Lotus has at both of the older endpoints, and those that only v1 has. */
export const v0v1: readonly ApiVersion[] = ['v0', 'v1']
export const v1: readonly ApiVersion[] = ['v1']
export const v2: readonly ApiVersion[] = ['v2']
