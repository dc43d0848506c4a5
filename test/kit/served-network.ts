// A recorded network whose beacon can be asked: the drand key of lotus-devnet-proofs is public, so that its rounds can be signed here.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { BeaconServer } from '../../src/beacon/server.ts'
import type { DrandChainInfo } from '../../src/networks/drand.ts'
import { loadNetworkFile } from '../../src/networks/network-file.ts'
import { temporaryFolder } from './daemon.ts'

/** The key of the recorded network's beacon, public on purpose. */
export const BEACON_SECRET = new Uint8Array(Buffer.from('1234'.padStart(64, '0'), 'hex'))

/** Serves the network's beacon until the test ends. @returns path of a network file that names the server */
export async function networkWithBeacon(t: Pick<Test, 'teardown'>, chain: string): Promise<string> {
  const path = join(chain, 'network.json')
  const network = await loadNetworkFile(path)
  const info = network.drand[0]?.info as DrandChainInfo
  const server = await BeaconServer.listen({ info, beaconId: 'quicknet', secretKey: BEACON_SECRET, host: '127.0.0.1', port: 0 })
  t.teardown(() => server.close())
  const json = JSON.parse(readFileSync(path, 'utf8'))
  json.genesis = join(chain, json.genesis)
  json.proofParameters = join(chain, json.proofParameters)
  json.drand[0].servers = [server.url]
  const copy = join(temporaryFolder(t), 'network.json')
  writeFileSync(copy, JSON.stringify(json))
  return copy
}
