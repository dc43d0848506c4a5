import { t } from 'tap'
import { NodeError } from '../../../src/lib/errors.ts'
import { configureLogging, getLogger, logLevelOf, logSystems, setLogLevel } from '../../../src/lib/log.ts'

const lines: string[] = []
const take = () => lines.splice(0)
const write = (text: string) => void lines.push(text)

t.test('levels by subsystem', async (t) => {
  configureLogging({ format: 'json', level: 'info', write })
  const a = getLogger('t-chain')
  const b = getLogger('t-net')
  t.equal(getLogger('t-chain'), a)
  a.debug('unseen')
  a.info('seen', { height: 5n, cid: { toString: () => 'bafy' } })
  t.same(
    take().map((l) => {
      const { time, ...rest } = JSON.parse(l)
      t.type(time, 'number')
      return rest
    }),
    [{ level: 'info', system: 't-chain', height: '5', cid: 'bafy', msg: 'seen' }],
  )
  setLogLevel('t-chain', 'DEBUG')
  t.equal(logLevelOf('t-chain'), 'debug')
  a.debug('now')
  b.debug('not')
  t.equal(take().length, 1)
  setLogLevel('*', 'error')
  a.warn('no')
  b.error('yes')
  t.equal(take().length, 1)
  t.equal(getLogger('t-later').enabled('warn'), false, 'new subsystems take the level of all')
  t.ok(logSystems().includes('t-net'))
  t.throws(() => setLogLevel('t-chain', 'loud'), { code: 'LOG_LEVEL', message: /"loud" is not a log level/ })
  t.throws(() => setLogLevel('t-nobody', 'info'), { code: 'LOG_SYSTEM', message: /"t-nobody"/ })
  setLogLevel('t-chain', 'dpanic')
  t.equal(logLevelOf('t-chain'), 'error')
})

t.test('secrets, bytes and long things stay out', async (t) => {
  configureLogging({ format: 'json', level: 'info', write })
  const log = getLogger('t-wallet')
  log.info('key', {
    apiToken: 'abc',
    PrivateKey: 'abc',
    nested: { secret: 'abc', ok: 1 },
    key: new Uint8Array(32),
    list: Array(30).fill(1),
    text: 'x'.repeat(5000),
  })
  const text = take().join('')
  t.notMatch(text, /abc/)
  const line = JSON.parse(text)
  t.equal(line.key, '32 bytes')
  t.equal(line.nested.ok, 1)
  t.equal(line.list.at(-1), '… 10 more')
  t.equal(line.text.length, 2049)
})

t.test('an error brings its code and its fields', async (t) => {
  configureLogging({ format: 'json', level: 'info', write })
  const cause = new Error('no space')
  getLogger('t-store').error('write failed', { path: '/x' }, new NodeError('STORE_X', 'it broke', { cause, fields: { n: 2n } }))
  const { time: _, ...line } = JSON.parse(take().join(''))
  t.same(line, {
    level: 'error',
    system: 't-store',
    path: '/x',
    n: '2',
    error: 'it broke: no space',
    code: 'STORE_X',
    msg: 'write failed',
  })
})

t.test('lines for people are one line', async (t) => {
  configureLogging({ format: 'plain', level: 'info', write })
  getLogger('t-p2p').warn('peer said\nhello\x1b[2J', { agent: 'a b', n: 3, evil: 'x\ny' })
  t.match(take().join(''), /^\d{4}-\d\d-\d\dT[\d:.]+Z WARN {2}t-p2p peer said\\nhello\\u001b\[2J agent="a b" n=3 evil="x\\ny"\n$/)
  configureLogging({ format: 'pretty', level: 'info', write })
  getLogger('t-p2p').info('hi')
  t.match(take().join(''), '\x1b[32mINFO \x1b[0m t-p2p hi\n')
})
