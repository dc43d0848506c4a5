import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { expandHome, readEnvironment } from '../../../src/cli/environment.ts'

t.test('the repository: NELUMBO_PATH before LOTUS_PATH before the default', async (t) => {
  const HOME = '/home/u'
  t.equal(readEnvironment({ HOME }).repo, '/home/u/.lotus')
  t.equal(readEnvironment({ HOME, LOTUS_PATH: '~/l' }).repo, '/home/u/l')
  t.equal(readEnvironment({ HOME, LOTUS_PATH: '/l', NELUMBO_PATH: '/n' }).repo, '/n')
  t.equal(readEnvironment({ HOME, LOTUS_PATH: '/l', NELUMBO_PATH: '' }).repo, '/l')
})

t.test('settings of the config are told from other variables', async (t) => {
  const env = readEnvironment({ LOTUS_PATH: '/l', LOTUS_API_LISTENADDRESS: 'x', LOTUS_FEVM_ENABLEETHRPC: 'true', OTHER: 'y' })
  t.same(env.config, { LOTUS_API_LISTENADDRESS: 'x', LOTUS_FEVM_ENABLEETHRPC: 'true' })
})

t.test('empty variables count as unset', async (t) => {
  const env = readEnvironment({ HOME: '/h', FULLNODE_API_INFO: '', GOLOG_LOG_LEVEL: '', NO_COLOR: '' })
  t.equal(env.apiInfo, undefined)
  t.equal(env.logLevel, undefined)
  t.equal(env.noColor, false)
  const limited = readEnvironment({ HOME: '/home/me', LOTUS_RECOVERING_SECTOR_LIMIT: '12' })
  t.same([limited.recoveringSectorLimit, limited.config], ['12', {}], 'no setting of the config file')
  t.equal(env.cacheDir, '/h/.cache/nelumbo')
})

t.test('where actor bundles may be', async (t) => {
  const HOME = '/h'
  const none = '/nowhere/at/all'
  t.same(readEnvironment({ HOME, NELUMBO_SHARED_DATA: none }).bundleFolders, [])
  t.same(readEnvironment({ HOME, NELUMBO_SHARED_DATA: none, NELUMBO_BUNDLES: '~/b' }).bundleFolders, ['/h/b'])
  const data = mkdtempSync(join(tmpdir(), 'nelumbo-data-'))
  t.teardown(() => rmSync(data, { recursive: true }))
  mkdirSync(join(data, 'actors'))
  const both = readEnvironment({ HOME, NELUMBO_SHARED_DATA: data, NELUMBO_BUNDLES: '/b' }).bundleFolders
  t.same(both, ['/b', join(data, 'actors')])
})

t.test('expandHome', async (t) => {
  t.equal(expandHome('~', '/h'), '/h')
  t.equal(expandHome('~/a', '/h'), '/h/a')
  t.equal(expandHome('/a', '/h'), '/a')
  t.equal(expandHome('~user/a', '/h'), `${process.cwd()}/~user/a`)
})
