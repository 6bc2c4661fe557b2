/**
 * What a checkpoint says of itself: the newest one under `C`, and a marker for each of the last 64 under `c` + number. A
 * marker holds the checksum of its record, so that an old `C`, or one that LevelDB hides, is found when the store is opened.
 */
import { ByteReader } from '../../../base/byte-reader.js';
import { ByteWriter } from '../../../base/byte-writer.js';
import { readHeads, writeHeads, type LogHeads } from '../format/batch-header.js';

export interface CheckpointRecord {
  /** 1, 2, 3…; 1 is mkfs's. */
  readonly number: number;
  /** The last batch whose effect the index holds. */
  readonly batch: number;
  readonly batchChecksum: bigint;
  readonly heads: LogHeads;
  /** Batches up to this one were durable when the checkpoint was written: the log cannot end before it. */
  readonly durableBatch: number;
  readonly boot: number;
  readonly nextShared: number;
}

/** Markers kept: more checkpoints than LevelDB could lose at one time without anything else to show for it. */
export const markersMax = 64;

const format = 1;

export function encodeCheckpointRecord(record: CheckpointRecord): Uint8Array {
  const writer = new ByteWriter(128);
  writer.u8(format);
  writer.varint(record.number);
  writer.varint(record.batch);
  writer.u64(record.batchChecksum);
  writeHeads(writer, record.heads);
  writer.varint(record.durableBatch);
  writer.varint(record.boot);
  writer.varint(record.nextShared);
  return writer.bytes();
}

/** `PARSE_ERROR` for what is none of a known format. */
export function decodeCheckpointRecord(bytes: Uint8Array): CheckpointRecord {
  const reader = new ByteReader(bytes);
  const version = reader.u8('the format of a checkpoint');
  if (version !== format) throw reader.error(`a checkpoint of unknown format ${version}`, 0);
  const number = reader.varint('the number of a checkpoint', undefined, 1);
  const batch = reader.varint('a batch number');
  const batchChecksum = reader.u64('the checksum of a batch');
  const heads = readHeads(reader);
  const durableBatch = reader.varint('a batch number');
  const boot = reader.varint('a boot counter');
  const nextShared = reader.varint('the id of a shared payload', undefined, 1);
  if (!reader.isAtEnd) throw reader.error('bytes behind the end of a checkpoint');
  return { number, batch, batchChecksum, heads, durableBatch, boot, nextShared };
}
