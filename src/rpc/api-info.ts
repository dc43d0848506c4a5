import { RpcError } from './errors.ts'

/** Where a node's API is, and the token that opens it. */
export interface ApiInfo {
  /** `http://…` or `https://…`, without the `/rpc/v1` at the end and without a slash at the end. */
  readonly url: string
  readonly token: string | undefined
}

/**
 * Reads what FULLNODE_API_INFO holds and what the `api` file holds: `TOKEN:ADDRESS` or `ADDRESS`, the address a multiaddr
 * (`/ip4/127.0.0.1/tcp/1234/http`) or a URL of http, https, ws or wss. Of a list with commas the first counts.
 * Source: Lotus cli/util/apiinfo.go.
 * @throws RpcError RPC_ADDRESS; the text never holds the token
 */
export function parseApiInfo(text: string): ApiInfo {
  let address = (text.split(',')[0] ?? '').trim()
  let token: string | undefined
  // A multiaddr begins with a slash, and the colon of a URL's scheme is followed by two.
  const colon = address.indexOf(':')
  if (!address.startsWith('/') && colon > 0 && !address.startsWith('//', colon + 1)) {
    token = address.slice(0, colon)
    address = address.slice(colon + 1)
  }
  return { url: address.startsWith('/') ? multiaddrToUrl(address) : plainUrl(address), token }
}

function plainUrl(address: string): string {
  let url: URL
  try {
    url = new URL(address)
  } catch {
    throw new RpcError('RPC_ADDRESS', 'the API address is neither a multiaddr like /ip4/127.0.0.1/tcp/1234/http nor a URL')
  }
  const scheme = { 'http:': 'http', 'https:': 'https', 'ws:': 'http', 'wss:': 'https' }[url.protocol]
  if (scheme === undefined)
    throw new RpcError('RPC_ADDRESS', `the API address has the scheme ${url.protocol}//; it must be http, https, ws or wss`)
  return `${scheme}://${url.host}${url.pathname.replace(/(\/rpc\/v[012])?\/*$/, '')}`
}

const hostProtocols = new Set(['ip4', 'ip6', 'dns', 'dns4', 'dns6', 'dnsaddr'])

/**
 * The URL of a multiaddr: a host, a TCP port, and http, https, ws, wss or tls at the end.
 * @throws RpcError RPC_ADDRESS
 */
export function multiaddrToUrl(address: string): string {
  const bad = (why: string): never => {
    throw new RpcError('RPC_ADDRESS', `the API address ${address.slice(0, 200)} is not usable: ${why}`)
  }
  const [empty, protocol, host, tcp, port, ...rest] = address.replace(/\/+$/, '').split('/')
  if (empty !== '' || protocol === undefined || !hostProtocols.has(protocol)) return bad('it must begin with /ip4, /ip6 or /dns')
  if (host === undefined || !/^[0-9A-Za-z.:_-]+$/.test(host)) return bad('the host is malformed')
  if (tcp !== 'tcp' || port === undefined || !/^\d{1,5}$/.test(port) || Number(port) > 65_535)
    return bad('/tcp and a port must follow the host')
  let secure = false
  for (const last of rest) {
    if (!['http', 'https', 'ws', 'wss', 'tls'].includes(last)) return bad(`/${last} is not a transport of the API`)
    if (last === 'https' || last === 'wss' || last === 'tls') secure = true
  }
  // An address to listen at on every interface is reached on this machine's own.
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `${secure ? 'https' : 'http'}://${protocol === 'ip6' ? `[${reachable}]` : reachable}:${port}`
}

/** The multiaddr of a listening socket: what the `api` file holds. */
export function listenMultiaddr(host: string, port: number): string {
  return `/${host.includes(':') ? 'ip6' : 'ip4'}/${host}/tcp/${port}/http`
}
