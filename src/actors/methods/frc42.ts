import { blake2b } from '../../native/crypto.ts'
import { MethodError } from './errors.ts'

/** Numbers below are left to the methods that actors number by hand (FRC-0042). */
const FIRST_METHOD = 1 << 24

/**
 * The number of an exported method: the first 4 bytes of the blake2b-512 of `1|Name` that, big-endian, make 2^24 or more.
 * Source: FRC-0042.
 * @throws MethodError METHOD_NAME
 */
export function frc42Number(name: string): bigint {
  if (!/^[A-Z_]\w*$/.test(name))
    throw new MethodError('METHOD_NAME', `"${name.slice(0, 80)}" is not a method name: it begins with a capital letter or "_"`)
  if (name === 'Constructor') return 1n
  const digest = Buffer.from(blake2b(Buffer.from(`1|${name}`), 64))
  for (let i = 0; i < 64; i += 4) {
    const n = digest.readUInt32BE(i)
    if (n >= FIRST_METHOD) return BigInt(n)
  }
  throw new MethodError('METHOD_NAME', `no method number can be made from "${name}"`)
}
