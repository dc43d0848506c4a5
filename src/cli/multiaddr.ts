/** Text of the multiaddresses that miners publish. Only for printing: the network layer has the real parser. */

interface Protocol {
  readonly name: string
  /** Bytes of its value; -1 where a length comes before them. */
  readonly size: number
  readonly text?: (value: Uint8Array) => string
}

const utf8 = (value: Uint8Array) => Buffer.from(value).toString('utf8')
const port = (value: Uint8Array) => String(((value[0] ?? 0) << 8) | (value[1] ?? 0))
const ip4 = (value: Uint8Array) => value.join('.')

/** Codes of the multiaddr table (multiformats/multicodec). */
const protocols: ReadonlyMap<number, Protocol> = new Map([
  [4, { name: 'ip4', size: 4, text: ip4 }],
  [6, { name: 'tcp', size: 2, text: port }],
  [41, { name: 'ip6', size: 16, text: ip6 }],
  [53, { name: 'dns', size: -1, text: utf8 }],
  [54, { name: 'dns4', size: -1, text: utf8 }],
  [55, { name: 'dns6', size: -1, text: utf8 }],
  [56, { name: 'dnsaddr', size: -1, text: utf8 }],
  [273, { name: 'udp', size: 2, text: port }],
  [443, { name: 'https', size: 0 }],
  [448, { name: 'tls', size: 0 }],
  [460, { name: 'quic', size: 0 }],
  [461, { name: 'quic-v1', size: 0 }],
  [465, { name: 'webtransport', size: 0 }],
  [477, { name: 'ws', size: 0 }],
  [478, { name: 'wss', size: 0 }],
  [480, { name: 'http', size: 0 }],
])

/** `/ip4/1.2.3.4/tcp/5678`; bytes that are no known multiaddress in hex. */
export function multiaddrText(bytes: Uint8Array): string {
  let at = 0
  let text = ''
  const varint = (): number => {
    let value = 0
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = bytes[at++] ?? 0
      value |= (byte & 127) << shift
      if (byte < 128) break
    }
    return value
  }
  while (at < bytes.length) {
    const protocol = protocols.get(varint())
    if (protocol === undefined) return `0x${Buffer.from(bytes).toString('hex')}`
    const size = protocol.size < 0 ? varint() : protocol.size
    if (at + size > bytes.length) return `0x${Buffer.from(bytes).toString('hex')}`
    text += `/${protocol.name}`
    if (protocol.text !== undefined) text += `/${protocol.text(bytes.subarray(at, at + size))}`
    at += size
  }
  return text
}

function ip6(value: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => (((value[2 * i] ?? 0) << 8) | (value[2 * i + 1] ?? 0)).toString(16))
  // The URL parser writes the shortest form.
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
}
