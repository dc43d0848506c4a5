import { t } from 'tap'
import { checkFullNodeConfig, fullNodeConfig, unsupportedSettings } from '../../../../src/store/config/full-node.ts'
import { printConfig } from '../../../../src/store/config/print.ts'
import { readConfig } from '../../../../src/store/config/read.ts'
import { defaultsOf, isSection, type Section } from '../../../../src/store/config/schema.ts'
import { FIL } from '../../../../src/types/scalars.ts'

const read = (text?: string, env: Record<string, string> = {}) => readConfig(fullNodeConfig, { text, path: 'c.toml', env })
const state = '[Chainstore]\nEnableSplitstore = true\n'

t.test("defaults are Lotus's", async (t) => {
  const { config, warnings } = read()
  t.same(warnings, [])
  t.same(config, defaultsOf(fullNodeConfig))
  t.same(Object.keys(config), [
    'API',
    'Backup',
    'Logging',
    'Libp2p',
    'Pubsub',
    'Wallet',
    'Fees',
    'Chainstore',
    'Fevm',
    'Events',
    'ChainIndexer',
    'FaultReporter',
    'PaymentChannels',
  ])
  t.equal(config.API.ListenAddress, '/ip4/127.0.0.1/tcp/1234/http')
  t.equal(config.API.Timeout, 30_000)
  t.equal(config.Fees.DefaultMaxFee, 70_000_000_000_000_000n)
  t.same(config.Chainstore.Caches, { BlockBytes: 256 * 1024 * 1024, IndexBytes: 64 * 1024 * 1024 })
  t.equal(config.Chainstore.Splitstore.HotStoreMaxSpaceTarget, 650_000_000_000)
  t.same([config.Libp2p.ConnMgrLow, config.Libp2p.ConnMgrHigh, config.Libp2p.ConnMgrGrace], [150, 180, 20_000])
  t.same(
    [config.Events.MaxFilters, config.Events.MaxFilterResults, config.Events.MaxFilterHeightRange, config.Events.FilterTTL],
    [100, 10_000, 2880, 3_600_000],
  )
  t.same(
    [config.Fevm.EnableEthRPC, config.ChainIndexer.EnableIndexer, config.ChainIndexer.MaxReconcileTipsets],
    [false, false, 8640],
  )
  checkFullNodeConfig(config)
})

t.test('the text of a new file', async (t) => {
  const text = printConfig(fullNodeConfig)
  const active = text
    .split('\n')
    .map((l) => l.trim())
    .filter((l) => l !== '' && !l.startsWith('#') && !l.startsWith('['))
  t.same(active, ['EnableSplitstore = true'], 'everything else is commented out')
  t.match(text, '  # type: Duration\n  # env var: LOTUS_API_TIMEOUT\n  #Timeout = "30s"\n')
  t.match(text, '  # env var: LOTUS_FEES_DEFAULTMAXFEE\n  #DefaultMaxFee = "0.07 FIL"\n')
  t.match(text, '  #FilterTTL = "1h0m0s"')
  t.match(text, '  [Chainstore.Splitstore]\n')
  t.same(read(text), { config: defaultsOf(fullNodeConfig), warnings: [] })
  const uncommented = printConfig(fullNodeConfig, undefined, { comments: false })
  t.notMatch(uncommented, '#')
  t.same(read(uncommented).config, defaultsOf(fullNodeConfig), 'all defaults written out read back')
})

t.test('every setting says what it does', async (t) => {
  const walk = (section: Section, path: string): void => {
    for (const [key, entry] of Object.entries(section.settings)) {
      if (isSection(entry)) walk(entry, `${path}${key}.`)
      else t.ok(entry.doc.join('').length > 20, path + key)
    }
  }
  walk(fullNodeConfig, '')
})

t.test('changed values survive an update', async (t) => {
  const text = `
[api]
  listenaddress = "/ip4/0.0.0.0/tcp/9/http"
[Logging.SubsystemLevels]
  chain = "DEBUG"
  "odd.name" = "WARN"
[Libp2p]
  AnnounceAddresses = ["/dns4/x/tcp/1", 'a"b']
  ConnMgrGrace = "1m30s"
[Fees]
  DefaultMaxFee = "1 attofil"
[Chainstore]
  EnableSplitstore = false
  [Chainstore.Splitstore]
    ColdStoreType = "universal"
`
  const { config, warnings } = read(text)
  t.same(warnings, [])
  t.equal(config.API.ListenAddress, '/ip4/0.0.0.0/tcp/9/http', 'case does not count')
  t.same(config.Logging.SubsystemLevels, { chain: 'DEBUG', 'odd.name': 'WARN' })
  t.equal(config.Libp2p.ConnMgrGrace, 90_000)
  t.equal(config.Fees.DefaultMaxFee, 1n)
  t.equal(config.Chainstore.EnableSplitstore, false)
  for (const comments of [true, false])
    t.same(read(printConfig(fullNodeConfig, config, { comments })).config, config, `comments ${comments}`)
  t.match(printConfig(fullNodeConfig, config), '\n  ListenAddress = "/ip4/0.0.0.0/tcp/9/http"\n')
  t.match(printConfig(fullNodeConfig, config), '\n  #Timeout = "30s"\n')
})

t.test('the environment overrides the file', async (t) => {
  const { config } = read(state, {
    LOTUS_API_TIMEOUT: '5m',
    LOTUS_CHAINSTORE_ENABLESPLITSTORE: '0',
    LOTUS_CHAINSTORE_SPLITSTORE_HOTSTOREFULLGCFREQUENCY: '7',
    LOTUS_FEES_DEFAULTMAXFEE: '2 FIL',
    LOTUS_LIBP2P_BOOTSTRAPPEERS: '/a,/b',
    LOTUS_LOGGING_SUBSYSTEMLEVELS: 'chain:DEBUG,net:WARN',
    LOTUS_FEVM_ENABLEETHRPC: 'true',
    UNRELATED: 'x',
  })
  t.equal(config.API.Timeout, 300_000)
  t.equal(config.Chainstore.EnableSplitstore, false)
  t.equal(config.Chainstore.Splitstore.HotStoreFullGCFrequency, 7)
  t.equal(config.Fees.DefaultMaxFee, 2n * FIL)
  t.same(config.Libp2p.BootstrapPeers, ['/a', '/b'])
  t.same(config.Logging.SubsystemLevels, { chain: 'DEBUG', net: 'WARN' })
  const refuse = (name: string, value: string, message: RegExp) =>
    t.throws(() => read(state, { [name]: value }), { code: 'CONFIG_VALUE', message })
  refuse(
    'LOTUS_API_TIMEOUT',
    'soon',
    /^The environment variable LOTUS_API_TIMEOUT must be a duration as "30s" or "1h30m", not "soon"\.$/,
  )
  refuse('LOTUS_FEVM_ENABLEETHRPC', 'yes', /must be true or false/)
  refuse('LOTUS_LIBP2P_CONNMGRLOW', '-1', /must be 0 or more/)
  refuse('LOTUS_LIBP2P_CONNMGRLOW', '1e3', /must be a whole number/)
  refuse('LOTUS_LOGGING_SUBSYSTEMLEVELS', 'chain', /must be written as name:value/)
})

t.test('mistakes name the line and the key', async (t) => {
  const refuse = (text: string, message: RegExp | string, code = 'CONFIG_VALUE') => t.throws(() => read(text), { code, message })
  refuse(`${state}[API]\nTimeout = 30\n`, 'c.toml:4: API.Timeout must be a duration in quotes, as "30s".')
  refuse(`${state}[API]\nTimeout = "soon"\n`, 'c.toml:4: API.Timeout must be a duration as "30s" or "1h30m", not "soon".')
  refuse(`${state}[Libp2p]\n\nConnMgrLow = -1`, 'c.toml:5: Libp2p.ConnMgrLow must be 0 or more.')
  refuse(`${state}[Libp2p]\nConnMgrLow = 1.5`, 'c.toml:4: Libp2p.ConnMgrLow must be a whole number up to 9007199254740991.')
  refuse(`${state}[Libp2p]\nConnMgrLow = 9223372036854775807`, /c.toml:4: Libp2p.ConnMgrLow must be a whole number up to/)
  refuse(`${state}[Libp2p]\nListenAddresses = "x"`, 'c.toml:4: Libp2p.ListenAddresses must be a list of texts.')
  refuse(`${state}[Fees]\nDefaultMaxFee = "1 EUR"`, 'c.toml:4: Fees.DefaultMaxFee must be an amount as "0.07 FIL", not "1 EUR".')
  refuse(`${state}[Logging.SubsystemLevels]\nchain = 1`, /Logging.SubsystemLevels must hold texts in quotes, but "chain" is none/)
  refuse(
    `${state}[Chainstore.Splitstore]\nColdStoreType = "disc"`,
    'c.toml:4: Chainstore.Splitstore.ColdStoreType must be one of "discard", "messages", "universal".',
  )
  refuse(`API = 3\n${state}`, 'c.toml:1: API must be a section.')
  refuse('x\n', /^c.toml:1: this is not TOML/, 'CONFIG_SYNTAX')
  refuse(`${state}[API\n`, /^c.toml:3: this is not TOML/, 'CONFIG_SYNTAX')
  refuse(
    '[API]\n',
    'c.toml must say Chainstore.EnableSplitstore: the default (true) removes old state; state it, or set it to false to keep everything.',
    'CONFIG_MUST_STATE',
  )
  t.equal(
    readConfig(fullNodeConfig, { text: '', env: { LOTUS_CHAINSTORE_ENABLESPLITSTORE: 'false' } }).config.Chainstore
      .EnableSplitstore,
    false,
  )
})

t.test('unknown keys only warn', async (t) => {
  const { warnings } = read(`${state}[API]\nListenAdress = "x"\n[Pubsub]\nRemoteTracer = ""\n[Nonsense]\na = 1\n`)
  t.same(warnings, [
    'c.toml:4: API.ListenAdress is not a known setting.',
    'c.toml:6: Pubsub.RemoteTracer has no effect in this node.',
    'c.toml:7: Nonsense is not a known setting.',
  ])
})

t.test('settings that contradict each other', async (t) => {
  const check = (text: string) => () => checkFullNodeConfig(read(state + text).config)
  t.throws(check('[Fevm]\nEnableEthRPC = true'), {
    code: 'CONFIG_VALUE',
    message: /needs the index: set ChainIndexer.EnableIndexer/,
  })
  t.throws(check('[Events]\nEnableActorEventsAPI = true'), { code: 'CONFIG_VALUE', message: /needs the index/ })
  t.doesNotThrow(check('[Fevm]\nEnableEthRPC = true\n[ChainIndexer]\nEnableIndexer = true'))
  t.throws(check('[ChainIndexer]\nGCRetentionEpochs = 2879'), { message: /must be 0 or at least 2880, not 2879/ })
  t.throws(check('[ChainIndexer]\nGCRetentionEpochs = -1'), { message: /not -1/ })
  t.doesNotThrow(check('[Chainstore.Caches]\nBlockBytes = 0\nIndexBytes = 4398046511104'))
  t.throws(check('[Chainstore.Caches]\nBlockBytes = 4398046511105'), {
    message: /Caches.BlockBytes must be at most 4398046511104/,
  })
  t.throws(check('[Libp2p]\nConnMgrLow = 200'), { message: /must not be greater than/ })
})

t.test('keys elsewhere are not passed over in silence', async (t) => {
  const { config } = read(`${state}[Wallet]\nRemoteBackend = "token:/ip4/10.0.0.1/tcp/1777/http"`)
  t.throws(() => checkFullNodeConfig(config), {
    code: 'CONFIG_VALUE',
    message: /RemoteBackend names a remote wallet, which this version/,
  })
  t.same(unsupportedSettings(read(state).config), [])
  const ledger = read(`${state}[Wallet]\nEnableLedger = true`).config
  t.doesNotThrow(() => checkFullNodeConfig(ledger))
  t.match(unsupportedSettings(ledger), [/^Wallet.EnableLedger is set, but this version does not support Ledger/])
})
