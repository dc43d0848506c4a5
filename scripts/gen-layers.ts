// Writes the table of the layers into docs/architecture.md, between its two markers.

import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { layers } from './check-layers.ts'

/** What lives in each folder of src, one line each. */
const contents: Readonly<Record<string, string>> = {
  lib: 'errors, log, metrics registry, queues, clock, caches: no Filecoin words',
  codec: 'descriptor combinators: one value gives CBOR, Lotus JSON, schema and TypeScript type',
  native: 'the only importer of the addon; typed wrappers and coded errors',
  types: 'primitives, address, block, tipset, message, sector, Ethereum types',
  networks: 'upgrades, schedule, mainnet, calibnet, butterflynet, devnet, drand and F3 data, network files',
  api: 'the contract alone: name, permission, parameters, result and documentation of each method',
  store: 'block stores, CAR files, the chain store',
  actors: 'HAMT, AMT, typed views of actor state',
  beacon: 'drand verification and schedule',
  state: 'state manager, tipset execution, migrations, circulating supply',
  consensus: 'one file for each check, weight, election, block creation',
  f3: 'gpbft, certificates, manifest',
  genesis: "the genesis of a private network from Lotus's template",
  mpool: 'message pool and selection',
  wallet: 'keystore, ledger, remote wallet',
  net: 'host, hello, exchange, pubsub, bitswap, peer scores: bytes in, typed values out',
  sync: 'target choice, validation pipeline',
  index: 'message and Ethereum index',
  rpc: 'server, client, handlers, authorisation, gateway',
  miner: 'block production, window PoSt, sealing, scheduler, storage, control addresses',
  market: 'deals and retrieval',
  worker: 'remote sealing worker',
  node: 'plain ordered wiring of the full node and of the miner',
  cli: 'commands and their texts',
}

const page = fileURLToPath(new URL('../docs/architecture.md', import.meta.url))
const [start, end] = ['<!-- layers -->', '<!-- /layers -->']
const text = readFileSync(page, 'utf8')
const [from, to] = [text.indexOf(start), text.indexOf(end)]
if (from < 0 || to < from) throw new Error(`docs/architecture.md lacks the markers ${start} and ${end}`)
const rows = Object.entries(layers)
  .sort(([, a], [, b]) => a - b)
  .map(([folder, layer]) => {
    const content = contents[folder]
    if (content === undefined) throw new Error(`scripts/gen-layers.ts does not say what lives in src/${folder}`)
    return `| ${layer} | \`${folder}/\` | ${content} |`
  })
const table = ['| Layer | Folder of `src` | What lives there |', '|---|---|---|', ...rows].join('\n')
writeFileSync(page, `${text.slice(0, from + start.length)}\n${table}\n${text.slice(to)}`)
