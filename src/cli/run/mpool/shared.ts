import type { NodeApi } from '../../node-api.ts'
import type { Link, MessageJson } from '../../wire.ts'

/** A message that waits, as Lotus prints it. */
export interface SignedJson {
  readonly Message: MessageJson & { readonly GasFeeCap: string; readonly CID?: Link }
  readonly Signature: { readonly Type: number; readonly Data: string }
  readonly CID: Link
}

export interface CheckJson {
  readonly Cid: Link
  readonly Code: number
  readonly OK: boolean
  readonly Err: string
  readonly Hint: Readonly<Record<string, unknown>> | null
}

export interface Filter {
  readonly to?: string | undefined
  readonly from?: string | undefined
  readonly method?: number | undefined
  readonly senders?: ReadonlySet<string> | undefined
}

/** The messages that wait and fit. */
export async function pendingMessages(node: NodeApi, filter: Filter = {}): Promise<SignedJson[]> {
  const all = (await node.call<readonly SignedJson[] | null>('MpoolPending', [])) ?? []
  const same = (wanted: string | undefined, found: string): boolean => wanted === undefined || bare(wanted) === bare(found)
  return all.filter(
    ({ Message: m }) =>
      same(filter.to, m.To) &&
      same(filter.from, m.From) &&
      (filter.method === undefined || filter.method === m.Method) &&
      (filter.senders === undefined || filter.senders.has(m.From)),
  )
}

/** An address without the network's letter: both are accepted everywhere. */
function bare(address: string): string {
  return address.slice(1)
}

/** The wallet's addresses. */
export async function walletAddresses(node: NodeApi): Promise<string[]> {
  return [...((await node.call<readonly string[] | null>('WalletList')) ?? [])]
}

/** Names of checks by Lotus's numbers (api.CheckStatusCode). */
const checkNames = [
  '',
  'MessageSerialize',
  'MessageSize',
  'MessageValidity',
  'MessageMinGas',
  'MessageMinBaseFee',
  'MessageBaseFee',
  'MessageBaseFeeLowerBound',
  'MessageBaseFeeUpperBound',
  'MessageGetStateNonce',
  'MessageNonce',
  'MessageGetStateBalance',
  'MessageBalance',
] as const

/** `current message failed a check MessageBalance: insufficient balance`, one line for each check that failed. */
export function failedChecks(groups: readonly (readonly CheckJson[])[], current: string | undefined): string[] {
  return groups.flatMap((checks) =>
    checks
      .filter((c) => !c.OK)
      .map(({ Cid, Code, Err }) => {
        const name = Cid['/'] === current ? 'current' : Cid['/']
        return `${name} message failed a check ${checkNames[Code] ?? Code}: ${Err}`
      }),
  )
}
