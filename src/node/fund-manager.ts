import { decode, encode } from '../codec/codec.ts'
import { optional, tuple } from '../codec/combinators.ts'
import { NodeError } from '../lib/errors.ts'
import { getLogger } from '../lib/log.ts'
import type { MetadataStore } from '../store/metadata.ts'
import { type Address, address } from '../types/address.ts'
import { type CID, cid } from '../types/cid.ts'
import { formatFil, type TokenAmount, tokenAmount } from '../types/scalars.ts'

const log = getLogger('market')

/** Where Lotus keeps them. */
const PREFIX = '/fundmgr/Addr/'
/** Requests that wait for one address. */
const MAX_WAITING = 1000

export type FundsErrorCode =
  /** So much is not in the storage market, or it is locked or reserved. */
  | 'FUNDS_INSUFFICIENT'
  /** Too many requests wait for the funds of one address. */
  | 'FUNDS_BUSY'

export class FundsError extends NodeError {
  declare readonly code: FundsErrorCode
  constructor(code: FundsErrorCode, message: string) {
    super(code, message)
  }
}

/** What is remembered of an address: what may not be withdrawn, and a message whose outcome is waited for. */
const record = tuple('FundedAddressState', { addr: address, reserved: tokenAmount, message: optional(cid) })

export interface FundManagerComponents {
  readonly metadata: MetadataStore
  /** Funds of an address in the market that are not locked, attoFIL. */
  readonly available: (address: Address) => Promise<TokenAmount>
  /** Sends funds from a wallet's address to the market, and back. */
  readonly add: (wallet: Address, address: Address, amount: TokenAmount) => Promise<CID>
  readonly withdraw: (wallet: Address, address: Address, amount: TokenAmount) => Promise<CID>
  /** Settles when a message was executed and is settled. */
  readonly wait: (message: CID, signal: AbortSignal) => Promise<unknown>
}

interface Request {
  readonly kind: 'reserve' | 'release' | 'withdraw'
  readonly wallet: Address | undefined
  readonly amount: TokenAmount
  readonly resolve: (message: CID | null) => void
  readonly reject: (error: unknown) => void
}

/** Keeps track of what is reserved of addresses in the storage market (Lotus chain/market/fundmanager.go). */
export class FundManager {
  readonly #c: FundManagerComponents
  readonly #prefix: 'f' | 't'
  readonly #funds = new Map<string, AddressFunds>()
  readonly #stop = new AbortController()

  constructor(components: FundManagerComponents, init: { readonly addressPrefix: 'f' | 't' }) {
    this.#c = components
    this.#prefix = init.addressPrefix
  }

  /** Goes on with what was under way when the node stopped. */
  async start(): Promise<void> {
    for await (const { value } of this.#c.metadata.iterate(PREFIX)) this.#of(decode(record, value).addr)
  }

  #of(addr: Address): AddressFunds {
    const key = PREFIX + addr.toString(this.#prefix)
    let funds = this.#funds.get(key)
    if (funds === undefined) {
      funds = new AddressFunds(this.#c, { addr, key, signal: this.#stop.signal })
      this.#funds.set(key, funds)
    }
    return funds
  }

  /** @returns the message that brings what lacked, null where nothing did */
  reserve(wallet: Address, addr: Address, amount: TokenAmount): Promise<CID | null> {
    return this.#of(addr).request('reserve', wallet, amount)
  }

  async release(addr: Address, amount: TokenAmount): Promise<void> {
    await this.#of(addr).request('release', undefined, amount)
  }

  /** @throws FundsError FUNDS_INSUFFICIENT when so much is not there, or is reserved */
  withdraw(wallet: Address, addr: Address, amount: TokenAmount): Promise<CID | null> {
    return this.#of(addr).request('withdraw', wallet, amount)
  }

  /** attoFIL */
  reserved(addr: Address): TokenAmount {
    return this.#of(addr).reserved
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await Promise.all([...this.#funds.values()].map((f) => f.settled()))
  }
}

interface AddressInit {
  readonly addr: Address
  readonly key: string
  readonly signal: AbortSignal
}

/** One address: one message at a time, and those who ask meanwhile share the next one. */
class AddressFunds {
  readonly #c: FundManagerComponents
  readonly #init: AddressInit
  readonly #waiting: Request[] = []
  #reserved: TokenAmount = 0n
  #message: CID | null = null
  #running: Promise<void> | undefined

  constructor(components: FundManagerComponents, init: AddressInit) {
    this.#c = components
    this.#init = init
    const known = components.metadata.get(init.key)
    if (known === undefined) return
    const { reserved, message } = decode(record, known)
    this.#reserved = reserved
    this.#message = message
    if (message !== null) this.#start()
  }

  get reserved(): TokenAmount {
    return this.#reserved
  }

  request(kind: Request['kind'], wallet: Address | undefined, amount: TokenAmount): Promise<CID | null> {
    if (amount < 0n) return Promise.reject(new FundsError('FUNDS_INSUFFICIENT', `the amount ${amount} is negative`))
    if (this.#waiting.length >= MAX_WAITING)
      return Promise.reject(
        new FundsError('FUNDS_BUSY', `more than ${MAX_WAITING} requests wait for the funds of ${this.#init.addr}`),
      )
    return new Promise((resolve, reject) => {
      this.#waiting.push({ kind, wallet, amount, resolve, reject })
      this.#start()
    })
  }

  #start(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
      if (this.#waiting.length > 0 && !this.#init.signal.aborted) this.#start()
    })
  }

  async settled(): Promise<void> {
    await this.#running
    for (const r of this.#waiting.splice(0)) r.reject(new NodeError('NODE_STOPPING', 'the node is stopping'))
  }

  async #run(): Promise<void> {
    const { signal } = this.#init
    while (!signal.aborted) {
      if (this.#message !== null) await this.#waitForMessage(this.#message)
      if (signal.aborted || this.#waiting.length === 0) return
      const moves = this.#take((r) => r.kind !== 'withdraw')
      await (moves.length > 0 ? this.#move(moves) : this.#withdraw(this.#take(() => true)))
    }
  }

  #take(which: (r: Request) => boolean): Request[] {
    const taken = this.#waiting.filter(which)
    const left = this.#waiting.filter((r) => !which(r))
    this.#waiting.splice(0, this.#waiting.length, ...left)
    return taken
  }

  async #waitForMessage(message: CID): Promise<void> {
    try {
      await this.#c.wait(message, this.#init.signal)
    } catch (error) {
      // Stopped while it waits, it waits on after the next start.
      if (this.#init.signal.aborted) return
      log.warn('the outcome of a message to the market is not known', { message: String(message) }, error)
    }
    await this.#save(this.#reserved, null)
  }

  async #save(reserved: TokenAmount, message: CID | null): Promise<void> {
    this.#reserved = reserved
    this.#message = message
    await this.#c.metadata.put(this.#init.key, encode(record, { addr: this.#init.addr, reserved, message }), { sync: true })
  }

  /** What is released pays for what is reserved; the rest comes from the wallet of the first that asks for more. */
  async #move(requests: readonly Request[]): Promise<void> {
    let released = requests.reduce((sum, r) => (r.kind === 'release' ? sum + r.amount : sum), 0n)
    let added = 0n
    let wallet: Address | undefined
    const paying: Request[] = []
    const free: Request[] = []
    for (const r of requests) {
      if (r.kind === 'release') free.push(r)
      else if (r.amount <= released) {
        released -= r.amount
        free.push(r)
      } else if (wallet === undefined || (r.wallet as Address).equals(wallet)) {
        wallet = r.wallet
        added += r.amount - released
        released = 0n
        paying.push(r)
      } else this.#waiting.unshift(r)
    }
    try {
      const sum = this.#reserved + added - released
      const reserved = sum < 0n ? 0n : sum
      const lacking = paying.length === 0 ? 0n : reserved - (await this.#c.available(this.#init.addr))
      const message = lacking > 0n ? await this.#c.add(wallet as Address, this.#init.addr, lacking) : null
      await this.#save(reserved, message)
      for (const r of free) r.resolve(null)
      for (const r of paying) r.resolve(message)
    } catch (error) {
      for (const r of [...free, ...paying]) r.reject(error)
    }
  }

  /** As many as there are funds for, in one message for those of one wallet. */
  async #withdraw(requests: readonly Request[]): Promise<void> {
    const allowed: Request[] = []
    try {
      const available = await this.#c.available(this.#init.addr)
      let sum = 0n
      for (const r of requests) {
        const first = allowed[0]
        if (r.amount === 0n) r.resolve(null)
        else if (sum + r.amount > available - this.#reserved) r.reject(this.#tooMuch(r.amount, available, sum))
        else if (first !== undefined && !(r.wallet as Address).equals(first.wallet as Address)) this.#waiting.push(r)
        else {
          sum += r.amount
          allowed.push(r)
        }
      }
      const first = allowed[0]
      if (first === undefined) return
      const message = await this.#c.withdraw(first.wallet as Address, this.#init.addr, sum)
      await this.#save(this.#reserved, message)
      for (const r of allowed) r.resolve(message)
    } catch (error) {
      // Those that were answered already are past caring.
      for (const r of requests) if (!this.#waiting.includes(r)) r.reject(error)
    }
  }

  #tooMuch(amount: TokenAmount, available: TokenAmount, queued: TokenAmount): FundsError {
    const net = available - this.#reserved - queued
    const more = queued === 0n ? '' : ` - queued withdrawals (${formatFil(queued)})`
    return new FundsError(
      'FUNDS_INSUFFICIENT',
      `insufficient funds for withdrawal of ${formatFil(amount)}: net available (${formatFil(net)}) = available (${formatFil(available)}) - reserved (${formatFil(this.#reserved)})${more}`,
    )
  }
}
