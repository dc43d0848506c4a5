import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { networkOfKey } from '../../beacon/chain-info.ts'
import { type Genesis, genesisCar, makeGenesis } from '../../genesis/make-genesis.ts'
import { formatKeyFile, formatTemplate, type GenesisMiner, type GenesisTemplate, type KeyInfo } from '../../genesis/template.ts'
import { makeFolder, temporaryPrefix, writeFileAtomic } from '../../lib/atomic-file.ts'
import { type Clock, systemClock } from '../../lib/clock.ts'
import { errorMessage } from '../../lib/errors.ts'
import { devnetParameterSeed } from '../../miner/parameters/insecure.ts'
import { blsKeyFromSeed, blsPublicKey, secp256k1PublicKey } from '../../native/crypto.ts'
import { preloadActors } from '../../native/fvm.ts'
import { setProofParameterDir } from '../../native/proofs.ts'
import { setProofParentDir } from '../../native/sealing.ts'
import { devnet } from '../../networks/devnet.ts'
import { describeNetwork } from '../../networks/network-file.ts'
import type { Network } from '../../networks/types.ts'
import type { LoadedBundle } from '../../store/bundle-store.ts'
import { Address } from '../../types/address.ts'
import { cidFromBytes, cidKey } from '../../types/cid.ts'
import { FIL } from '../../types/scalars.ts'
import { bundleName, type DevnetBundle, loadDevnetBundle } from './bundle.ts'
import { type DevnetDescription, writeDescription } from './description.ts'
import { DevnetError } from './errors.ts'
import { type DevnetLayout, devnetLayout } from './layout.ts'
import { ensureDevnetParameters, removeUnfinished } from './parameters.ts'
import { freePort } from './ports.ts'
import { presealMiner } from './preseal.ts'
import { measureWinningPost } from './warm-up.ts'

/** Bytes; the smallest that there are. */
export const SECTOR_SIZE = 2048n
const MAX_MINERS = 50
/** As many partitions as there are deadlines: a partition has two of the smallest sectors. */
const MAX_SECTORS = 96
const MAX_BLOCK_DELAY_SECS = 3600
/** attoFIL of each miner's owner, as lotus-seed gives, and of the faucet. */
const OWNER_BALANCE = 1_000_000n * FIL
const FAUCET_BALANCE = 500_000_000n * FIL
/** Seconds: the network's own choice where proofs cost nothing, and the least that is chosen where they do. */
const SHORTEST_DELAY_SECS = 4
/** Seconds: the public networks' own, and the most that is chosen. Where the proofs take longer, blocks come late, but they come. */
const LONGEST_DELAY_SECS = 30
/** Seconds of an epoch that are left for all but proofs. */
const SPARE_SECS = 2

export interface DevnetOptions {
  readonly folder: string
  /** Where parameters and bundles are kept for all devnets. */
  readonly cacheDir: string
  readonly miners: number
  readonly sectors: number
  /** Seconds; undefined for what fits this host. */
  readonly blockDelaySecs: number | undefined
  readonly proofs: 'real' | 'fake'
  /** The actors, where not those that go with the proofs. */
  readonly bundle?: DevnetBundle
  /** Folders with actor bundles, looked through in this order before anything is downloaded. */
  readonly bundleFolders: readonly string[]
  readonly signal: AbortSignal
  readonly onStep: (step: DevnetStep) => void
}

/** What is being made. */
export type DevnetStep =
  /** `circuit` undefined: another process makes them. `secondsLeft` is an estimate for all of them. */
  | { readonly step: 'parameters'; readonly circuit: string | undefined; readonly secondsLeft: number | undefined }
  | { readonly step: 'sealing'; readonly done: number; readonly total: number }
  | { readonly step: 'measuring' }
  | { readonly step: 'measured'; readonly proofSecs: number; readonly blockDelaySecs: number }
  | { readonly step: 'genesis' }

/** Names that a devnet's folder may hold. */
const ownNames: ReadonlySet<string> = new Set([
  'devnet.json',
  'faucet.key',
  'genesis-template.json',
  'genesis.car',
  'miner',
  'miners',
  'network.json',
  'node',
  'params',
])

/**
 * Makes a devnet: parameters, sectors, keys, genesis and description. The description comes last, so that a folder without it
 * is begun anew; what lies there already and is not a devnet's is never touched.
 * @throws DevnetError DEVNET_OPTIONS, DEVNET_FOLDER; BundleError; NativeError; the signal's reason
 */
export async function makeDevnet(options: DevnetOptions, clock: Clock = systemClock): Promise<DevnetDescription> {
  checkOptions(options)
  const layout = devnetLayout(options.folder)
  await makeRoom(layout)
  const bundle = await loadDevnetBundle(options)
  setProofParentDir(`${options.cacheDir}/parents`)
  const { signal, onStep, proofs } = options
  if (proofs === 'real') {
    // Before anything is sealed or proven: the library looks for its folders once.
    setProofParameterDir(layout.parameters)
    await removeUnfinished(layout.parameters)
    await ensureDevnetParameters(
      {
        cache: options.cacheDir,
        folder: layout.parameters,
        sectorSize: Number(SECTOR_SIZE),
        seed: devnetParameterSeed,
        signal,
      },
      ({ circuit, secondsLeft }) => onStep({ step: 'parameters', circuit, secondsLeft }),
    )
  }
  const miners = await sealAll(options, layout)
  const blockDelaySecs = options.blockDelaySecs ?? (await fittingDelay(options, layout, miners))
  onStep({ step: 'genesis' })
  // What takes long comes before the time of the genesis is taken: the first epochs need not be empty.
  await compile(bundle)
  const faucetKey: KeyInfo = { type: 'secp256k1', privateKey: randomBytes(32) }
  const faucet = Address.fromSecp256k1(secp256k1PublicKey(faucetKey.privateKey))
  const secretKey = beaconKey()
  const name = `devnet-${randomBytes(4).toString('hex')}`
  const description: DevnetDescription = {
    version: 1,
    name,
    proofs,
    blockDelaySecs,
    miners: miners.map((m) => m.id.toString('t')),
    sectorsPerMiner: options.sectors,
    faucet: faucet.toString('t'),
    beacon: { id: name, secretKey: Buffer.from(secretKey).toString('hex'), port: await freePort() },
    p2pPort: await freePort(),
    parameterSeed: Buffer.from(devnetParameterSeed).toString('hex'),
  }
  const timestamp = Math.floor(clock.now() / 1000)
  const template = templateOf(name, miners, faucet, timestamp)
  const network = networkOf(description, layout, timestamp, undefined, options.bundle)
  const verifier = Address.fromBls(blsPublicKey(blsKeyFromSeed(randomBytes(32))))
  const genesis = makeGenesis(template, bundle, { network, ticket: randomBytes(32), verifier })
  await writeFileAtomic(layout.template, formatTemplate(template), { mode: 0o600 })
  await writeFileAtomic(layout.genesis, await genesisCar(withBundle(genesis, bundle)))
  await writeFileAtomic(layout.faucetKey, formatKeyFile(faucetKey), { mode: 0o600 })
  await writeNetwork(layout, { ...network, genesisCid: genesis.cid })
  await writeDescription(layout.description, description)
  return description
}

/** The actors, on other threads; what is compiled now need not be compiled when the node starts. */
async function compile(bundle: LoadedBundle): Promise<void> {
  const code = new Map(bundle.blocks.map((b) => [cidKey(b.cid), b.data]))
  const codes = [...bundle.manifest.codeByName.values()].map((c) => c.bytes)
  await preloadActors(devnet.genesisNetworkVersion, codes, (c) => code.get(cidKey(cidFromBytes(c))))
}

/** A secret key below the order of the curve's group. */
function beaconKey(): Uint8Array {
  const key = new Uint8Array(randomBytes(32))
  key[0] = (key[0] as number) & 0x3f
  return key
}

/** @throws DevnetError DEVNET_OPTIONS */
export function checkOptions(o: Pick<DevnetOptions, 'miners' | 'sectors' | 'blockDelaySecs'>): void {
  const within = (what: string, value: number, max: number): void => {
    if (!Number.isSafeInteger(value) || value < 1 || value > max)
      throw new DevnetError('DEVNET_OPTIONS', `${what} must be 1 to ${max}, not ${value}`)
  }
  within('the number of miners', o.miners, MAX_MINERS)
  within('the number of sectors of a miner', o.sectors, MAX_SECTORS)
  if (o.blockDelaySecs !== undefined) within('the block delay in seconds', o.blockDelaySecs, MAX_BLOCK_DELAY_SECS)
}

async function makeRoom(layout: DevnetLayout): Promise<void> {
  try {
    await makeFolder(layout.folder)
  } catch (cause) {
    throw new DevnetError('DEVNET_FOLDER', `the folder ${layout.folder} cannot be made: ${errorMessage(cause)}`, { cause })
  }
  await clearFolder(layout)
}

/**
 * Removes what a devnet is made of, its description first: what is left after a kill is no devnet. Parameters stay.
 * @throws DevnetError DEVNET_FOLDER when the folder holds anything else
 */
export async function clearFolder(layout: DevnetLayout): Promise<void> {
  try {
    const names = await readdir(layout.folder)
    const strange = names.find((n) => !ownNames.has(n) && !n.startsWith('repo.') && !n.startsWith(temporaryPrefix))
    if (strange !== undefined) {
      throw new DevnetError(
        'DEVNET_FOLDER',
        `${layout.folder} holds "${strange}", which is no part of a devnet; give another folder with --folder`,
      )
    }
    await rm(layout.description, { force: true })
    for (const name of names) {
      if (name === 'params' || name.startsWith('repo.')) continue
      await rm(join(layout.folder, name), { recursive: true, force: true })
    }
  } catch (cause) {
    if (cause instanceof DevnetError) throw cause
    throw new DevnetError('DEVNET_FOLDER', `${layout.folder} cannot be cleared: ${errorMessage(cause)}`, { cause })
  }
}

async function sealAll(o: DevnetOptions, layout: DevnetLayout): Promise<GenesisMiner[]> {
  const out: GenesisMiner[] = []
  const total = o.miners * o.sectors
  o.onStep({ step: 'sealing', done: 0, total })
  for (let i = 0; i < o.miners; i++) {
    const miner = 1000n + BigInt(i)
    const onSector = (done: number) => o.onStep({ step: 'sealing', done: i * o.sectors + done, total })
    out.push(
      await presealMiner({
        miner,
        sectors: o.sectors,
        sectorSize: SECTOR_SIZE,
        folder: layout.sectors(`t0${miner}`),
        proofs: o.proofs,
        signal: o.signal,
        onSector,
      }),
    )
  }
  return out
}

/** Seconds of an epoch in which this host can make the proofs of a block. */
async function fittingDelay(o: DevnetOptions, layout: DevnetLayout, miners: readonly GenesisMiner[]): Promise<number> {
  if (o.proofs === 'fake') return SHORTEST_DELAY_SECS
  o.onStep({ step: 'measuring' })
  const miner = miners[0] as GenesisMiner
  const proofSecs = await measureWinningPost(miner, layout.sectors(miner.id.toString('t')), o.signal)
  // The miners' proofs are made one after the other, and a window PoSt now and then.
  const fitting = Math.ceil((miners.length + 1) * proofSecs) + SPARE_SECS
  const blockDelaySecs = Math.min(Math.max(SHORTEST_DELAY_SECS, fitting), LONGEST_DELAY_SECS)
  o.onStep({ step: 'measured', proofSecs, blockDelaySecs })
  return blockDelaySecs
}

function templateOf(name: string, miners: readonly GenesisMiner[], faucet: Address, timestamp: number): GenesisTemplate {
  const root = { signers: [faucet], threshold: 1, vestingDuration: 0, vestingStart: 0 }
  return {
    networkVersion: devnet.genesisNetworkVersion,
    accounts: [
      { type: 'account', balance: FAUCET_BALANCE, meta: { owner: faucet } },
      ...miners.map((m) => ({ type: 'account' as const, balance: OWNER_BALANCE, meta: { owner: m.owner } })),
    ],
    miners: [...miners],
    networkName: name,
    timestamp,
    verifregRootKey: { type: 'multisig', balance: 0n, meta: root },
    remainderAccount: { type: 'multisig', balance: 0n, meta: root },
  }
}

/** The network of a description; its genesis is still to come. */
export function networkOf(
  d: DevnetDescription,
  layout: DevnetLayout,
  timestamp: number,
  host = '127.0.0.1',
  bundle: DevnetBundle = bundleName(d.proofs),
): Network {
  const secretKey = new Uint8Array(Buffer.from(d.beacon.secretKey, 'hex'))
  const drand = { period: d.blockDelaySecs, genesisTime: timestamp, beaconId: d.beacon.id }
  const second = 1_000_000_000
  return {
    ...devnet,
    name: d.name,
    stateName: d.name,
    p2pName: d.name,
    genesisTimestamp: timestamp,
    genesisPath: layout.genesis,
    blockDelaySecs: d.blockDelaySecs,
    propagationDelaySecs: d.blockDelaySecs > 1 ? 1 : 0,
    drand: [
      {
        start: 0,
        kind: 'unchained',
        info: networkOfKey(secretKey, drand),
        servers: [`http://${host}:${d.beacon.port}`],
        relays: [],
      },
    ],
    bundle,
    proofs: d.proofs,
    proofParameters: d.proofs === 'real' ? layout.parameters : undefined,
    f3:
      devnet.f3 === null
        ? null
        : { ...devnet.f3, NetworkName: d.name, EC: { ...devnet.f3.EC, Period: d.blockDelaySecs * second } },
  }
}

/** Writes the file by which other nodes join. */
export async function writeNetwork(layout: DevnetLayout, network: Network): Promise<void> {
  await writeFileAtomic(layout.network, `${JSON.stringify(describeNetwork(network, layout.folder), undefined, 2)}\n`)
}

/** With the whole bundle in the genesis, nodes that join need no other source of the actors. */
function withBundle(genesis: Genesis, bundle: LoadedBundle): Genesis {
  const has = new Set(genesis.blocks.map((b) => cidKey(b.cid)))
  return { ...genesis, blocks: [...genesis.blocks, ...bundle.blocks.filter((b) => !has.has(cidKey(b.cid)))] }
}

/** Whether the folder holds a whole devnet. */
export function devnetExists(layout: DevnetLayout): boolean {
  return existsSync(layout.description)
}
