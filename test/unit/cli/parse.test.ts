import t from 'tap'
import { parseAddress, parseBytes, parseCid, parseDuration, parseFil, parseInteger } from '../../../src/cli/parse.ts'

const wrong = { code: 'CLI_USAGE' }

t.test('addresses', async (t) => {
  for (const address of [
    'f01',
    't01000',
    't1pijdehw2pvndklg4xzyki7ydlgeowp7niuhysby',
    't3upqr55ff7gwifjqbci64tsk5m3wfzhes6grgjm57xqsbnvllnic5tgomkfzm6knfufisi6rqv65g57lxgqmq',
    't410fw7ym5ox272yxk2v4trj5bpio4q6ctsncocl5xdq',
  ])
    t.equal(parseAddress(address, '<a>'), address)
  for (const address of [
    '',
    'f',
    'f0',
    'x01',
    'f5abc',
    'f0-1',
    't1PIJDEHW',
    'f01 ',
    '0x1234567890123456789012345678901234567890',
  ])
    t.throws(() => parseAddress(address, '<a>'), wrong, address)
})

t.test('CIDs', async (t) => {
  const cid = 'bafy2bzacedlpp2en2btw22i5fcrqhtl365y63x4d5m2yhvinwimvstsdmy5ke'
  t.same(parseCid(cid, '<c>'), { '/': cid })
  for (const text of ['', 'bafy', 'xyz', `${cid}!`, 'b'.repeat(400)]) t.throws(() => parseCid(text, '<c>'), wrong, text)
})

t.test('integers', async (t) => {
  t.equal(parseInteger('0', '<n>'), 0)
  t.equal(parseInteger('9007199254740991', '<n>'), Number.MAX_SAFE_INTEGER)
  for (const text of ['', '-1', '1.5', '1e3', '0x10', '9007199254740993', '99999999999999999999', ' 1'])
    t.throws(() => parseInteger(text, '<n>'), wrong, text)
  t.throws(() => parseInteger('0', '<n>', 1), wrong)
})

t.test('amounts', async (t) => {
  t.equal(parseFil('0', '<v>'), '0')
  t.equal(parseFil('1', '<v>'), '1000000000000000000')
  t.equal(parseFil('1.5 FIL', '<v>'), '1500000000000000000')
  t.equal(parseFil('.5', '<v>'), '500000000000000000')
  t.equal(parseFil('7attofil', '<v>'), '7')
  t.equal(parseFil('7 aFIL', '<v>'), '7')
  t.equal(parseFil('-2', '<v>'), '-2000000000000000000')
  t.equal(parseFil('0.1000000000000000000000', '<v>'), '100000000000000000')
  for (const text of ['', '.', 'x', '1 USD', '1.5attofil', '0.0000000000000000001', '1'.repeat(51), '--1', '1e18'])
    t.throws(() => parseFil(text, '<v>'), wrong, text)
})

t.test('bytes', async (t) => {
  t.equal(parseBytes('hFg=', 'base64', '<p>'), 'hFg=')
  t.equal(parseBytes('8458', 'hex', '<p>'), 'hFg=')
  t.equal(parseBytes('', 'base64', '<p>'), '')
  t.throws(() => parseBytes('hFg', 'base64', '<p>'), wrong)
  t.throws(() => parseBytes('845', 'hex', '<p>'), wrong)
  t.throws(() => parseBytes('zz', 'hex', '<p>'), wrong)
  t.throws(() => parseBytes('8458', 'utf8', '<p>'), wrong)
})

t.test('durations', async (t) => {
  t.equal(parseDuration('30s', '<d>'), 30_000)
  t.equal(parseDuration('1h30m', '<d>'), 5_400_000)
  t.equal(parseDuration('500ms', '<d>'), 500)
  t.equal(parseDuration('1.5s', '<d>'), 1500)
  for (const text of ['', '30', 's', '1x', '1h 30m', '-1s']) t.throws(() => parseDuration(text, '<d>'), wrong, text)
})
