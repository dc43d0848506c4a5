import { readFile } from 'node:fs/promises'
import { writeFileAtomic } from '../../lib/atomic-file.ts'
import { errorMessage } from '../../lib/errors.ts'
import { DevnetError } from './errors.ts'
import type { DevnetLayout } from './layout.ts'

/** What a devnet is, beside its network file: the secrets of its beacon among it, which are no secrets worth keeping. */
export interface DevnetDescription {
  readonly version: 1
  readonly name: string
  /** `fake`: proofs are made up and accepted by actors that check none. */
  readonly proofs: 'real' | 'fake'
  readonly blockDelaySecs: number
  /** `t01000` and so on. */
  readonly miners: readonly string[]
  readonly sectorsPerMiner: number
  /** Address of the account that the faucet gives from. */
  readonly faucet: string
  readonly beacon: {
    readonly id: string
    /** Hex, 32 bytes, big endian. */
    readonly secretKey: string
    readonly port: number
  }
  readonly p2pPort: number
  /** Hex, 32 bytes; where the proof parameters come from. */
  readonly parameterSeed: string
}

type Check = (value: unknown) => boolean
const text: Check = (v) => typeof v === 'string' && v !== ''
const hex32: Check = (v) => typeof v === 'string' && /^[0-9a-f]{64}$/.test(v)
const port: Check = (v) => Number.isInteger(v) && (v as number) > 0 && (v as number) < 65_536
const count: Check = (v) => Number.isInteger(v) && (v as number) > 0
const checks: Readonly<Record<string, Check>> = {
  version: (v) => v === 1,
  name: text,
  proofs: (v) => v === 'real' || v === 'fake',
  blockDelaySecs: count,
  miners: (v) => Array.isArray(v) && v.length > 0 && v.every((m) => typeof m === 'string' && /^t0\d+$/.test(m)),
  sectorsPerMiner: count,
  faucet: text,
  p2pPort: port,
  parameterSeed: hex32,
}

/** @throws DevnetError DEVNET_NONE, DEVNET_FOLDER */
export async function readDescription(layout: DevnetLayout): Promise<DevnetDescription> {
  let source: string
  try {
    source = await readFile(layout.description, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT' || (cause as NodeJS.ErrnoException).code === 'ENOTDIR') {
      throw new DevnetError('DEVNET_NONE', `there is no devnet in ${layout.folder}; "nelumbo devnet" makes one`)
    }
    throw new DevnetError('DEVNET_FOLDER', `${layout.description} cannot be read: ${errorMessage(cause)}`, { cause })
  }
  const fail = (why: string): never => {
    throw new DevnetError('DEVNET_FOLDER', `${layout.description} ${why}; "nelumbo devnet reset" makes room for a new devnet`)
  }
  let value: Record<string, unknown>
  try {
    value = JSON.parse(source) as Record<string, unknown>
  } catch {
    return fail('is not JSON')
  }
  if (typeof value !== 'object' || value === null) return fail('is no description of a devnet')
  for (const [key, check] of Object.entries(checks)) if (!check(value[key])) fail(`has no right "${key}"`)
  const beacon = value.beacon as Record<string, unknown> | null
  if (typeof beacon !== 'object' || beacon === null || !text(beacon.id) || !hex32(beacon.secretKey) || !port(beacon.port))
    fail('has no right "beacon"')
  return value as unknown as DevnetDescription
}

export async function writeDescription(path: string, description: DevnetDescription): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify(description, undefined, 2)}\n`, { mode: 0o600 })
}
