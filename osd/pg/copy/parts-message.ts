/** Parts on their way from one copy to another: a transaction that makes them so, what is still to be asked for, the bytes. */
import { ByteWriter } from '../../../base/byte-writer.js';
import { CairnError } from '../../../base/errors.js';
import type { PgId } from '../../../cluster/ids.js';
import { decodeRecord, writeTransaction } from '../../store/format/record.js';
import { blockShiftMin } from '../../store/limits.js';
import type { Touched } from '../../store/pg/log-entry.js';
import type { Mutation } from '../../store/transaction.js';
import { attachPayloads, payloadsOf } from '../attach-payloads.js';
import { decodeTouched, encodeTouched } from './touched-list.js';
import type { Parts } from './read-parts.js';

export interface PackedParts {
  readonly recordBytes: number;
  readonly restBytes: number;
  readonly payload: readonly Uint8Array[];
}

export function packParts(pg: PgId, { mutations, rest }: Parts): PackedParts {
  const writer = new ByteWriter(4_096);
  writeTransaction(writer, { pg, blockShift: blockShiftMin, mutations });
  const record = writer.bytes();
  const left = encodeTouched(rest);
  return {
    recordBytes: record.byteLength,
    restBytes: left.byteLength,
    payload: [record, left, ...payloadsOf(mutations)],
  };
}

/** Views of `payload`. `PROTOCOL_ERROR` or `PARSE_ERROR` for what is none. */
export function unpackParts(
  payload: Uint8Array,
  { recordBytes, restBytes }: { readonly recordBytes: number; readonly restBytes: number },
): { readonly mutations: readonly Mutation[]; readonly rest: readonly Touched[] } {
  if (recordBytes + restBytes > payload.byteLength) {
    throw new CairnError('PROTOCOL_ERROR', 'parts of a PG are longer than their message');
  }
  const record = decodeRecord(payload.subarray(0, recordBytes));
  if (record.kind !== 'transaction') throw new CairnError('PROTOCOL_ERROR', 'parts of a PG come as a transaction');
  const mutations = attachPayloads(record.transaction.mutations, payload.subarray(recordBytes + restBytes));
  return { mutations, rest: decodeTouched(payload.subarray(recordBytes, recordBytes + restBytes)) };
}
