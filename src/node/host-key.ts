import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { base58btc } from 'multiformats/bases/base58'
import { NodeError } from '../lib/errors.ts'
import type { Keystore } from '../store/keystore.ts'

/** Name and type of the host's key in the keystore (Lotus node/modules/lp2p/host.go). */
const NAME = 'libp2p-host'
/** Heads of libp2p's protobuf forms of an ed25519 key: type 1, then 64 bytes (seed, public key) or 32. */
const PRIVATE_HEAD = Uint8Array.of(0x08, 0x01, 0x12, 0x40)
const PUBLIC_HEAD = Uint8Array.of(0x08, 0x01, 0x12, 0x20)

/** The text of a peer id: an identity multihash of the public key. */
function peerIdOf(publicKey: Uint8Array): string {
  return base58btc.baseEncode(Uint8Array.of(0x00, PUBLIC_HEAD.length + publicKey.length, ...PUBLIC_HEAD, ...publicKey))
}

function rawPublicKey(key: ReturnType<typeof createPublicKey>): Uint8Array {
  return new Uint8Array(Buffer.from(key.export({ format: 'jwk' }).x as string, 'base64url'))
}

/** The id of a key that nobody keeps: what a miner's state names until the miner has a host of its own. */
export function newPeerId(): Uint8Array {
  return base58btc.baseDecode(peerIdOf(rawPublicKey(generateKeyPairSync('ed25519').publicKey)))
}

/** The key by which other nodes know this one, made on first use. @throws NodeError NODE_HOST_KEY for a key of another kind */
export async function loadOrCreateHostKey(
  keystore: Keystore,
): Promise<{ readonly peerId: string; readonly privateKey: Uint8Array }> {
  if (!(await keystore.has(NAME))) {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const seed = new Uint8Array(Buffer.from(privateKey.export({ format: 'jwk' }).d as string, 'base64url'))
    await keystore.put(NAME, { type: NAME, privateKey: Uint8Array.of(...PRIVATE_HEAD, ...seed, ...rawPublicKey(publicKey)) })
  }
  const { privateKey } = await keystore.get(NAME)
  const body = privateKey.subarray(PRIVATE_HEAD.length)
  if (body.length !== 64 || !PRIVATE_HEAD.every((b, i) => privateKey[i] === b)) {
    throw new NodeError(
      'NODE_HOST_KEY',
      `the key "${NAME}" in the keystore is not an ed25519 key of libp2p; delete its file to get a new one`,
    )
  }
  const seed = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), body.subarray(0, 32)])
  const derived = rawPublicKey(createPublicKey(createPrivateKey({ key: seed, format: 'der', type: 'pkcs8' })))
  return { peerId: peerIdOf(derived), privateKey }
}
