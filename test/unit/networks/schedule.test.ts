import { t } from 'tap'
import { bundleManifestCid, bundleNames, newestBundle, oldestBundle, retiredBundles } from '../../../src/networks/bundles.ts'
import { butterflynet } from '../../../src/networks/butterflynet.ts'
import { calibnet } from '../../../src/networks/calibnet.ts'
import { devnet } from '../../../src/networks/devnet.ts'
import { networkByName, networks, withGenesis } from '../../../src/networks/index.ts'
import { mainnet } from '../../../src/networks/mainnet.ts'
import {
  actorsVersion,
  drandAt,
  expensiveUpgradeBetween,
  maxBeaconRoundForEpoch,
  networkVersion,
  upgradeHeight,
  upgradesBetween,
} from '../../../src/networks/schedule.ts'
import { upgrades } from '../../../src/networks/upgrades.ts'
import { FIL } from '../../../src/types/scalars.ts'
import { sharedJson } from '../../kit/shared-data.ts'

// [version, mainnet, calibnet]: the last epochs of the old version, as Lotus v1.36 has them.
const heights: readonly (readonly [number, number, number])[] = [
  [1, 41280, -1],
  [2, 51000, -2],
  [3, 94000, -3],
  [4, 138720, 30],
  [5, 140760, 60],
  [6, 170000, 90],
  [7, 265200, 120],
  [8, 272400, 240],
  [9, 336458, 300],
  [10, 550321, 330],
  [11, 665280, 360],
  [12, 712320, 390],
  [13, 892800, 420],
  [14, 1231620, 450],
  [15, 1594680, 480],
  [16, 1960320, 510],
  [17, 2383680, 16800],
  [18, 2683348, 322354],
  [19, 2809800, 489094],
  [20, 2870280, 492214],
  [21, 3469380, 1013134],
  [22, 3855360, 1427974],
  [23, 4154640, 1779094],
  [24, 4461240, 2078794],
  [25, 4878840, 2523454],
  [26, 5138040, 2543614],
  [27, 5348280, 3007294],
  [28, 6052800, 3694534],
]

t.test('a version is in force for epochs after its height', async (t) => {
  for (const [version, main, calib] of heights) {
    t.equal(networkVersion(mainnet, main), version - 1, `mainnet at ${main}`)
    t.equal(networkVersion(mainnet, main + 1), version, `mainnet after ${main}`)
    t.equal(upgradeHeight(mainnet, version), main)
    if (calib < 0) continue
    // Calibnet began at version 0 and went straight to 4.
    t.equal(networkVersion(calibnet, calib), version === 4 ? 0 : version - 1, `calibnet at ${calib}`)
    t.equal(networkVersion(calibnet, calib + 1), version, `calibnet after ${calib}`)
  }
  t.equal(networkVersion(mainnet, 0), 0)
  t.equal(networkVersion(mainnet, 10_000_000), 28)
  // Claus and Phoenix bump nothing: calibnet ran Claus (270) before Orange (300).
  t.equal(networkVersion(calibnet, 271), 8)
  for (const network of [butterflynet, devnet]) t.equal(networkVersion(network, 0), 28)
  t.equal(upgradeHeight(calibnet, 1), undefined)
})

t.test('actors follow the version', async (t) => {
  const expected = [0, 0, 0, 0, 2, 2, 2, 2, 2, 2, 3, 3, 4, 5, 6, 7, 8, 9, 10, 11, 11, 12, 13, 14, 15, 16, 16, 17, 18, 19]
  t.same(
    expected.map((_, nv) => actorsVersion(nv)),
    expected,
  )
  t.throws(() => actorsVersion(30), { message: /30 is unknown/ })
})

t.test('upgrades are found where a parent and a tipset enclose their height', async (t) => {
  const names = (from: number, to: number) => upgradesBetween(mainnet, from, to).map((u) => u.name)
  t.same(names(6052800, 6052801), ['fireHorse'])
  t.same(names(6052799, 6052800), [])
  t.same(names(6052801, 6052900), [])
  t.same(names(138000, 141000), ['assembly', 'tape'])
  t.same(
    upgradesBetween(calibnet, 260, 301).map((u) => u.name),
    ['claus', 'orange'],
  )
  t.equal(expensiveUpgradeBetween(mainnet, 140760, 140761), undefined, 'tape migrates nothing')
  t.equal(expensiveUpgradeBetween(mainnet, 6052790, 6052801), 6052800)
  t.same(upgradesBetween(devnet, 0, 1_000_000), [])
})

t.test('upgrade heights of a network rise in the order of versions', async (t) => {
  for (const network of networks) {
    let last = -1
    for (const { name, version } of upgrades) {
      const height = network.upgrades[name]
      if (version === undefined || height < 0) continue
      t.ok(height > last, `${network.name} ${name}`)
      last = height
    }
  }
})

t.test('the figures of the networks', async (t) => {
  const figures = networks.map((n) => [
    n.p2pName,
    n.stateName,
    n.chainId,
    n.addressPrefix,
    n.consensusMinerMinPower,
    n.preCommitChallengeDelay,
    n.blockDelaySecs,
    n.propagationDelaySecs,
    n.equivocationDelaySecs,
    n.bootstrapPeerThreshold,
    n.breezeGasTampingDuration,
    n.tuktukPowerRampDurationEpochs,
    n.teepInitialFilReserved / FIL,
    n.upgrades.phoenix,
    n.genesisTimestamp,
  ])
  t.same(figures, [
    ['testnetnet', 'mainnet', 314, 'f', 10n << 40n, 150, 30, 10, 2, 4, 120, 1051200, 300_000_000n, 3855480, 1598306400],
    [
      'calibrationnet',
      'calibrationnet',
      314159,
      't',
      32n << 30n,
      150,
      30,
      10,
      2,
      4,
      120,
      8640,
      1_200_000_000n,
      1428094,
      1667326380,
    ],
    ['butterflynet', 'butterflynet', 3141592, 't', 2n << 30n, 150, 30, 6, 2, 2, 120, 1051200, 1_600_000_000n, -26, 1777963020],
    ['devnet', 'devnet', 31415926, 't', 2048n, 10, 4, 1, 0, 1, 0, 200, 1_400_000_000n, -26, undefined],
  ])
  t.equal(mainnet.upgrades.watermelonFix, -1)
  t.same(
    [calibnet.upgrades.watermelonFix, calibnet.upgrades.watermelonFix2, calibnet.upgrades.dragonFix, calibnet.upgrades.tockFix],
    [1070494, 1108174, 1493854, 2558014],
  )
  t.equal(networkByName('calibrationnet'), calibnet)
  t.throws(() => networkByName('mainet'), { code: 'NETWORK_UNKNOWN', message: /"mainet"; choose one of mainnet, calibnet/ })
})

t.test('F3 manifests are those of Lotus', async (t) => {
  for (const [file, network] of [
    ['mainnet', mainnet],
    ['calibnet', calibnet],
    ['butterfly', butterflynet],
    ['2k', devnet],
  ] as const) {
    const manifest = sharedJson<object>(t, 'f3', `manifest-${file}.json`)
    if (manifest !== undefined) t.same(network.f3, manifest, file)
  }
})

t.test("bundle manifests agree with Forest's list", async (t) => {
  type Entry = { network: { type: string }; version: string; bundle_cid: string }
  const list = sharedJson<Entry[]>(t, 'actors', 'forest-bundle-manifest.json')
  if (list === undefined) return
  const bundleOf = { mainnet: 'mainnet', calibnet: 'calibrationnet', butterflynet: 'butterflynet', devnet: 'devnet' } as const
  let retired = 0
  for (const { network, version, bundle_cid } of list) {
    const bundle = bundleOf[network.type as keyof typeof bundleOf]
    const major = Number(/^v?(\d+)/.exec(version)?.[1])
    if (retiredBundles.some((r) => r.manifest === bundle_cid && r.bundle === bundle && r.actorsVersion === major)) retired++
    else t.equal(bundleManifestCid(bundle, major)?.toString(), bundle_cid, `${bundle} ${version}`)
  }
  t.equal(retired, retiredBundles.length)
  for (const bundle of bundleNames) {
    for (let v = oldestBundle; v <= newestBundle; v++) t.ok(bundleManifestCid(bundle, v), `${bundle} v${v}`)
    t.equal(bundleManifestCid(bundle, 7), undefined)
  }
})

t.test('drand rounds', async (t) => {
  t.equal(drandAt(mainnet, 0).info?.hash.slice(0, 8), '80c8b872')
  t.equal(drandAt(mainnet, 50_999).info?.hash.slice(0, 8), '80c8b872')
  t.equal(drandAt(mainnet, 51_000).info?.hash.slice(0, 8), '8990e7a9')
  t.equal(drandAt(mainnet, 3_855_479).kind, 'chained')
  t.equal(drandAt(mainnet, 3_855_480).kind, 'unchained')
  t.equal(drandAt(mainnet, 3_855_480).info?.hash, '52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971')
  // (1598306400 - 1595873820) / 30 - 1 at epoch 0; one more from nv16 on.
  t.equal(maxBeaconRoundForEpoch(mainnet, 1598306400, 0, 1), 81086n)
  t.equal(maxBeaconRoundForEpoch(mainnet, 1598306400, 16, 1), 81087n)
  // Chains made by Lotus: genesis at 1795249975 with 2 s blocks, whose block at height 1 carries this round.
  t.equal(maxBeaconRoundForEpoch({ ...devnet, blockDelaySecs: 2 }, 1795249975, 28, 1), 34148870n)
  const early = 1692803367
  t.equal(maxBeaconRoundForEpoch(devnet, early, 28, 0), 1n, 'before round 1 there is round 1')
  t.equal(maxBeaconRoundForEpoch(devnet, early, 28, 1), 1n)
  t.equal(maxBeaconRoundForEpoch(devnet, early, 28, 2), 2n)
  t.equal(
    maxBeaconRoundForEpoch(
      { ...devnet, drand: [{ start: 0, kind: 'mock', info: undefined, servers: [], relays: [] }] },
      early,
      28,
      1,
    ),
    101n,
  )
})

t.test("a genesis that is not the network's is refused", async (t) => {
  const cid = mainnet.genesisCid
  if (cid === undefined) throw new Error('mainnet has a genesis')
  t.equal(withGenesis({ ...devnet }, { cid, timestamp: 5n }).genesisTimestamp, 5)
  t.throws(() => withGenesis(calibnet, { cid, timestamp: 1667326380 }), {
    code: 'NETWORK_GENESIS',
    message: /is not that of calibnet/,
  })
  t.throws(() => withGenesis(mainnet, { cid, timestamp: 1 }), { code: 'NETWORK_GENESIS', message: /not at 1598306400/ })
})
