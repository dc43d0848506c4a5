import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { tryLockFile } from '../../../src/lib/file-lock.ts'

const module = new URL('../../../src/lib/file-lock.ts', import.meta.url).href

/** Whether another process finds the file locked. */
function isLocked(path: string): boolean {
  const script = `const { tryLockFile } = await import(${JSON.stringify(module)})
    console.log(tryLockFile(process.argv[1]) === undefined)`
  const flags = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e']
  const { stdout, stderr } = spawnSync(process.execPath, [...flags, script, path], { encoding: 'utf8' })
  if (!/^(true|false)\n$/.test(stdout)) throw new Error(stderr)
  return stdout === 'true\n'
}

t.test('a lock holds until it is given back, also when nobody keeps what gives it back', async (t) => {
  const folder = t.testdir({})
  const kept = join(folder, 'kept')
  const dropped = join(folder, 'dropped')
  const release = tryLockFile(kept)
  tryLockFile(dropped)
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  for (let i = 0; i < 3; i++) {
    gc()
    await new Promise((resolve) => setImmediate(resolve))
  }
  t.ok(isLocked(dropped))
  t.ok(isLocked(kept))
  t.equal(tryLockFile(kept), undefined, 'not twice in one process either')
  release?.()
  t.notOk(isLocked(kept))
  release?.()
  const again = tryLockFile(kept)
  t.ok(isLocked(kept))
  again?.()
})

t.test('what cannot be locked is named', async (t) => {
  const path = join(t.testdir({}), 'nowhere', 'lock')
  t.throws(() => tryLockFile(path), { code: 'FILE_LOCK', message: `${path} cannot be locked: unable to open database file.` })
})
