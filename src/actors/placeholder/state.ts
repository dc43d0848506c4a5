import { cidOf } from '../../types/cid.ts'

/** The CID of CBOR's empty array, the head of actors without state (fvm_shared EMPTY_ARR_CID). */
export const EMPTY_ARRAY_CID = cidOf(Uint8Array.of(0x80))
