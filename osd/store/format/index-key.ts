/**
 * The key spaces of the index. The first character says which; numbers are big-endian. `OBJECT` is an object's part
 * (object-id.ts): pool, bit-reversed hash, name.
 *
 *     o OBJECT            head of an object              w OBJECT mark    work mark of an object
 *     e OBJECT chunk      extents of one chunk           p pool pg key    value of a PG
 *     m OBJECT key        omap value                     l pool pg seq    block of PG log entries, from seq on
 *     s id                shared payload                 q pool pg        what is counted of a PG
 *     g segment           segment table                  c number         marker of a checkpoint;  C  the newest
 *     r segment offset    who owns a payload, where its record in the log no longer tells
 *     d batch count chunk extents of a chunk that batch let go of, to be released in slices
 *     u OBJECT chunk      extents of the chunk as a clone will have it that is being made in slices; without a chunk: all are there
 */
import { flatLatin1 } from '../../../base/bytes.js';
import type { PgId } from '../../../cluster/ids.js';
import { objectKeyEnd, readU32, readU64, u32Text, u64Text, type ObjectId } from '../object-id.js';

/** In keys with an object's part, the last byte of its hash: spread evenly, whatever PGs there are. */
export const hashByteAt = 8;

export type KeySpace = 'o' | 'e' | 'm' | 'w' | 'p' | 'l' | 's' | 'q' | 'g' | 'c' | 'r' | 'd' | 'u';

/** Of a range, from its first key to before `lt`. */
export interface KeyRange {
  readonly gte: string;
  readonly lt: string;
}

export function headKey(object: ObjectId): string {
  return object.headKey;
}

export function chunkKey(object: ObjectId, chunk: number): string {
  return flatLatin1(`e${object.key}${u32Text(chunk)}`);
}

export function omapKey(object: ObjectId, key: string): string {
  return flatLatin1(`m${object.key}${key}`);
}

export function markKey(object: ObjectId, mark: string): string {
  return `w${object.key}${mark}`;
}

export function pgPart(pg: PgId): string {
  return `${u32Text(pg.pool)}${u32Text(pg.pg)}`;
}

export function pgValueKey(pg: PgId, key: string): string {
  return `p${pgPart(pg)}${key}`;
}

export function logBlockKey(pg: PgId, firstSeq: number): string {
  return `l${pgPart(pg)}${u64Text(firstSeq)}`;
}

export function pgCountsKey(pg: PgId): string {
  return `q${pgPart(pg)}`;
}

export function sharedKey(id: number): string {
  return `s${u64Text(id)}`;
}

export function payloadOwnerKey(payload: { readonly segment: number; readonly offset: number }): string {
  return `r${u32Text(payload.segment)}${u32Text(payload.offset)}`;
}

/** `count`: the how manieth object of the batch it was that let go of chunks. */
export function discardKey(batch: number, count: number, chunk: number): string {
  return `d${u64Text(batch)}${u32Text(count)}${u32Text(chunk)}`;
}

/** Of all that is discarded. */
export const discardRange: KeyRange = prefixRange('d');

export function aheadKey(object: ObjectId, chunk: number): string {
  return flatLatin1(`u${object.key}${u32Text(chunk)}`);
}

/** Says that all chunks are there. */
export function aheadMarkKey(object: ObjectId): string {
  return flatLatin1(`u${object.key}`);
}

export function segmentKey(segment: number): string {
  return `g${u32Text(segment)}`;
}

export function checkpointKey(number: number): string {
  return `c${u64Text(number)}`;
}

export const newestCheckpointKey = 'C';

/** All keys of an object in a key space: its omap, its chunks, its marks. */
export function objectRange(space: KeySpace, object: ObjectId): KeyRange {
  return prefixRange(`${space}${object.key}`);
}

export function prefixRange(prefix: string): KeyRange {
  return { gte: prefix, lt: afterPrefix(prefix) };
}

/** The first key that is behind every key with this prefix. */
export function afterPrefix(prefix: string): string {
  let end = prefix.length;
  while (end > 0 && prefix.charCodeAt(end - 1) === 0xff) end -= 1;
  // Prefixes begin with a letter, so one character can always be raised.
  return prefix.slice(0, end - 1) + String.fromCharCode(prefix.charCodeAt(end - 1) + 1);
}

/** The object part of a key of `o`, `e`, `m`, `u` or `w`. */
export function objectPartOf(key: string): string {
  return key.slice(1, objectKeyEnd(key, 1));
}

/** What stands behind the object part: the chunk, the omap key, the mark. */
export function suffixOf(key: string): string {
  return key.slice(objectKeyEnd(key, 1));
}

export function pgOfKey(key: string): { readonly pool: number; readonly pg: number } {
  return { pool: readU32(key, 1), pg: readU32(key, 5) };
}

export function seqOfLogBlockKey(key: string): number {
  return readU64(key, 9);
}

export function numberOfKey(key: string): number {
  return key.length === 5 ? readU32(key, 1) : readU64(key, 1);
}
