/** Selectors of Solidity's built-in errors `Error(string)` and `Panic(uint256)`. */
const ERROR = '08c379a0'
const PANIC = '4e487b71'

const panics: ReadonlyMap<bigint, string> = new Map([
  [0x00n, 'Panic()'],
  [0x01n, 'Assert()'],
  [0x11n, 'ArithmeticOverflow()'],
  [0x12n, 'DivideByZero()'],
  [0x21n, 'InvalidEnumVariant()'],
  [0x22n, 'InvalidStorageArray()'],
  [0x31n, 'PopEmptyArray()'],
  [0x32n, 'ArrayIndexOutOfBounds()'],
  [0x41n, 'OutOfMemory()'],
  [0x51n, 'CalledUninitializedFunction()'],
])

function word(data: Uint8Array, at: number): bigint {
  return BigInt(`0x${Buffer.from(data.subarray(at, at + 32)).toString('hex')}`)
}

/** What a contract says when it reverts, for people (Lotus ethtypes.ParseEthRevert); hex where it is none of Solidity's own errors. */
export function revertText(data: Uint8Array): string {
  const hex = `0x${Buffer.from(data).toString('hex')}`
  if (data.length < 4 + 32) return hex
  const selector = Buffer.from(data.subarray(0, 4)).toString('hex')
  const rest = data.subarray(4)
  if (selector === PANIC) {
    const code = word(rest, 0)
    return panics.get(code) ?? `Panic(0x${code.toString(16)})`
  }
  if (selector !== ERROR) return hex
  const offset = word(rest, 0)
  const size = BigInt(rest.length)
  if (offset + 32n > size) return hex
  const length = word(rest, Number(offset))
  const start = offset + 32n
  if (start + length > size) return hex
  return `Error(${Buffer.from(rest.subarray(Number(start), Number(start + length))).toString('utf8')})`
}
