import type { Api } from '../api/api.ts'
import type { MinerInfo } from '../api/types/miner.ts'
import type { AddressConfig } from '../api/types/miner-process.ts'
import { getLogger } from '../lib/log.ts'
import { type Address, Protocol } from '../types/address.ts'
import { formatFil, type TokenAmount } from '../types/scalars.ts'
import { TipsetKey } from '../types/tipset.ts'

const log = getLogger('miner')

/** What a message is for; each kind may have senders of its own. */
export type AddressUse = 'preCommit' | 'commit' | 'terminate' | 'dealPublish' | 'post'

export type AddressApi = Pick<Api, 'walletBalance' | 'walletHas' | 'stateAccountKey' | 'stateLookupId'>

/** An address to send from, and what it can spend. */
export interface ChosenAddress {
  /** An id address. */
  readonly address: Address
  /** attoFIL; what was asked at least, where no address has more. */
  readonly available: TokenAmount
}

/** Chooses who pays for a message (Lotus storage/ctladdr/addresses.go), in the order that the chain and the config state. */
export class ControlAddresses {
  readonly #api: AddressApi
  readonly #config: AddressConfig

  constructor(components: { readonly api: AddressApi }, init: AddressConfig) {
    this.#api = components.api
    this.#config = init
  }

  /**
   * The first address of those meant for this use that can pay `goodFunds` and whose key the wallet holds; else the one with the
   * most, but not less than `minFunds`; else the worker.
   */
  async choose(info: MinerInfo, use: AddressUse, goodFunds: TokenAmount, minFunds: TokenAmount): Promise<ChosenAddress> {
    const own = new Set([...info.controlAddresses, info.owner, info.worker].map((a) => a.key))
    let best: ChosenAddress = { address: info.worker, available: minFunds }
    for (const candidate of await this.#candidates(info, use)) {
      const address = await this.#id(candidate)
      if (address === undefined) continue
      if (!own.has(address.key)) {
        log.warn('an address of the config is no control address of the miner', { address: String(candidate) })
        continue
      }
      const available = await this.#spendable(address)
      if (available === undefined) continue
      if (available < goodFunds)
        log.warn('a control address has too little to send a message', {
          address: String(address),
          needs: formatFil(goodFunds),
          has: formatFil(available),
        })
      if (available <= best.available && available < goodFunds) continue
      if (!(await this.#hasKey(address))) continue
      if (available >= goodFunds) return { address, available }
      best = { address, available }
    }
    return best
  }

  async #candidates(info: MinerInfo, use: AddressUse): Promise<readonly Address[]> {
    const { disableOwnerFallback, disableWorkerFallback } = this.#config
    const listed = use === 'post' ? await this.#leftOver(info) : this.#listOf(use)
    const out = [...listed]
    if (out.length === 0 || !disableWorkerFallback) out.push(info.worker)
    if (!disableOwnerFallback) out.push(info.owner)
    return out
  }

  #listOf(use: Exclude<AddressUse, 'post'>): readonly Address[] {
    const c = this.#config
    switch (use) {
      case 'preCommit':
        return c.preCommitControl
      case 'commit':
        return c.commitControl
      case 'terminate':
        return c.terminateControl
      case 'dealPublish':
        return c.dealPublishControl
    }
  }

  /** Control addresses on chain that no list has claimed; owner and worker come after them anyhow. */
  async #leftOver(info: MinerInfo): Promise<readonly Address[]> {
    const c = this.#config
    const claimed = new Set([info.owner.key, info.worker.key])
    for (const a of [...c.preCommitControl, ...c.commitControl, ...c.terminateControl, ...c.dealPublishControl]) {
      const id = await this.#id(a)
      if (id !== undefined) claimed.add(id.key)
    }
    return info.controlAddresses.filter((a) => !claimed.has(a.key))
  }

  async #id(address: Address): Promise<Address | undefined> {
    if (address.protocol === Protocol.id) return address
    try {
      return await this.#api.stateLookupId([address, TipsetKey.empty])
    } catch (error) {
      log.warn('a control address is not on chain', { address: String(address) }, error)
      return undefined
    }
  }

  async #spendable(address: Address): Promise<TokenAmount | undefined> {
    try {
      return await this.#api.walletBalance([address])
    } catch (error) {
      log.error("a control address's balance cannot be read", { address: String(address) }, error)
      return undefined
    }
  }

  async #hasKey(address: Address): Promise<boolean> {
    try {
      const key = await this.#api.stateAccountKey([address, TipsetKey.empty])
      if (await this.#api.walletHas([key])) return true
      log.error("the wallet lacks a control address's key", { address: String(address), key: String(key) })
    } catch (error) {
      log.error("a control address's key cannot be looked up", { address: String(address) }, error)
    }
    return false
  }
}
