/**
 * The extents of one chunk: 256 KiB of an object's logical range, and which payload bytes are there. Sorted, without
 * overlap; what no extent covers reads as zeros. Lists are never changed in place.
 *
 *     0        64K       128K               256K
 *     ├── p1[0..64K) ──┤  (zeros)  ├─ p2[8K..128K) ─┤
 */
import type { ByteReader } from '../../../base/byte-reader.js';
import type { ByteWriter } from '../../../base/byte-writer.js';
import { invariant } from '../../../base/invariant.js';
import { chunkBytes, transactionBytesMax } from '../limits.js';
import { isSamePayload, readPayloadRef, writePayloadRef, type PayloadRef } from './payload-ref.js';

/** A payload that belongs to this object alone, or one that several extents of several objects point to. */
export type ExtentSource =
  { readonly kind: 'own'; readonly payload: PayloadRef } | { readonly kind: 'shared'; readonly id: number };

export interface Extent {
  /** From the chunk's start. */
  readonly at: number;
  readonly bytes: number;
  readonly source: ExtentSource;
  /** The payload's byte that `at` shows. */
  readonly skip: number;
}

export interface ExtentChange {
  readonly extents: readonly Extent[];
  /** What the change let go of: parts of payloads, as extents. */
  readonly dropped: readonly Extent[];
}

/** Removes what lies in `from` to before `to`, and puts `added` (inside that range, sorted) there. */
export function replaceRange(
  extents: readonly Extent[],
  from: number,
  to: number,
  added: readonly Extent[] = [],
): ExtentChange {
  invariant(from >= 0 && from <= to && to <= chunkBytes, 'a range lies in its chunk', { from, to });
  if (extents.length === 0) return { extents: added, dropped: [] };
  const before: Extent[] = [];
  const after: Extent[] = [];
  const dropped: Extent[] = [];
  for (const extent of extents) {
    const end = extent.at + extent.bytes;
    if (end <= from) {
      before.push(extent);
      continue;
    }
    if (extent.at >= to) {
      after.push(extent);
      continue;
    }
    const left = extent.at < from ? cut(extent, extent.at, from) : undefined;
    const right = end > to ? cut(extent, to, end) : undefined;
    if (left !== undefined) before.push(left);
    if (right !== undefined) after.push(right);
    dropped.push(cut(extent, Math.max(extent.at, from), Math.min(end, to)));
  }
  return { extents: [...before, ...added, ...after], dropped };
}

/** The part of an extent that covers `from` to before `to` of the chunk. */
function cut(extent: Extent, from: number, to: number): Extent {
  return { at: from, bytes: to - from, source: extent.source, skip: extent.skip + (from - extent.at) };
}

/** The parts of extents inside `from` to before `to`, in order. */
export function extentsBetween(extents: readonly Extent[], from: number, to: number): Extent[] {
  const found: Extent[] = [];
  for (const extent of extents) {
    const start = Math.max(extent.at, from);
    const end = Math.min(extent.at + extent.bytes, to);
    if (start < end) found.push(cut(extent, start, end));
  }
  return found;
}

/** One extent for neighbours that show neighbouring bytes of one payload. */
export function joinExtents(extents: readonly Extent[]): readonly Extent[] {
  const joined: Extent[] = [];
  for (const extent of extents) {
    const last = joined.at(-1);
    if (last === undefined || !follows(last, extent)) joined.push(extent);
    else joined[joined.length - 1] = { ...last, bytes: last.bytes + extent.bytes };
  }
  return joined.length === extents.length ? extents : joined;
}

function follows(last: Extent, next: Extent): boolean {
  return (
    last.at + last.bytes === next.at && last.skip + last.bytes === next.skip && isSameSource(last.source, next.source)
  );
}

function isSameSource(a: ExtentSource, b: ExtentSource): boolean {
  if (a.kind === 'shared') return b.kind === 'shared' && a.id === b.id;
  if (b.kind === 'shared') return false;
  return isSamePayload(a.payload, b.payload);
}

const kindOwn = 0;
const kindShared = 1;

export function writeExtents(writer: ByteWriter, extents: readonly Extent[]): void {
  writer.varint(extents.length);
  let end = 0;
  for (const { at, bytes, source, skip } of extents) {
    writer.varint(at - end);
    writer.varint(bytes);
    writer.varint(skip);
    if (source.kind === 'own') {
      writer.u8(kindOwn);
      writePayloadRef(writer, source.payload);
    } else {
      writer.u8(kindShared);
      writer.varint(source.id);
    }
    end = at + bytes;
  }
}

export function readExtents(reader: ByteReader): Extent[] {
  const count = reader.count('extents', 4, chunkBytes);
  const extents: Extent[] = [];
  let end = 0;
  for (let i = 0; i < count; i++) {
    const start = reader.offset;
    const at = end + reader.varint('a gap between extents', chunkBytes);
    const bytes = reader.varint('the bytes of an extent', chunkBytes, 1);
    const skip = reader.varint('an offset in a payload', transactionBytesMax);
    const source = readSource(reader);
    end = at + bytes;
    if (end > chunkBytes) throw reader.error('an extent reaches beyond its chunk', start);
    if (source.kind === 'own' && skip + bytes > source.payload.bytes) {
      throw reader.error('an extent reaches beyond its payload', start);
    }
    extents.push({ at, bytes, source, skip });
  }
  return extents;
}

function readSource(reader: ByteReader): ExtentSource {
  const at = reader.offset;
  const kind = reader.u8('the kind of an extent');
  if (kind === kindOwn) return { kind: 'own', payload: readPayloadRef(reader) };
  if (kind === kindShared) return { kind: 'shared', id: reader.varint('a shared payload', undefined, 1) };
  throw reader.error(`an extent of unknown kind ${kind}`, at);
}
