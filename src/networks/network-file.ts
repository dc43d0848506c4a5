/** Networks described in a JSON file (`--network-file`), so that any private network can be joined. */
import { readFile } from 'node:fs/promises'
import { dirname, relative, resolve } from 'node:path'
import { errorMessage } from '../lib/errors.ts'
import { CID } from '../types/cid.ts'
import { parseFil } from '../types/fil.ts'
import { FIL, formatFil, type TokenAmount } from '../types/scalars.ts'
import { bundleManifestCid, bundleNames } from './bundles.ts'
import { CheckedObject } from './checked-json.ts'
import { initialFilReserved } from './constants.ts'
import type { DrandPoint } from './drand.ts'
import { NetworkError } from './errors.ts'
import { type F3Manifest, testF3Manifest } from './f3-manifest.ts'
import { fromFireHorse } from './modern.ts'
import { actorsVersion } from './schedule.ts'
import type { Network } from './types.ts'
import { calibnetFixes, newestNetworkVersion, type UpgradeName, upgrades } from './upgrades.ts'

/** Longest network file that is read: they take a few KiB. */
const maxFileBytes = 1 << 20

/**
 * Reads a network from a file; paths in it are relative to the file.
 * @throws NetworkError NETWORK_FILE with one sentence that names the key that is wrong
 */
export async function loadNetworkFile(path: string): Promise<Network> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (e) {
    throw new NetworkError('NETWORK_FILE', `The network file ${path} cannot be read: ${errorMessage(e)}.`, e)
  }
  return parseNetworkFile(text, path)
}

/** As {@link loadNetworkFile}, for text at hand; `path` names the file in messages and is what paths in it start from. */
export function parseNetworkFile(text: string, path: string): Network {
  if (text.length > maxFileBytes)
    throw new NetworkError('NETWORK_FILE', `${path}: a network file of ${text.length} bytes is too long.`)
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (e) {
    throw new NetworkError('NETWORK_FILE', `${path} is not JSON: ${errorMessage(e)}.`, e)
  }
  const file = new CheckedObject(json, '', path)
  const folder = dirname(resolve(path))
  const at = (p: string | undefined) => (p === undefined ? undefined : resolve(folder, p))

  const name = file.text('name')
  const bundle = file.oneOf('bundle', bundleNames)
  const genesisNetworkVersion = file.int('genesisNetworkVersion', 0, newestNetworkVersion)
  if (bundleManifestCid(bundle, actorsVersion(genesisNetworkVersion)) === undefined) {
    file.fail('genesisNetworkVersion', `is ${genesisNetworkVersion}, but networks can only begin at version 16 or later`)
  }
  const network: Network = {
    name,
    stateName: file.optionalText('stateName') ?? name,
    p2pName: file.optionalText('p2pName') ?? name,
    genesisCid: readCid(file, 'genesisCid'),
    genesisTimestamp: file.has('genesisTimestamp') ? file.int('genesisTimestamp', 1) : undefined,
    genesisPath: at(file.text('genesis')),
    genesisUrls: [],
    genesisNetworkVersion,
    upgrades: readUpgrades(file, genesisNetworkVersion),
    breezeGasTampingDuration: file.int('breezeGasTampingDuration', 0),
    tuktukPowerRampDurationEpochs: file.int('tuktukPowerRampDurationEpochs', 0),
    initialFilReserved: file.has('initialFilReserved') ? readFil(file, 'initialFilReserved') : initialFilReserved,
    teepInitialFilReserved: readFil(file, 'teepInitialFilReserved'),
    ...(file.has('pausedSecs') ? { pausedSecs: file.int('pausedSecs', 0) } : {}),
    blockDelaySecs: file.int('blockDelaySecs', 1, 3600),
    propagationDelaySecs: file.int('propagationDelaySecs', 0, 3600),
    equivocationDelaySecs: file.int('equivocationDelaySecs', 0, 3600),
    chainId: file.int('chainId', 1),
    addressPrefix: file.oneOf('addressPrefix', ['f', 't']),
    consensusMinerMinPower: BigInt(file.int('consensusMinerMinPower', 0)),
    preCommitChallengeDelay: file.int('preCommitChallengeDelay', 1),
    slashablePowerDelay: file.int('slashablePowerDelay', 0),
    bootstrapPeers: readPeers(file),
    bootstrapPeerThreshold: file.has('bootstrapPeerThreshold') ? file.int('bootstrapPeerThreshold', 0, 100) : 1,
    drand: readDrand(file),
    f3: readF3(file, path),
    bundle,
    proofs: file.oneOf('proofs', ['real', 'fake']),
    proofParameters: at(file.optionalText('proofParameters')),
    // Lotus's private networks are builds with debugging actors, its public ones are not.
    actorDebugging: file.has('actorDebugging') ? file.bool('actorDebugging') : /^(devnet|testing)/.test(bundle),
    whitelistedBlocks: file.has('whitelistedBlocks') ? file.texts('whitelistedBlocks') : [],
  }
  if (network.propagationDelaySecs >= network.blockDelaySecs)
    file.fail('propagationDelaySecs', 'must be less than "blockDelaySecs"')
  file.end()
  return network
}

/** The same network as the JSON of a network file in `folder`. */
export function describeNetwork(network: Network, folder: string): object {
  const path = (p: string | undefined) => (p === undefined ? undefined : relative(folder, p))
  return {
    name: network.name,
    stateName: network.stateName,
    p2pName: network.p2pName,
    genesis: path(network.genesisPath),
    genesisCid: network.genesisCid?.toString(),
    genesisTimestamp: network.genesisTimestamp,
    bundle: network.bundle,
    proofs: network.proofs,
    proofParameters: path(network.proofParameters),
    actorDebugging: network.actorDebugging,
    addressPrefix: network.addressPrefix,
    genesisNetworkVersion: network.genesisNetworkVersion,
    upgrades: network.upgrades,
    breezeGasTampingDuration: network.breezeGasTampingDuration,
    tuktukPowerRampDurationEpochs: network.tuktukPowerRampDurationEpochs,
    initialFilReserved: formatFil(network.initialFilReserved),
    teepInitialFilReserved: formatFil(network.teepInitialFilReserved),
    pausedSecs: network.pausedSecs,
    blockDelaySecs: network.blockDelaySecs,
    propagationDelaySecs: network.propagationDelaySecs,
    equivocationDelaySecs: network.equivocationDelaySecs,
    chainId: network.chainId,
    consensusMinerMinPower: Number(network.consensusMinerMinPower),
    preCommitChallengeDelay: network.preCommitChallengeDelay,
    slashablePowerDelay: network.slashablePowerDelay,
    bootstrapPeers: network.bootstrapPeers,
    bootstrapPeerThreshold: network.bootstrapPeerThreshold,
    drand: network.drand.map(({ start, kind, info, servers, relays }) => ({
      start,
      kind,
      ...(info === undefined
        ? {}
        : {
            chainInfo: {
              public_key: info.publicKey,
              period: info.period,
              genesis_time: info.genesisTime,
              hash: info.hash,
              groupHash: info.groupHash,
              // What Lotus's drand client needs to know besides, so that the entry can be given to it as it stands.
              ...(kind === 'unchained' ? { schemeID: UNCHAINED_SCHEME } : {}),
              ...(info.beaconId === undefined ? {} : { metadata: { beaconID: info.beaconId } }),
            },
            servers,
            relays,
          }),
    })),
    f3: network.f3,
    whitelistedBlocks: network.whitelistedBlocks,
  }
}

function readCid(file: CheckedObject, key: string): CID | undefined {
  const text = file.optionalText(key)
  if (text === undefined) return undefined
  try {
    return CID.parse(text)
  } catch {
    return file.fail(key, 'is not a CID')
  }
}

function readFil(file: CheckedObject, key: string): TokenAmount {
  const text = file.text(key)
  let value: TokenAmount
  try {
    value = parseFil(text)
  } catch (e) {
    return file.fail(key, `is not an amount: ${errorMessage(e)}`)
  }
  if (value < 0n || value > 2_000_000_000n * FIL) file.fail(key, 'must lie between 0 and 2000000000 FIL')
  return value
}

function readPeers(file: CheckedObject): readonly string[] {
  const peers = file.texts('bootstrapPeers')
  for (const peer of peers) if (!peer.startsWith('/')) file.fail('bootstrapPeers', `holds "${peer}", which is not a multiaddress`)
  return peers
}

function readUpgrades(file: CheckedObject, genesisNetworkVersion: number): Network['upgrades'] {
  const given = file.object('upgrades')
  const heights: Record<UpgradeName, number> = { ...fromFireHorse }
  const optional: readonly UpgradeName[] = calibnetFixes
  let last: { name: string; height: number } | undefined
  for (const { name, version } of upgrades) {
    if (!optional.includes(name) || given.has(name)) heights[name] = given.int(name, Number.MIN_SAFE_INTEGER)
    const height = heights[name]
    if (height < 0 || version === undefined) continue
    if (version <= genesisNetworkVersion) {
      given.fail(
        name,
        `is at height ${height}, but the network begins at version ${genesisNetworkVersion}, which includes it; give -1`,
      )
    }
    if (last !== undefined && height <= last.height) {
      given.fail(name, `must be greater than "${last.name}" (${last.height}), not ${height}`)
    }
    last = { name, height }
  }
  given.end()
  return heights
}

/** drand's name for BLS signatures over G1 as RFC 9380 has them, each round for itself. */
const UNCHAINED_SCHEME = 'bls-unchained-g1-rfc9380'

function beaconIdOf(info: CheckedObject): { readonly beaconId?: string } {
  if (!info.has('metadata')) return {}
  const metadata = info.object('metadata')
  return metadata.has('beaconID') ? { beaconId: metadata.text('beaconID') } : {}
}

function readDrand(file: CheckedObject): readonly DrandPoint[] {
  const points = file.list('drand').map((value, i): DrandPoint => {
    const point = file.at('drand', i, value)
    const start = point.int('start', 0)
    const kind = point.oneOf('kind', ['chained', 'unchained', 'mock'])
    const servers = point.has('servers') ? point.texts('servers') : []
    const relays = point.has('relays') ? point.texts('relays') : []
    for (const server of servers) {
      if (!/^https?:\/\//.test(server)) point.fail('servers', `holds "${server}", which is not an http or https address`)
    }
    if (kind === 'mock') {
      point.end()
      return { start, kind, info: undefined, servers, relays }
    }
    // The rest of chainInfo is drand's own and may grow: keys that are not needed are passed over.
    const info = point.object('chainInfo')
    const period = info.int('period', 1, 3600)
    point.end()
    return {
      start,
      kind,
      info: {
        publicKey: info.hex('public_key', [kind === 'chained' ? 48 : 96]),
        period,
        genesisTime: info.int('genesis_time', 1),
        hash: info.hex('hash', [32]),
        groupHash: info.has('groupHash') ? info.hex('groupHash', [32]) : '',
        ...beaconIdOf(info),
      },
      servers,
      relays,
    }
  })
  if (points.length === 0) file.fail('drand', 'must name at least one beacon')
  points.forEach((point, i) => {
    if (i === 0 ? point.start !== 0 : point.start <= (points[i - 1] as DrandPoint).start) {
      file.fail('drand', 'must begin with "start" 0 and ascend')
    }
  })
  return points
}

function readF3(file: CheckedObject, path: string): F3Manifest | null {
  const value = file.raw('f3')
  if (value === null) return null
  sameShape(value, testF3Manifest, 'f3', path)
  return value as F3Manifest
}

/** Keys that are null in one manifest and hold something in another. */
const nullable = ['f3.ExplicitPower', 'f3.InitialPowerTable']

/** Checks that a manifest has the keys of a known one, with values of the same kind. */
function sameShape(value: unknown, model: unknown, name: string, file: string): void {
  const fail: (what: string) => never = (what) => {
    throw new NetworkError('NETWORK_FILE', `${file}: "${name}" ${what}.`)
  }
  if (nullable.includes(name)) {
    if (typeof value !== 'object') fail('must be null, a list or an object')
  } else if (Array.isArray(model)) {
    if (!Array.isArray(value)) fail('must be a list')
    for (const item of value as unknown[]) if (typeof item !== typeof model[0]) fail(`must be a list of ${typeof model[0]}s`)
  } else if (typeof model === 'object' && model !== null) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) fail('must be an object')
    const given = value as Record<string, unknown>
    for (const key of Object.keys(given)) if (!Object.hasOwn(model, key)) fail(`has the unknown key "${key}"`)
    for (const [key, part] of Object.entries(model)) {
      if (!Object.hasOwn(given, key)) fail(`lacks the key "${key}"`)
      sameShape(given[key], part, `${name}.${key}`, file)
    }
  } else if (typeof value !== typeof model) fail(`must be a ${typeof model}`)
}
