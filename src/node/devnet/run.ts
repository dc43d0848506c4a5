import { readFile } from 'node:fs/promises'
import { BeaconServer } from '../../beacon/server.ts'
import { toBase64 } from '../../codec/base64.ts'
import { type KeyInfo, parseKeyFile } from '../../genesis/template.ts'
import { makeFolder } from '../../lib/atomic-file.ts'
import { clockBehind, type SharedClock, systemClock } from '../../lib/clock.ts'
import { getLogger } from '../../lib/log.ts'
import { blsPublicKey, secp256k1PublicKey } from '../../native/crypto.ts'
import { loadNetworkFile } from '../../networks/network-file.ts'
import type { Network } from '../../networks/types.ts'
import { lockRepo } from '../../store/repo-lock.ts'
import { Address } from '../../types/address.ts'
import { ChainPool } from '../chain-pool.ts'
import { startInOrder } from '../closers.ts'
import { type FullNode, startFullNode } from '../full-node.ts'
import type { MinerNode } from '../miner-node.ts'
import { type DevnetDescription, readDescription, writeDescription } from './description.ts'
import { type DevnetLayout, devnetLayout } from './layout.ts'
import { type DevnetOptions, devnetExists, makeDevnet, networkOf, writeNetwork } from './make.ts'
import { startDevnetMiner } from './miner.ts'
import { devnetClient } from './node-client.ts'
import { headHeight, pauseAfter } from './pause.ts'
import { freePort, isFree } from './ports.ts'

const log = getLogger('devnet')

export interface DevnetRunOptions extends DevnetOptions {
  /** Address at which API, peers' port and beacon are served, and which other nodes find in the network file. */
  readonly host: string
  /** Port of the API; 0 for any. */
  readonly apiPort: number
  /** Port of the miner's API; 0 for any. */
  readonly minerApiPort: number
  /** Worker threads that answer queries; the number of cores where it is not given. */
  readonly queryThreads?: number
  readonly configOverrides?: Readonly<Record<string, string | undefined>>
}

/** Parts that may be given instead of what the devnet would make itself. */
export interface DevnetComponents {
  /** This machine's time where it is not given. */
  readonly clock?: SharedClock
}

/** A devnet that runs: beacon, full node and miner in this process. */
export interface Devnet {
  readonly layout: DevnetLayout
  readonly description: DevnetDescription
  readonly network: Network
  readonly node: FullNode
  /** Undefined until `beginMining`. */
  readonly miner: MinerNode | undefined
  /** Whether it was made in this run. */
  readonly made: boolean
  /** Starts the miners; does nothing when they run. @throws MinerError and what the miner's parts throw */
  beginMining(): Promise<void>
  /** Settles when all of it has ended. */
  readonly closed: Promise<void>
  close(): Promise<void>
}

/**
 * Starts the devnet of a folder, which is made when it is not there yet.
 * @throws DevnetError; RepoError REPO_LOCKED when another process runs it; BeaconError; what the parts throw
 */
export async function startDevnet(options: DevnetRunOptions, components: DevnetComponents = {}): Promise<Devnet> {
  const time = components.clock ?? systemClock
  const layout = devnetLayout(options.folder)
  // A start that is interrupted ends at once; what runs ends in its order.
  const starting = new AbortController()
  const interrupt = (): void => starting.abort(options.signal.reason)
  options.signal.addEventListener('abort', interrupt, { once: true })
  return startInOrder('devnet', async (closers) => {
    options.signal.throwIfAborted()
    await makeFolder(layout.folder)
    const lock = await lockRepo(layout.folder)
    closers.push(() => lock.release())
    // The genesis is made with the machines that the node will use.
    ChainPool.configure({ queryThreads: options.queryThreads })
    const made = !devnetExists(layout)
    const description = await ports(made ? await makeDevnet(options, time) : await readDescription(layout), layout)
    const { beacon } = description
    const known = await loadNetworkFile(layout.network)
    const genesisTimestamp = known.genesisTimestamp as number
    const pausedSecs = pauseAfter(known, genesisTimestamp, await headHeight(layout.node), time.now())
    const clock = clockBehind(pausedSecs * 1000, time)
    const network = {
      ...known,
      pausedSecs,
      drand: networkOf(description, layout, genesisTimestamp, options.host).drand,
      bootstrapPeers: [],
    }
    const info = network.drand[0]?.info
    if (info === undefined) throw new Error('a devnet always has a beacon')
    const server = await BeaconServer.listen({
      info,
      beaconId: beacon.id,
      secretKey: new Uint8Array(Buffer.from(beacon.secretKey, 'hex')),
      host: options.host,
      port: beacon.port,
      now: () => clock.now(),
    })
    closers.push(() => server.close())
    const node = await startFullNode(
      {
        repoPath: layout.node,
        network,
        removeExistingChain: false,
        haltAfterImport: false,
        p2p: { bootstrap: false, bootstrapper: false },
        apiHost: options.host,
        apiPort: options.apiPort,
        configOverrides: {
          ...options.configOverrides,
          LOTUS_LIBP2P_LISTENADDRESSES: `/ip4/${options.host}/tcp/${description.p2pPort}`,
          LOTUS_LIBP2P_DISABLENATPORTMAP: 'true',
        },
        ...(options.queryThreads === undefined ? {} : { queryThreads: options.queryThreads }),
        signal: starting.signal,
      },
      { clock },
    )
    closers.push(() => node.close())
    const peer = `/ip4/${options.host}/tcp/${description.p2pPort}/p2p/${node.net?.peerId}`
    await writeNetwork(layout, { ...network, bootstrapPeers: [peer] })
    await importKeys(layout, description)
    // The node ends by the signal or by a client's Shutdown; what belongs to it ends with it, the miner first.
    let ending: Promise<void> | undefined
    const close = (): Promise<void> => {
      ending ??= closers.closeAll()
      return ending
    }
    options.signal.removeEventListener('abort', interrupt)
    options.signal.addEventListener('abort', () => void close().catch(() => {}), { once: true })
    options.signal.throwIfAborted()
    const closed = node.closed.then(close)
    log.info('the devnet runs', { name: description.name, folder: layout.folder })
    let miner: MinerNode | undefined
    return {
      layout,
      description,
      network,
      node,
      get miner() {
        return miner
      },
      made,
      async beginMining() {
        if (miner !== undefined) return
        const { host, minerApiPort: apiPort } = options
        const started = await startDevnetMiner(
          { layout, description, network, clock },
          { host, apiPort, signal: starting.signal },
        )
        closers.push(() => started.close())
        miner = started
      },
      closed,
      close: () => close().then(() => closed),
    }
  })
}

/** Ports that another program has taken since the last run are replaced: peers read them from the network file. */
async function ports(description: DevnetDescription, layout: DevnetLayout): Promise<DevnetDescription> {
  const { beacon, p2pPort } = description
  const beaconPort = (await isFree(beacon.port)) ? beacon.port : await freePort()
  const peerPort = (await isFree(p2pPort)) ? p2pPort : await freePort()
  if (beaconPort === beacon.port && peerPort === p2pPort) return description
  const changed = { ...description, beacon: { ...beacon, port: beaconPort }, p2pPort: peerPort }
  await writeDescription(layout.description, changed)
  return changed
}

/** The keys of the devnet's own accounts, into the node's wallet; those that are there already stay. */
async function importKeys(layout: DevnetLayout, description: DevnetDescription): Promise<void> {
  const client = await devnetClient(layout)
  try {
    for (const file of [layout.faucetKey, ...description.miners.map((m) => `${layout.sectors(m)}/pre-seal-${m}.key`)]) {
      const key = parseKeyFile(await readFile(file, 'utf8'), file)
      const address = addressOfKey(key).toString('t')
      if ((await client.callJson('Filecoin.WalletHas', [address])) === true) continue
      await client.callJson('Filecoin.WalletImport', [{ Type: key.type, PrivateKey: toBase64(key.privateKey) }])
    }
  } finally {
    await client.close()
  }
}

function addressOfKey({ type, privateKey }: KeyInfo): Address {
  return type === 'bls' ? Address.fromBls(blsPublicKey(privateKey)) : Address.fromSecp256k1(secp256k1PublicKey(privateKey))
}
