import t from 'tap'
import { listenMultiaddr, parseApiInfo } from '../../../src/rpc/api-info.ts'

t.test('addresses that Lotus takes', (t) => {
  const cases: readonly [string, string, string | undefined][] = [
    // From Lotus cli/util/apiinfo_test.go's forms.
    ['/ip4/127.0.0.1/tcp/1234/http', 'http://127.0.0.1:1234', undefined],
    ['eyJhbGciOi.eyJBbGxvdyI6.mN-x_Y:/ip4/127.0.0.1/tcp/1234/http', 'http://127.0.0.1:1234', 'eyJhbGciOi.eyJBbGxvdyI6.mN-x_Y'],
    ['/ip4/0.0.0.0/tcp/1234', 'http://127.0.0.1:1234', undefined],
    ['/ip6/::1/tcp/1234/http', 'http://[::1]:1234', undefined],
    ['tok:/ip6/2001:db8::1/tcp/80/ws', 'http://[2001:db8::1]:80', 'tok'],
    ['/dns/node.example/tcp/443/wss', 'https://node.example:443', undefined],
    ['/dns4/node.example/tcp/443/https', 'https://node.example:443', undefined],
    ['http://localhost:1234', 'http://localhost:1234', undefined],
    ['tok:http://localhost:1234/', 'http://localhost:1234', 'tok'],
    ['ws://localhost:1234/rpc/v1', 'http://localhost:1234', undefined],
    ['wss://api.node.example', 'https://api.node.example', undefined],
    ['https://api.node.example/base/rpc/v0/', 'https://api.node.example/base', undefined],
    ['a:/ip4/1.2.3.4/tcp/1/http,b:/ip4/1.2.3.5/tcp/2/http', 'http://1.2.3.4:1', 'a'],
  ]
  for (const [text, url, token] of cases) t.same(parseApiInfo(text), { url, token }, text)
  t.equal(listenMultiaddr('127.0.0.1', 1234), '/ip4/127.0.0.1/tcp/1234/http')
  t.equal(listenMultiaddr('::1', 1234), '/ip6/::1/tcp/1234/http')
  t.end()
})

t.test('addresses that nobody can dial', (t) => {
  for (const text of [
    '',
    'localhost',
    'ftp://localhost',
    '/ip4/127.0.0.1',
    '/ip4/127.0.0.1/udp/1234',
    '/ip4/127.0.0.1/tcp/99999',
    '/ip4/127.0.0.1/tcp/12x',
    '/ip4/127.0.0.1/tcp/1234/quic',
    '/unix/tmp/x',
    '/ip4/a b/tcp/1',
  ])
    t.throws(() => parseApiInfo(text), { code: 'RPC_ADDRESS' }, text)
  const error = (() => {
    try {
      return parseApiInfo('secrettoken:nothing')
    } catch (e) {
      return e as Error
    }
  })() as Error
  t.notMatch(error.message, 'secrettoken')
  t.end()
})
