import { BlockList, isIP } from 'node:net'
import type { Multiaddr } from '@multiformats/multiaddr'
import { NetError } from './errors.ts'

/** This machine: whoever comes from here is its user, or was let in by its user. */
export const LOOPBACK: readonly string[] = ['127.0.0.0/8', '::1/128']

/** The IP address that a multiaddress begins with; undefined where it names none. IPv4 in IPv6 form comes back as IPv4. */
export function ipOf(addr: Multiaddr): string | undefined {
  const first = addr.getComponents()[0]
  if (first === undefined || (first.name !== 'ip4' && first.name !== 'ip6')) return undefined
  return plainIp(first.value ?? '')
}

/** IPv4 written as IPv6 (`::ffff:1.2.3.4`, `::ffff:102:304`) as plain IPv4, so that a block of one holds for the other. */
export function plainIp(text: string): string {
  const dotted = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(text)
  if (dotted !== null) return dotted[1] as string
  const hex = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(text)
  if (hex === null) return text
  const high = Number.parseInt(hex[1] as string, 16)
  const low = Number.parseInt(hex[2] as string, 16)
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`
}

/** @throws NetError NET_ADDRESS */
export function parseIp(text: string): string {
  const ip = plainIp(text)
  if (isIP(ip) === 0) throw new NetError('NET_ADDRESS', `"${text.slice(0, 60)}" is not an IP address`)
  return ip
}

/** A set of addresses and subnets. */
export class IpSet {
  readonly #list = new BlockList()

  /** @throws NetError NET_ADDRESS */
  addAddress(text: string): void {
    const ip = parseIp(text)
    this.#list.addAddress(ip, isIP(ip) === 6 ? 'ipv6' : 'ipv4')
  }

  /** @param text as `10.0.0.0/8` @throws NetError NET_ADDRESS */
  addSubnet(text: string): void {
    const { ip, bits } = parseSubnet(text)
    this.#list.addSubnet(ip, bits, isIP(ip) === 6 ? 'ipv6' : 'ipv4')
  }

  has(ip: string): boolean {
    const kind = isIP(ip)
    return kind !== 0 && this.#list.check(ip, kind === 6 ? 'ipv6' : 'ipv4')
  }
}

/** @throws NetError NET_ADDRESS */
export function parseSubnet(text: string): { readonly ip: string; readonly bits: number } {
  const slash = text.lastIndexOf('/')
  const ip = slash > 0 ? text.slice(0, slash) : ''
  const bits = /^\d{1,3}$/.test(text.slice(slash + 1)) ? Number(text.slice(slash + 1)) : -1
  const kind = isIP(ip)
  if (kind === 0 || bits < 0 || bits > (kind === 4 ? 32 : 128)) {
    throw new NetError('NET_ADDRESS', `"${text.slice(0, 60)}" is not a subnet; write it as 10.0.0.0/8`)
  }
  return { ip, bits }
}

const notPublic = new BlockList()
for (const [ip, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const) {
  notPublic.addSubnet(ip, bits, 'ipv4')
}
notPublic.addSubnet('fc00::', 7, 'ipv6')
notPublic.addSubnet('fe80::', 10, 'ipv6')
notPublic.addAddress('::1', 'ipv6')
notPublic.addAddress('::', 'ipv6')

/** Whether an address can be reached from the whole internet. Names are taken to be. */
export function isPublic(addr: Multiaddr): boolean {
  const ip = ipOf(addr)
  if (ip === undefined) return true
  return !notPublic.check(ip, isIP(ip) === 6 ? 'ipv6' : 'ipv4')
}
