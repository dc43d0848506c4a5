import t from 'tap'
import { normalizeArgv } from '../../../src/cli/argv.ts'
import { commands } from '../../../src/cli/commands/index.ts'
import { flagNames } from '../../../src/cli/program.ts'

const names = { bools: new Set(['bootstrap', 'json', 'no-comment']), valued: new Set(['repo', 'height']) }
const read = (...argv: string[]) => normalizeArgv(argv, names)

t.test('booleans take a value after an equals sign', async (t) => {
  for (const yes of ['true', 'TRUE', 't', '1']) t.same(read(`--bootstrap=${yes}`), ['--bootstrap'], yes)
  for (const no of ['false', 'False', 'f', '0']) t.same(read(`--bootstrap=${no}`), ['--no-bootstrap'], no)
  t.same(read('--no-comment=false'), ['--comment'])
  for (const wrong of ['', 'yes', 'maybe', '2']) t.throws(() => read(`--bootstrap=${wrong}`), { code: 'CLI_USAGE' }, wrong)
})

t.test('one dash is enough for a long name that is known', async (t) => {
  t.same(read('-json', '-repo', '/x', '-repo=/y'), ['--json', '--repo', '/x', '--repo=/y'])
  t.same(read('-unknown', '-r'), ['-unknown', '-r'])
})

t.test('values and what follows a double dash are left alone', async (t) => {
  t.same(read('--height=7', 'a=b', '--', '--bootstrap=false'), ['--height=7', 'a=b', '--', '--bootstrap=false'])
  t.same(read('--repo=a=b'), ['--repo=a=b'])
})

t.test('a flag means what it means for the command that is named', async (t) => {
  const height = (...argv: string[]) => flagNames(commands, argv).bools.has('height')
  t.equal(height('chain', 'head'), true)
  t.equal(height('--repo', 'chain', 'chain', 'head'), true)
  t.equal(height('chain', 'list'), false)
  t.equal(flagNames(commands, ['chain', 'love']).valued.has('epoch'), true)
  t.equal(flagNames(commands, ['daemon']).bools.has('bootstrap'), true)
})
