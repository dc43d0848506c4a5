import { stateAccountKey } from '../api/methods/state.ts'
import * as m from '../api/methods/wallet.ts'
import type { Network } from '../networks/types.ts'
import { type BoundHandler, bind } from '../rpc/router.ts'
import { Address, Protocol } from '../types/address.ts'
import { WalletError } from '../wallet/errors.ts'
import type { LocalWallet } from '../wallet/local-wallet.ts'
import { type Signer, signMessage } from '../wallet/signer.ts'
import { verifySignature } from '../wallet/verify.ts'
import type { ChainQueries } from './chain-pool.ts'

export interface WalletHandlersComponents {
  readonly network: Pick<Network, 'chainId'>
  /** The keys of this machine: what is made, exported, locked. Undefined where they are switched off. */
  readonly wallet: LocalWallet | undefined
  /** All keys of the node. */
  readonly signer: Signer
  /** The key address of an id address at the head. */
  readonly resolve: (address: Address) => Promise<Address>
}

/** The key of an id address at the head, asked of the worker threads. @throws StateError for one that has none */
export function keyResolver(
  queries: Pick<ChainQueries, 'call'>,
  { addressPrefix }: Pick<Network, 'addressPrefix'>,
): (address: Address) => Promise<Address> {
  return async (address) => {
    const text = await queries.call(stateAccountKey.id, [address.toString(addressPrefix), []], {
      signal: AbortSignal.timeout(RESOLVE_MS),
    })
    return Address.parse(JSON.parse(text) as string)
  }
}

/** A look-up in the state takes milliseconds; threads that are busy executing may take longer. */
const RESOLVE_MS = 60_000
/** Venus's numbers (pkg/wallet/dsbackend.go). */
const lockStates = { none: 0, locked: 1, unlocked: 2 } as const

/** Methods about keys (Lotus node/impl/full/wallet.go; Venus's for the passphrase). */
export function walletHandlers({ network, wallet, signer, resolve }: WalletHandlersComponents): readonly BoundHandler[] {
  const keyOf = (address: Address): Promise<Address> =>
    address.protocol === Protocol.id ? resolve(address) : Promise.resolve(address)
  const local = (): LocalWallet => {
    if (wallet !== undefined) return wallet
    throw new WalletError('WALLET_DISABLED', "the node's own wallet is switched off", {
      hint: 'set Wallet.DisableLocal to false in config.toml to use it',
    })
  }
  return [
    bind(m.walletNew, ([type]) => local().create(type)),
    bind(m.walletHas, ([address]) => signer.has(address)),
    bind(m.walletList, async () => [...(await signer.list())]),
    bind(m.walletSign, async ([address, data]) => signer.sign(await keyOf(address), data, { type: 'unknown' })),
    bind(m.walletSignMessage, async ([address, message]) => signMessage(signer, message, network, { as: await keyOf(address) })),
    bind(m.walletVerify, ([address, data, signature]) => verifySignature(signature, address, data)),
    bind(m.walletDefaultAddress, () => local().defaultAddress()),
    bind(m.walletSetDefault, ([address]) => local().setDefault(address)),
    bind(m.walletExport, ([address]) => local().export(address)),
    bind(m.walletImport, ([key]) => local().import(key)),
    bind(m.walletDelete, ([address]) => local().delete(address)),
    bind(m.walletValidateAddress, ([text]) => (text === '' || text === '<empty>' ? null : Address.parse(text))),
    bind(m.walletState, () => lockStates[local().lockState]),
    bind(m.hasPassword, () => local().lockState !== 'none'),
    bind(m.setPassword, ([password]) => local().setPassphrase(password)),
    bind(m.lockWallet, () => local().lock()),
    bind(m.unlockWallet, ([password]) => local().unlock(password)),
  ]
}
