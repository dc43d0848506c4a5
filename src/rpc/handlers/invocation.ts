import { actor } from '../../actors/state-tree.ts'
import type { ExecutionTrace, GasTrace, InvocResult } from '../../api/types/execution.ts'
import { CborReader } from '../../codec/cbor-reader.ts'
import { totalCost } from '../../state/call.ts'
import type { AppliedMessage } from '../../state/execute-tipset.ts'
import { Address, address } from '../../types/address.ts'
import { cid } from '../../types/cid.ts'
import { messageCid } from '../../types/message.ts'
import { tokenAmount } from '../../types/scalars.ts'

const limits = { maxBytes: 16 << 20, maxItems: 10_000_000, maxDepth: 4096 }

/** What Lotus shows of an executed message; gas costs only where gas was accounted. */
export function invocResultOf(applied: AppliedMessage, gasAccounted: boolean): InvocResult {
  const { result, message } = applied
  return {
    msgCid: applied.cid,
    msg: message,
    msgRct: applied.receipt,
    gasCost: gasAccounted
      ? {
          message: messageCid(message),
          gasUsed: result.gasUsed,
          baseFeeBurn: result.baseFeeBurn,
          overEstimationBurn: result.overEstimationBurn,
          minerPenalty: result.penalty,
          minerTip: result.minerTip,
          refund: result.refund,
          totalCost: totalCost(message, result),
        }
      : noCost,
    executionTrace: result.trace === undefined ? noTrace : decodeTrace(result.trace),
    error: errorText(result.exitCode, result.failureInfo),
    duration: BigInt(applied.durationNs),
  }
}

const noCost: InvocResult['gasCost'] = {
  message: null,
  gasUsed: 0n,
  baseFeeBurn: 0n,
  overEstimationBurn: 0n,
  minerPenalty: 0n,
  minerTip: 0n,
  refund: 0n,
  totalCost: 0n,
}

const noTrace: ExecutionTrace = {
  msg: {
    from: Address.fromId(0n),
    to: Address.fromId(0n),
    value: 0n,
    method: 0n,
    params: new Uint8Array(0),
    paramsCodec: 0n,
    gasLimit: 0n,
    readOnly: false,
  },
  msgRct: { exitCode: 0, return: new Uint8Array(0), returnCodec: 0n },
  invokedActor: null,
  gasCharges: [],
  subcalls: [],
  logs: [],
  ipldOps: [],
}

/** As Lotus's aerrors prints a failure that no Go actor raised. */
function errorText(exitCode: number, failure: string | undefined): string {
  if (exitCode === 0) return ''
  return `${failure === undefined || failure === '' ? 'unknown error' : failure} (RetCode=${exitCode})`
}

/** The addon's CBOR of a trace: [message, return, invoked actor or null, gas charges, subcalls, logs, IPLD operations]. */
function decodeTrace(bytes: Uint8Array): ExecutionTrace {
  const r = new CborReader(bytes, limits)
  const trace = readTrace(r)
  r.end()
  return trace
}

function readTrace(r: CborReader): ExecutionTrace {
  r.tuple(7, 'execution trace')
  return {
    msg: readMessage(r),
    msgRct: readReturn(r),
    invokedActor: r.takeNull() ? null : readActor(r),
    gasCharges: readList(r, readCharge),
    subcalls: readList(r, readTrace),
    logs: readList(r, () => r.text()),
    ipldOps: readList(r, readIpld),
  }
}

function readList<T>(r: CborReader, item: (r: CborReader) => T): T[] {
  const out: T[] = []
  for (let n = r.array(); n > 0; n--) out.push(item(r))
  return out
}

function readMessage(r: CborReader): ExecutionTrace['msg'] {
  r.tuple(8, 'message trace')
  return {
    from: address.read(r),
    to: address.read(r),
    value: tokenAmount.read(r),
    method: r.uint(),
    params: r.bytes(),
    paramsCodec: r.uint(),
    gasLimit: r.uint(),
    readOnly: r.bool(),
  }
}

function readReturn(r: CborReader): ExecutionTrace['msgRct'] {
  r.tuple(3, 'return trace')
  return { exitCode: r.safeInt(), return: r.bytes(), returnCodec: r.uint() }
}

function readActor(r: CborReader): ExecutionTrace['invokedActor'] {
  r.tuple(2, 'actor trace')
  return { id: r.uint(), state: actor.read(r) }
}

function readCharge(r: CborReader): GasTrace {
  r.tuple(5, 'gas charge')
  return { name: r.text(), totalGas: r.int64(), computeGas: r.int64(), storageGas: r.int64(), timeTaken: r.int64() }
}

function readIpld(r: CborReader): ExecutionTrace['ipldOps'][number] {
  r.tuple(3, 'IPLD operation')
  return { op: r.safeInt() === 0 ? 'Get' : 'Put', cid: cid.read(r), size: r.uint() }
}
