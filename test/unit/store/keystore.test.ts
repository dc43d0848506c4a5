import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { t } from 'tap'
import { Keystore } from '../../../src/store/keystore.ts'

const key = (n: number) => ({ type: 'bls', privateKey: new Uint8Array(32).fill(n) })

t.test('keys as Lotus keeps them', async (t) => {
  const root = t.testdir({ keystore: {} })
  const folder = join(root, 'keystore')
  const store = new Keystore(folder, root)
  t.same(await store.list(), [])
  await store.put('auth-jwt-private', { type: 'jwt-hmac-secret', privateKey: Uint8Array.of(1, 2, 3) })
  // The file name that Lotus's documentation gives for this key.
  const path = join(folder, 'MF2XI2BNNJ3XILLQOJUXMYLUMU')
  t.equal(readFileSync(path, 'utf8'), '{"Type":"jwt-hmac-secret","PrivateKey":"AQID"}')
  t.equal(statSync(path).mode & 0o777, 0o600)
  t.same(await store.get('auth-jwt-private'), { type: 'jwt-hmac-secret', privateKey: Uint8Array.of(1, 2, 3) })

  await store.put('wallet-t1abc', key(1))
  await t.rejects(store.put('wallet-t1abc', key(2)), {
    code: 'KEYSTORE_EXISTS',
    message: 'The keystore already holds a key called "wallet-t1abc".',
  })
  t.same(await store.get('wallet-t1abc'), key(1), 'the first stays')
  await store.replace('default', key(1))
  await store.replace('default', key(2))
  t.same(await store.get('default'), key(2))
  t.same(await store.list(), ['auth-jwt-private', 'default', 'wallet-t1abc'])
  t.equal(readdirSync(root).length, 1, 'no unfinished files')
})

t.test('a deleted key of the wallet is kept aside', async (t) => {
  const root = t.testdir({ keystore: {} })
  const store = new Keystore(join(root, 'keystore'), root)
  for (const n of [1, 2, 3]) {
    await store.put('wallet-t1abc', key(n))
    await store.delete('wallet-t1abc')
  }
  t.same(await store.list(), ['trash-t1abc', 'trash-t1abc-1', 'trash-t1abc-2'])
  t.same(await store.get('trash-t1abc-2'), key(3))
  await store.put('default', key(1))
  await store.delete('default')
  t.equal(await store.has('default'), false)
  await t.rejects(store.delete('wallet-t1abc'), { code: 'KEYSTORE_NOT_FOUND', message: /no key called "wallet-t1abc"/ })
  await t.rejects(store.get('default'), { code: 'KEYSTORE_NOT_FOUND' })
})

t.test('what is refused', async (t) => {
  const root = t.testdir({ keystore: {} })
  const folder = join(root, 'keystore')
  const store = new Keystore(folder, root)
  await store.put('default', key(7))
  const path = join(folder, readdirSync(folder)[0] as string)
  for (const mode of [0o640, 0o604, 0o660]) {
    chmodSync(path, mode)
    await t.rejects(store.get('default'), {
      code: 'KEYSTORE_PERMISSIONS',
      message: new RegExp(`mode 0${mode.toString(8)}, not 0600`),
    })
    await t.rejects(store.list(), { code: 'KEYSTORE_PERMISSIONS' })
  }
  chmodSync(path, 0o400)
  t.same(await store.get('default'), key(7))
  chmodSync(path, 0o600)
  const material = 'BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc='
  for (const text of [
    `{"Type":"bls","PrivateKey":"${material}"`,
    `{"PrivateKey":"${material}"}`,
    `{"Type":"bls","PrivateKey":"${material}!"}`,
    '',
    '[]',
    `"${material}"`,
  ]) {
    writeFileSync(path, text, { mode: 0o600 })
    const error = (await store.get('default').catch((e: unknown) => e)) as Error & { code?: string }
    t.equal(error.code, 'KEYSTORE_FORMAT', text.slice(0, 10))
    t.notMatch(String(error.stack) + String(error.cause), /BwcH/, 'no key material in the message')
  }
  writeFileSync(path, `{"Type":2,"PrivateKey":"${material}"}`)
  t.same(await store.get('default'), key(7), 'numbers of old files are understood')
  writeFileSync(path, 'x'.repeat(70_000))
  await t.rejects(store.get('default'), { code: 'KEYSTORE_FORMAT', message: /too long/ })
  writeFileSync(join(folder, 'notes.txt'), '')
  await t.rejects(store.list(), { code: 'KEYSTORE_FORMAT', message: /notes.txt is not a key/ })
})

t.test('an interrupted write leaves the old key', async (t) => {
  const root = t.testdir({ keystore: {} })
  const store = new Keystore(join(root, 'keystore'), join(root, 'missing'))
  await t.rejects(store.put('default', key(1)), { code: 'ENOENT' })
  t.same(await store.list(), [])
  mkdirSync(join(root, 'missing'))
  await store.put('default', key(1))
  t.ok(existsSync(join(root, 'missing')))
  t.same(await store.get('default'), key(1))
})
