/**
 * Smaller records of a shard: the intent to write a blob (`i/`, released under `g/`), a hold on a blob that is being read
 * (`h/`), where the null version is (`n/`), and that an upload has ended (`g/`).
 */
import { ByteWriter } from '../../base/byte-writer.js';
import { copyBytes } from '../../base/bytes.js';
import { blobChunksMax, keyBytesMax } from './limits.js';
import type { BlobPlace } from './manifest.js';
import { readerOf, recordKinds } from './record-kind.js';
import { blobIdBytes, uploadIdBytes } from './shard-keys.js';

export interface Intent {
  readonly blob: BlobPlace;
  /** No chunk from this number on is written before the intent is renewed with more. */
  readonly chunks: number;
  /** Wall ms; from then on it may be taken away, and publishing fails. */
  readonly expiresMs: number;
}

export function encodeIntent({ blob, chunks, expiresMs }: Intent): Uint8Array {
  const writer = new ByteWriter(48);
  writer.u8(recordKinds.intent);
  writer.varint(blob.pool);
  writer.raw(blob.id);
  writer.u8(blob.chunkShift);
  writer.varint(chunks);
  writer.varint(expiresMs);
  return writer.bytes();
}

export function decodeIntent(head: Uint8Array): Intent {
  const reader = readerOf(head, 'intent');
  const pool = reader.varint('a pool', 2 ** 31 - 1, 1);
  const id = copyBytes(reader.viewRaw(blobIdBytes, 'the id of a blob'));
  const chunkShift = reader.u8('the size of chunks');
  const chunks = reader.varint('the number of chunks', blobChunksMax);
  const expiresMs = reader.varint('when an intent expires');
  if (!reader.isAtEnd) throw reader.error('bytes behind the end of an intent');
  return { blob: { pool, id, chunkShift }, chunks, expiresMs };
}

/** Until when, in wall ms, whoever reads the blob wants its chunks left alone. */
export function encodeHold(untilMs: number): Uint8Array {
  const writer = new ByteWriter(16);
  writer.u8(recordKinds.hold);
  writer.varint(untilMs);
  return writer.bytes();
}

export function decodeHold(head: Uint8Array): number {
  const reader = readerOf(head, 'hold');
  const untilMs = reader.varint('the end of a hold');
  if (!reader.isAtEnd) throw reader.error('bytes behind the end of a hold');
  return untilMs;
}

/** The sequence of the null version among `v/`. */
export function encodeNullPlace(sequence: number): Uint8Array {
  const writer = new ByteWriter(16);
  writer.u8(recordKinds.nullPlace);
  writer.varint(sequence);
  return writer.bytes();
}

export function decodeNullPlace(head: Uint8Array): number {
  const reader = readerOf(head, 'nullPlace');
  const sequence = reader.varint('the sequence of the null version');
  if (!reader.isAtEnd) throw reader.error('bytes behind the end of the place of a null version');
  return sequence;
}

/** The parts of an upload that was completed or aborted are to be removed, and in the end its record. */
export interface Ended {
  readonly key: string;
  /** `uploadIdBytes` bytes. */
  readonly upload: Uint8Array;
}

export function encodeEnded({ key, upload }: Ended): Uint8Array {
  const writer = new ByteWriter(64);
  writer.u8(recordKinds.ended);
  writer.text(key);
  writer.raw(upload);
  return writer.bytes();
}

export function decodeEnded(head: Uint8Array): Ended {
  const reader = readerOf(head, 'ended');
  const key = reader.text('a key', keyBytesMax);
  const upload = copyBytes(reader.viewRaw(uploadIdBytes, 'the id of an upload'));
  if (!reader.isAtEnd) throw reader.error('bytes behind the end of a note on an upload');
  return { key, upload };
}
