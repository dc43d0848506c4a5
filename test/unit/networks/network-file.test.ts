import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { t } from 'tap'
import { bundleManifestCid } from '../../../src/networks/bundles.ts'
import { describeNetwork, loadNetworkFile, parseNetworkFile } from '../../../src/networks/network-file.ts'
import { maxBeaconRoundForEpoch, networkVersion } from '../../../src/networks/schedule.ts'
import { FIL } from '../../../src/types/scalars.ts'
import { sharedData } from '../../kit/shared-data.ts'

t.test('networks of chains made by Lotus', async (t) => {
  const fake = sharedData(t, 'chains', 'lotus-devnet', 'network.json')
  const real = sharedData(t, 'chains', 'lotus-devnet-proofs', 'network.json')
  if (fake === undefined || real === undefined) return
  const a = await loadNetworkFile(fake)
  t.equal(a.name, 'testing')
  t.equal(a.genesisPath, join(dirname(fake), 'genesis.car.zst'))
  t.equal(a.proofs, 'fake')
  t.equal(a.consensusMinerMinPower, 2048n)
  t.equal(a.teepInitialFilReserved, 1_400_000_000n * FIL)
  t.equal(a.upgrades.solstice, 99_999_999)
  t.equal(a.upgrades.dragonFix, -102)
  t.equal(networkVersion(a, 3000), 28)
  t.equal(a.f3, null)
  t.equal(maxBeaconRoundForEpoch(a, 0, 28, 2), 102n)
  t.equal(
    bundleManifestCid(a.bundle, 18)?.toString(),
    'bafy2bzacebhqxufvuk42n44l2h3ilek5jrp7lgdyapnyu76j5ocgi5koxkh7u',
    'as StateActorManifestCID answers',
  )

  const b = await loadNetworkFile(real)
  t.equal(b.proofParameters, join(dirname(real), 'params'))
  t.equal(b.drand[0]?.info?.period, 3)
  t.equal(b.f3?.BootstrapEpoch, 60)
  t.equal(bundleManifestCid(b.bundle, 18)?.toString(), 'bafy2bzaced35gjxagazf2fne5dakbok5abmivsh7cq7huwfuptebgwjmcpcf6')
  t.equal(b.actorDebugging, true)

  for (const [path, network] of [
    [fake, a],
    [real, b],
  ] as const) {
    const text = JSON.stringify(describeNetwork(network, dirname(path)))
    t.same(parseNetworkFile(text, path), network, 'a description reads back as it was')
  }

  const good = JSON.parse(readFileSync(real, 'utf8')) as Record<string, any>
  const { chainInfo } = (describeNetwork(b, dirname(real)) as { drand: { chainInfo: object }[] }).drand[0] as {
    chainInfo: object
  }
  t.match(good.drand[0].chainInfo, chainInfo, 'a beacon is described in the words of its own servers')
  t.match(
    chainInfo,
    { schemeID: 'bls-unchained-g1-rfc9380', metadata: { beaconID: 'quicknet' } },
    "with what Lotus's client needs",
  )

  const broken = (change: (file: Record<string, any>) => void): string => {
    const copy = structuredClone(good)
    change(copy)
    try {
      parseNetworkFile(JSON.stringify(copy), 'net.json')
    } catch (e) {
      t.equal((e as { code?: string }).code, 'NETWORK_FILE')
      return (e as Error).message
    }
    return 'accepted'
  }
  t.equal(
    broken((f) => delete f.name),
    'net.json: "name" is missing.',
  )
  t.equal(
    broken((f) => (f.blockDelay = 3)),
    'net.json: "blockDelay" is not a key of a network file.',
  )
  t.equal(
    broken((f) => (f.note = 'hello')),
    'accepted',
  )
  t.equal(
    broken((f) => (f.chainId = '314')),
    'net.json: "chainId" must be a whole number.',
  )
  t.equal(
    broken((f) => (f.chainId = 1.5)),
    'net.json: "chainId" must be a whole number.',
  )
  t.equal(
    broken((f) => (f.blockDelaySecs = 0)),
    'net.json: "blockDelaySecs" must be between 1 and 3600, not 0.',
  )
  t.equal(
    broken((f) => (f.propagationDelaySecs = 2)),
    'net.json: "propagationDelaySecs" must be less than "blockDelaySecs".',
  )
  t.match(
    broken((f) => (f.bundle = 'devnett')),
    '"bundle" must be one of mainnet, calibrationnet',
  )
  t.equal(
    broken((f) => delete f.upgrades.teep),
    'net.json: "upgrades.teep" is missing.',
  )
  t.equal(
    broken((f) => (f.upgrades.teeep = 1)),
    'net.json: "upgrades.teeep" is not a key of a network file.',
  )
  t.match(
    broken((f) => (f.upgrades.teep = 10)),
    '"upgrades.teep" is at height 10, but the network begins at version 28',
  )
  t.match(
    broken((f) => Object.assign(f, { genesisNetworkVersion: 24, upgrades: { ...f.upgrades, teep: 9, tock: 9 } })),
    '"upgrades.tock" must be greater than "teep" (9), not 9',
  )
  t.match(
    broken((f) => (f.genesisNetworkVersion = 15)),
    'networks can only begin at version 16 or later',
  )
  t.match(
    broken((f) => (f.genesisNetworkVersion = 30)),
    '"genesisNetworkVersion" must be between 0 and 29, not 30',
  )
  t.match(
    broken((f) => (f.teepInitialFilReserved = '1400000000 DIL')),
    '"teepInitialFilReserved" is not an amount',
  )
  t.match(
    broken((f) => (f.teepInitialFilReserved = '3000000000 FIL')),
    'must lie between 0 and 2000000000 FIL',
  )
  t.equal(
    broken((f) => (f.drand = [])),
    'net.json: "drand" must name at least one beacon.',
  )
  t.equal(
    broken((f) => (f.drand[0].start = 5)),
    'net.json: "drand" must begin with "start" 0 and ascend.',
  )
  t.equal(
    broken((f) => (f.drand[0].chainInfo.public_key = 'zz')),
    'net.json: "drand[0].chainInfo.public_key" must be lower-case hexadecimal.',
  )
  t.equal(
    broken((f) => (f.drand[0].chainInfo.public_key = '00')),
    'net.json: "drand[0].chainInfo.public_key" must hold 96 bytes, not 1.',
  )
  t.equal(
    broken((f) => (f.drand[0].servers = ['ftp://x'])),
    'net.json: "drand[0].servers" holds "ftp://x", which is not an http or https address.',
  )
  t.equal(
    broken((f) => (f.drand = 'x')),
    'net.json: "drand" must be a list.',
  )
  t.equal(
    broken((f) => (f.bootstrapPeers = ['1.2.3.4'])),
    'net.json: "bootstrapPeers" holds "1.2.3.4", which is not a multiaddress.',
  )
  t.equal(
    broken((f) => (f.f3.Gpbft.Delta = '6s')),
    'net.json: "f3.Gpbft.Delta" must be a number.',
  )
  t.equal(
    broken((f) => delete f.f3.EC),
    'net.json: "f3" lacks the key "EC".',
  )
  t.equal(
    broken((f) => (f.f3.EC.X = 1)),
    'net.json: "f3.EC" has the unknown key "X".',
  )
  t.equal(
    broken((f) => (f.f3.EC.BaseDecisionBackoffTable = ['a'])),
    'net.json: "f3.EC.BaseDecisionBackoffTable" must be a list of numbers.',
  )
  t.equal(
    broken((f) => (f.genesisCid = 'x')),
    'net.json: "genesisCid" is not a CID.',
  )
})

t.test('files that are no network files', async (t) => {
  t.throws(() => parseNetworkFile('{', 'x.json'), { code: 'NETWORK_FILE', message: /^x.json is not JSON/ })
  t.throws(() => parseNetworkFile('[]', 'x.json'), { code: 'NETWORK_FILE', message: 'x.json: the file must be a JSON object.' })
  await t.rejects(loadNetworkFile('/nonexistent/net.json'), { code: 'NETWORK_FILE', message: /cannot be read/ })
})
