import { createHmac } from 'node:crypto'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loadOrCreateSecret, TokenAuth } from '../../../src/rpc/auth.ts'
import { Keystore } from '../../../src/store/keystore.ts'

const secret = new Uint8Array(32).fill(7)
const auth = new TokenAuth(secret)

function forge(header: unknown, payload: unknown, key: Uint8Array = secret): string {
  const enc = (v: unknown): string => Buffer.from(typeof v === 'string' ? v : JSON.stringify(v)).toString('base64url')
  const body = `${enc(header)}.${enc(payload)}`
  return `${body}.${createHmac('sha256', key).update(body).digest('base64url')}`
}

t.test('tokens say what they allow', (t) => {
  const token = auth.create(['read', 'write', 'sign', 'admin'])
  // The header and payload as Lotus writes them.
  t.ok(token.startsWith('eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJBbGxvdyI6WyJyZWFkIiwid3JpdGUiLCJzaWduIiwiYWRtaW4iXX0.'))
  t.same(auth.verify(token), ['read', 'write', 'sign', 'admin'])
  t.same(auth.verify(auth.create(['sign'])), ['sign'])
  t.same(auth.verify(auth.create([])), [])
  t.end()
})

t.test('the example of RFC 7515, appendix A.1', (t) => {
  const key = 'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow'
  const token =
    'eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
  const rfc = new TokenAuth(new Uint8Array(Buffer.from(key, 'base64url')))
  t.same(rfc.verify(token, 1_300_819_379), [])
  t.throws(() => rfc.verify(token, 1_300_819_380), { message: 'JWT Verification failed: the token has expired' })
  t.throws(() => auth.verify(token, 1_300_819_379), { message: 'JWT Verification failed: the signature is wrong' })
  t.end()
})

t.test('tokens that do not count', (t) => {
  const good = auth.create(['admin'])
  const [head, payload, signature] = good.split('.') as [string, string, string]
  const header = { alg: 'HS256', typ: 'JWT' }
  const bad = (token: string): void => {
    t.throws(() => auth.verify(token, 1000), { code: 'RPC_TOKEN' })
  }
  bad('')
  bad('a.b')
  bad(`${good}.x`)
  bad(`${head}.${payload}.`)
  bad(`${head}.${payload}.${signature.slice(0, -4)}`)
  bad(`${head}.${Buffer.from('{"Allow":["admin","sign"]}').toString('base64url')}.${signature}`)
  bad(forge(header, { Allow: ['admin'] }, new Uint8Array(32).fill(8)))
  bad(forge({ alg: 'none' }, { Allow: ['admin'] }))
  bad(forge({ alg: 'HS512' }, { Allow: ['admin'] }))
  bad(forge(header, 'not json'))
  bad(forge(header, { Allow: ['admin'], exp: 999 }))
  bad(forge(header, { Allow: ['admin'], nbf: 1001 }))
  bad('x'.repeat(100_000))
  t.same(auth.verify(forge(header, { Allow: ['admin'], exp: 1001, nbf: 1000 }), 1000), ['admin'])
  t.same(auth.verify(forge(header, { Allow: ['admin', 'root', 1, 'read'] })), ['read', 'admin'])
  t.same(auth.verify(forge(header, { Allow: 'admin' })), [])
  t.throws(() => new TokenAuth(new Uint8Array(8)), { code: 'RPC_SECRET' })
  t.end()
})

t.test('the secret lies in the keystore in Lotus form', async (t) => {
  const folder = t.testdir()
  const keystore = new Keystore(folder, folder)
  const first = await loadOrCreateSecret(keystore)
  t.equal(first.created, true)
  t.equal(first.secret.length, 32)
  const path = join(folder, 'MF2XI2BNNJ3XILLQOJUXMYLUMU')
  t.equal(statSync(path).mode & 0o777, 0o600)
  t.same(JSON.parse(readFileSync(path, 'utf8')), {
    Type: 'jwt-hmac-secret',
    PrivateKey: Buffer.from(first.secret).toString('base64'),
  })
  t.same(await loadOrCreateSecret(keystore), { secret: first.secret, created: false })
  writeFileSync(path, '{"Type":"bls","PrivateKey":"AA=="}')
  await t.rejects(loadOrCreateSecret(keystore), { code: 'RPC_SECRET' })
})

t.test('processes that start at once agree on the secret', async (t) => {
  const folder = t.testdir()
  const all = await Promise.all(Array.from({ length: 8 }, () => loadOrCreateSecret(new Keystore(folder, folder))))
  t.equal(all.filter((s) => s.created).length, 1)
  for (const s of all) t.same(s.secret, all[0]?.secret)
})
