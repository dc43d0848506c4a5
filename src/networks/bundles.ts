import { CID } from '../types/cid.ts'

/** Builds of the built-in actors by network: the names of the files in a release (`builtin-actors-<name>.car`). */
export const bundleNames = [
  'mainnet',
  'calibrationnet',
  'butterflynet',
  'devnet',
  'testing',
  'testing-fake-proofs',
  'caterpillarnet',
] as const
export type BundleName = (typeof bundleNames)[number]

/** Versions of the built-in actors that are wasm; older ones ran as native code of the node. */
export const oldestBundle = 8
export const newestBundle = 19

/**
 * Manifest CIDs by bundle and actors version (build/builtin_actors_gen.go). Version 19 is a placeholder there: the build of
 * version 18 under another number.
 */
const manifests: Readonly<Record<BundleName, Readonly<Record<number, string>>>> = {
  mainnet: {
    8: 'bafy2bzacebogjbpiemi7npzxchgcjjki3tfxon4ims55obfyfleqntteljsea',
    9: 'bafy2bzaceb6j6666h36xnhksu3ww4kxb6e25niayfgkdnifaqi6m6ooc66i6i',
    10: 'bafy2bzacecsuyf7mmvrhkx2evng5gnz5canlnz2fdlzu2lvcgptiq2pzuovos',
    11: 'bafy2bzacecnhaiwcrpyjvzl4uv4q3jzoif26okl3m66q3cijp3dfwlcxwztwo',
    12: 'bafy2bzaceapkgfggvxyllnmuogtwasmsv5qi2qzhc2aybockd6kag2g5lzaio',
    13: 'bafy2bzacecdhvfmtirtojwhw2tyciu4jkbpsbk5g53oe24br27oy62sn4dc4e',
    14: 'bafy2bzacecbueuzsropvqawsri27owo7isa5gp2qtluhrfsto2qg7wpgxnkba',
    15: 'bafy2bzaceakwje2hyinucrhgtsfo44p54iw4g6otbv5ghov65vajhxgntr53u',
    16: 'bafy2bzacecnepvsh4lw6pwljobvwm6zwu6mbwveatp7llhpuguvjhjiqz7o46',
    17: 'bafy2bzaceai74ppsvuxs3nvpzzeuptdr3wl7vmdpbphvtz4qt5hfq2qdfvz3e',
    18: 'bafy2bzacedxsqapxwj5znwy4leem5gsuenhhfyqcntews3yis5iek67thy6lc',
    19: 'bafy2bzacedxsqapxwj5znwy4leem5gsuenhhfyqcntews3yis5iek67thy6lc',
  },
  calibrationnet: {
    8: 'bafy2bzacedrdn6z3z7xz7lx4wll3tlgktirhllzqxb766dxpaqp3ukxsjfsba',
    9: 'bafy2bzacedbedgynklc4dgpyxippkxmba2mgtw7ecntoneclsvvl4klqwuyyy',
    10: 'bafy2bzaced25ta3j6ygs34roprilbtb3f6mxifyfnm7z7ndquaruxzdq3y7lo',
    11: 'bafy2bzacedhuowetjy2h4cxnijz2l64h4mzpk5m256oywp4evarpono3cjhco',
    12: 'bafy2bzacednzb3pkrfnbfhmoqtb3bc6dgvxszpqklf3qcc7qzcage4ewzxsca',
    13: 'bafy2bzacect4ktyujrwp6mjlsitnpvuw2pbuppz6w52sfljyo4agjevzm75qs',
    14: 'bafy2bzacebq3hncszqpojglh2dkwekybq4zn6qpc4gceqbx36wndps5qehtau',
    15: 'bafy2bzaceax5zkysst7vtyup4whdxwzlpnaya3qp34rnoi6gyt4pongps7obw',
    16: 'bafy2bzacecqtwq6hjhj2zy5gwjp76a4tpcg2lt7dps5ycenvynk2ijqqyo65e',
    17: 'bafy2bzacecn64rlb52rjsvgopnidz6w42z3zobmjxqek5s4xqjh3ly47rcurg',
    18: 'bafy2bzacebkfatnbe6w4rj7lf6gkjh7mywlrpdh2dj6hu2dl4rmtwksszm2hs',
    19: 'bafy2bzacebkfatnbe6w4rj7lf6gkjh7mywlrpdh2dj6hu2dl4rmtwksszm2hs',
  },
  butterflynet: {
    8: 'bafy2bzaceba5qgs4z3imhlxwds5vamahngatvuuglbv5yl3ftfiosj6ud5chs',
    9: 'bafy2bzacec35by4erhcdgcsgzp7yb3j57utydlxxfc73m3k5pep67ehvvyv6i',
    10: 'bafy2bzaceckjhsggacixv2d377zfdcnuio4hzkveprio3xnhm3gohi3zy3zco',
    11: 'bafy2bzaceaiy4dsxxus5xp5n5i4tjzkb7sc54mjz7qnk2efhgmsrobjesxnza',
    12: 'bafy2bzacectxvbk77ntedhztd6sszp2btrtvsmy7lp2ypnrk6yl74zb34t2cq',
    13: 'bafy2bzacec75zk7ufzwx6tg5avls5fxdjx5asaqmd2bfqdvkqrkzoxgyflosu',
    14: 'bafy2bzacecmkqezl3a5klkzz7z4ou4jwqk4zzd3nvz727l4qh44ngsxtxdblu',
    15: 'bafy2bzacearjal5rsmzloz3ny7aoju2rgw66wgxdrydgg27thcsazbmf5qihq',
    16: 'bafy2bzaceda5lc7qrwp2hdm6s6erppwuydsfqrhbgld7juixalk342inqimbo',
    17: 'bafy2bzacedzjwguwuihh4tptzfkkwaj3naamrnklbaixn2wfzqh67twwp56pi',
    18: 'bafy2bzacedg3y3ylp3w4bqmfgyiasrikg3bgfibblc7o4gri3b7j7ftgjhyuu',
    19: 'bafy2bzacedg3y3ylp3w4bqmfgyiasrikg3bgfibblc7o4gri3b7j7ftgjhyuu',
  },
  devnet: {
    8: 'bafy2bzacedq7tuibavyqxzkq4uybjj7ly22eu42mjkoehwn5d47xfunmtjm4k',
    9: 'bafy2bzacedozk3jh2j4nobqotkbofodq4chbrabioxbfrygpldgoxs3zwgggk',
    10: 'bafy2bzacebzz376j5kizfck56366kdz5aut6ktqrvqbi3efa2d4l2o2m653ts',
    11: 'bafy2bzaceay35go4xbjb45km6o46e5bib3bi46panhovcbedrynzwmm3drr4i',
    12: 'bafy2bzaceasjdukhhyjbegpli247vbf5h64f7uvxhhebdihuqsj2mwisdwa6o',
    13: 'bafy2bzacecn7uxgehrqbcs462ktl2h23u23cmduy2etqj6xrd6tkkja56fna4',
    14: 'bafy2bzacebwn7ymtozv5yz3x5hnxl4bds2grlgsk5kncyxjak3hqyhslb534m',
    15: 'bafy2bzacedlusqjwf7chvl2ve2fum5noyqrtjzcrzkhpbzpkg7puiru7dj4ug',
    16: 'bafy2bzaceclp3wfrwdjgh6c3gee5smwj3zmmrhb4fdbc4yfchfaia6rlljx5o',
    17: 'bafy2bzaceasvgkke3j4cs3xsxnjswpcdmokkvkiehzxzcgfox3ozlehimbuqk',
    18: 'bafy2bzaced35gjxagazf2fne5dakbok5abmivsh7cq7huwfuptebgwjmcpcf6',
    19: 'bafy2bzaced35gjxagazf2fne5dakbok5abmivsh7cq7huwfuptebgwjmcpcf6',
  },
  testing: {
    8: 'bafy2bzacedkjpqx27wgsvfxzuxfvixuxtbpt2y6yo6igcasez6gqiowron776',
    9: 'bafy2bzacecnnrmekqw2xvud46g3vo6x26cogh3ydgljqajlxqxzzbuxsjlwjm',
    10: 'bafy2bzacebsp3bkxwsijenqeimhvhtg52d6o76hn6qhzxveqfq7d5hdd5l2ee',
    11: 'bafy2bzacea2vxre32tg3xhpejrktiuzx4d3pcoe7yyazgscfibmegmchr6n42',
    12: 'bafy2bzaceaaxd6ytavsek5bi5soqo7qamezuqfyfjy42es2clpbzu3pwzcmye',
    13: 'bafy2bzacedg47dqxmtgzjch6i42kth72esd7w23gujyd6c6oppg3n6auag5ou',
    14: 'bafy2bzacebgc3zha33w7wggshqjeeomjnxfsqdezpt6e5w4tcqnfp42hvhqyy',
    15: 'bafy2bzacedio6qbcgxduz3y2zksor5dgyt3ieiugnugvsz6k2jdzwvugwahag',
    16: 'bafy2bzaceazq2v3l6w2vhch76v5y5krsif5zf65ctega6bll6yrsxavwoyrf2',
    17: 'bafy2bzaceb2ca5dv47npgrjww4aga4fvlvgykf34b7aq4ti5gfs2qqj2eif4w',
    18: 'bafy2bzacece6i7k26rjexzyedrr5qcag7xdntw72tdsealzy6qqdrankk4a7g',
    19: 'bafy2bzacece6i7k26rjexzyedrr5qcag7xdntw72tdsealzy6qqdrankk4a7g',
  },
  'testing-fake-proofs': {
    8: 'bafy2bzacecd3lb5v6tzjylnhnrhexslssyaozy6hogzgpkhztoe76exbrgrug',
    9: 'bafy2bzacecql2gj2tri4fnbznmldue73qzt6zszvugw4exd64mwb52zrhv7k2',
    10: 'bafy2bzacedwap2uuii4luljckrnb4vkur2unb6fyinn7xjie6xlva2wmlygj2',
    11: 'bafy2bzacecojemqglhzzhjnhgtrcbsgkyv67ziytvtbhwlr4ym4oxqofv7zui',
    12: 'bafy2bzacecver4l5d6jiuzubhrtcxjjfdx6jnxbmyp4bselol2atgkhz3e3um',
    13: 'bafy2bzaceaf7fz33sp2i5ag5xg5ompn3dwppqlbwfacrwuvzaqdbqrtni7m5q',
    14: 'bafy2bzacebca2c7r6m47fv5ojbzfgqxw74zxyzphlkxigj75q7vobbe6vm4x4',
    15: 'bafy2bzacea3jtzs4jz75ht3ncdyvabef4spz7w375ja7spp36yy3zwp5ji2wi',
    16: 'bafy2bzaceaauqnw45yfi6lh53gzxzx47tabzh7zart6eqr3eojp72vtzgs6tg',
    17: 'bafy2bzacedws3pjlpe4zm3pkgjvu6uovegk7osexwlpwkevkqulhqqqkic6b2',
    18: 'bafy2bzacebhqxufvuk42n44l2h3ilek5jrp7lgdyapnyu76j5ocgi5koxkh7u',
    19: 'bafy2bzacebhqxufvuk42n44l2h3ilek5jrp7lgdyapnyu76j5ocgi5koxkh7u',
  },
  caterpillarnet: {
    8: 'bafy2bzacebsdvrxmdajiyxq2mxxxppvg2zwvqjzz3pgbsxwh6pvdcjofpmnxw',
    9: 'bafy2bzacebsdvrxmdajiyxq2mxxxppvg2zwvqjzz3pgbsxwh6pvdcjofpmnxw',
    10: 'bafy2bzaceajftd7jawqnwf4kzkotksrwy6ag7mu2apkvypzrrmxboheuum5oi',
    11: 'bafy2bzacebexc2jgzwr5ngn6jdnkwdqwwmcapajuypdgvopoe6bnvp4yxm4o2',
    12: 'bafy2bzacebxiub6qsy67asvl5cx33x5vjbuqinalmf3xtnbmokxmmklzdkvei',
    13: 'bafy2bzacedu7kk2zngxp7y3lynhtaht6vgadgn5jzkxe5nuowtwzasnogx63w',
    14: 'bafy2bzacecr6g2co4zkdvrsbz2z7wh44o6hrl3rpbgnlhe52772hhjs43vxge',
    15: 'bafy2bzaceaw24gctg3dx6pzrymhggsp32c7mofjscwnylk4pzsqmilolygwhi',
    16: 'bafy2bzacedrq643mgak6w3nbmz3wvcgjrirdoq7y6l3xgwijgirffgaxf6yqg',
    17: 'bafy2bzaceautgoa57hap6oflau5du3d2hwgk45c76muyyxuqaj6amak2znllq',
    18: 'bafy2bzacebmy7xg5qcvxnlnu7vg32hdmgdn4jqljwnazdeetitesbovnlnctw',
    19: 'bafy2bzacebmy7xg5qcvxnlnu7vg32hdmgdn4jqljwnazdeetitesbovnlnctw',
  },
}

/** Release of filecoin-project/builtin-actors that holds a bundle. */
const releases: Readonly<Partial<Record<BundleName, Readonly<Record<number, string>>>>> = {
  mainnet: {
    9: 'v9.0.3',
    10: 'v10.0.0',
    11: 'v11.0.0',
    12: 'v12.0.0',
    13: 'v13.0.0',
    14: 'v14.0.0',
    15: 'v15.0.0',
    16: 'v16.0.1',
    17: 'v17.0.0',
    18: 'v18.0.0',
  },
  calibrationnet: {
    8: '8.0.0-rc.1',
    9: 'v9.0.3',
    10: 'v10.0.0-rc.1',
    11: 'v11.0.0-rc2',
    12: 'v12.0.0',
    13: 'v13.0.0',
    14: 'v14.0.0-rc.1',
    15: 'v15.0.0',
    16: 'v16.0.1',
    17: 'v17.0.0',
    18: 'v18.0.0',
  },
  butterflynet: { 17: 'v17.0.0', 18: 'v18.0.0' },
  devnet: {
    9: 'v9.0.3',
    10: 'v10.0.0',
    11: 'v11.0.0',
    12: 'v12.0.0',
    13: 'v13.0.0',
    14: 'v14.0.0-rc.1',
    15: 'v15.0.0-rc1',
    16: 'v16.0.1',
    17: 'v17.0.0',
    18: 'v18.0.0',
  },
}

/** A build that ran on a public network and was replaced by a fix; its code is in old states. */
export interface RetiredBundle {
  readonly bundle: BundleName
  readonly actorsVersion: number
  readonly manifest: string
  readonly release: string
}

/** Calibnet's release candidates (chain/consensus/filcns/upgrades.go, build/builtin_actors.go). */
export const retiredBundles: readonly RetiredBundle[] = [
  {
    bundle: 'calibrationnet',
    actorsVersion: 12,
    manifest: 'bafy2bzacedrunxfqta5skb7q7x32lnp4efz2oq7fn226ffm7fu5iqs62jkmvs',
    release: 'v12.0.0-rc.1',
  },
  {
    bundle: 'calibrationnet',
    actorsVersion: 12,
    manifest: 'bafy2bzacebl4w5ptfvuw6746w7ev562idkbf5ppq72e6zub22435ws2rukzru',
    release: 'v12.0.0-rc.2',
  },
  {
    bundle: 'calibrationnet',
    actorsVersion: 13,
    manifest: 'bafy2bzacea4firkyvt2zzdwqjrws5pyeluaesh6uaid246tommayr4337xpmi',
    release: 'v13.0.0-rc.3',
  },
  {
    bundle: 'calibrationnet',
    actorsVersion: 16,
    manifest: 'bafy2bzacebc7zpsrihpyd2jdcvmegbbk6yhzkifre3hxtoul5wdxxklbwitry',
    release: 'v16.0.0-rc3',
  },
]

export function isBundleName(text: string): text is BundleName {
  return (bundleNames as readonly string[]).includes(text)
}

/** CID of the manifest of a bundle; undefined for actors before version 8 and versions that do not exist. */
export function bundleManifestCid(bundle: BundleName, actorsVersion: number): CID | undefined {
  const text = manifests[bundle][actorsVersion]
  return text === undefined ? undefined : CID.parse(text)
}

/**
 * Where the CAR of a bundle, or a tar of all networks' CARs, can be downloaded, best first. Nothing that comes from there is
 * trusted: it has to hash to the manifest.
 */
export function bundleUrls(
  bundle: BundleName,
  actorsVersion: number,
  release = releases[bundle]?.[actorsVersion],
): readonly string[] {
  const file = `builtin-actors-${bundle}.car`
  return [
    ...(release === undefined
      ? []
      : [
          `https://github.com/filecoin-project/builtin-actors/releases/download/${release}/${file}`,
          `https://filecoin-actors.chainsafe.dev/${release}/${file}`,
        ]),
    `https://raw.githubusercontent.com/filecoin-project/lotus/master/build/actors/v${actorsVersion}.tar.zst`,
  ]
}

/** The builds that a network runs: what the bundle store needs of a network. */
export interface BundleCatalog {
  /** The network's name, for messages. */
  readonly network: string
  /** What release files are called after. */
  readonly bundle: BundleName
  /** Versions of the actors that there are, ascending. */
  readonly versions: readonly number[]
  manifestCid(actorsVersion: number): CID | undefined
  urls(actorsVersion: number, release?: string): readonly string[]
}

export function bundleCatalog(network: { readonly name: string; readonly bundle: BundleName }): BundleCatalog {
  const { name, bundle } = network
  return {
    network: name,
    bundle,
    versions: Object.keys(manifests[bundle]).map(Number),
    manifestCid: (version) => bundleManifestCid(bundle, version),
    urls: (version, release) => bundleUrls(bundle, version, release),
  }
}
