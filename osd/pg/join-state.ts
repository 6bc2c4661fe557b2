/**
 * How far a copy is that joins: written in the transaction that brings it so far, so that a restart goes on there.
 *
 *     none yet ──► backfill, by cursor ──► caught up ──► whole (no state)
 *              └─► log catch-up ─────────┘
 */
import { ByteReader } from '../../base/byte-reader.js';
import { ByteWriter } from '../../base/byte-writer.js';
import { unreachable } from '../../base/invariant.js';
import { latin1Bytes, latin1Text } from '../../base/bytes.js';

export type JoinState =
  /** Objects may lack what the log's entries behind `from` touched. */
  | { readonly kind: 'catch-up'; readonly from: number }
  /** Objects up to `cursor` (`ObjectId.key`, included) are as the log says, those behind it are what they were some time ago. */
  | { readonly kind: 'backfill'; readonly cursor: string };

const format = 1;
const kindCatchUp = 1;
const kindBackfill = 2;

export function encodeJoinState(state: JoinState): Uint8Array {
  const writer = new ByteWriter(64);
  writer.u8(format);
  switch (state.kind) {
    case 'catch-up':
      writer.u8(kindCatchUp);
      writer.varint(state.from);
      break;
    case 'backfill':
      writer.u8(kindBackfill);
      writer.blob(latin1Bytes(state.cursor));
      break;
    default:
      unreachable(state);
  }
  return writer.bytes();
}

/** `PARSE_ERROR` for what is none of a known format. */
export function decodeJoinState(bytes: Uint8Array): JoinState {
  const reader = new ByteReader(bytes);
  const version = reader.u8('the format of a join');
  if (version !== format) throw reader.error(`a join of unknown format ${version}`, 0);
  const kind = reader.u8('the kind of a join');
  if (kind === kindCatchUp) return { kind: 'catch-up', from: reader.varint('a sequence number') };
  if (kind === kindBackfill) return { kind: 'backfill', cursor: latin1Text(reader.blob('a cursor', 16_384)) };
  throw reader.error(`a join of unknown kind ${kind}`, 1);
}
