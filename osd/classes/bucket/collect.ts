/**
 * What the collector of garbage asks of a shard. It finds shards by their work marks, and goes round in this order: `expire`; `collect`;
 * for each item it removes the chunks, or asks for `clean-upload`; then `collected`. Every step may be repeated.
 */
import { cleanUploadInput, collectedInput, collectInput, holdInput } from '../../../protocol/bucket/calls.js';
import { contentSlot } from '../../../protocol/bucket/entry.js';
import { decodeHold, decodeIntent, encodeHold } from '../../../protocol/bucket/intent.js';
import { decodePart } from '../../../protocol/bucket/part.js';
import { kindOf } from '../../../protocol/bucket/record-kind.js';
import { endOf, garbageKey, holdKey, partsOf, readGarbageKey, uploadKey } from '../../../protocol/bucket/shard-keys.js';
import { decodeUpload, usedPartsSlot } from '../../../protocol/bucket/upload.js';
import { encodeHeader } from '../../../wire/header-codec.js';
import type { ClassMethod } from '../object-class.js';
import { countPart } from './counts.js';
import { latin1, readInput } from './read-input.js';
import { Shard } from './shard.js';

/** Intents and holds looked at in one call: those of more writes at once come a round later. */
const lookedAtMax = 10_000;
/** Contents that one answer brings along. */
const dataBytesMax = 2 * 1024 * 1024;
/** When not all was looked at. */
const againMs = 60_000;

/** Keeps the chunks of a blob from being removed. Answers until when. */
export const hold: ClassMethod = async (reader, input, context) => {
  const { bucket, blob, forMs } = readInput(holdInput, input, 'hold');
  const shard = await Shard.ofBucket(reader, context, bucket);
  const untilMs = shard.date() + forMs;
  const before = await shard.omap.head(holdKey(latin1(blob)));
  const until = Math.max(untilMs, before === undefined ? 0 : decodeHold(before));
  shard.omap.set(holdKey(latin1(blob)), encodeHold(until));
  shard.dueBy(until);
  return shard.finish({ untilMs: until });
};

/** Releases what intents that are over have left, forgets holds that are over, and says when to come again. Answers `{ dueMs }`. */
export const expire: ClassMethod = async (reader, input, context) => {
  const { bucket, count } = readInput(collectInput, input, 'expire');
  const shard = await Shard.ofBucket(reader, context, bucket);
  const now = shard.date();
  let dueMs = Infinity;
  let released = 0;
  const intents = await reader.omapList('i/', endOf('i/'), lookedAtMax);
  for (const [omapKey, head] of intents) {
    const { expiresMs } = decodeIntent(head);
    if (expiresMs > now || released >= count) {
      dueMs = Math.min(dueMs, Math.max(expiresMs, now));
      continue;
    }
    shard.release(omapKey, head);
    released += 1;
  }
  const holds = await reader.omapList('h/', endOf('h/'), lookedAtMax);
  for (const [omapKey, head] of holds) {
    const untilMs = decodeHold(head);
    if (untilMs > now) dueMs = Math.min(dueMs, untilMs);
    else shard.omap.remove(omapKey);
  }
  if (intents.length === lookedAtMax || holds.length === lookedAtMax) dueMs = Math.min(dueMs, now + againMs);
  const [first] = await shard.omap.list('g/', endOf('g/'), 1);
  if (first !== undefined) dueMs = Math.min(dueMs, readGarbageKey(first[0]).dueMs);
  shard.change({ dueMs: dueMs === Infinity ? 0 : dueMs });
  return shard.finish({ dueMs: shard.header.dueMs });
};

export interface CollectItem {
  readonly dueMs: number;
  readonly sequence: number;
  readonly head: Uint8Array;
  /** Of the data, in order: the content of an entry. */
  readonly contentBytes: number;
}

/** What is due. Answers `{ items, holds, isMore }`: holds are ids of blobs whose chunks have to stay until those are over. */
export const collect: ClassMethod = async (reader, input, context) => {
  const { bucket, count } = readInput(collectInput, input, 'collect');
  const shard = await Shard.ofBucket(reader, context, bucket);
  const now = shard.leastNow();
  const found = await reader.omapList('g/', garbageKey(Math.max(0, now), 0), count + 1);
  const items: CollectItem[] = [];
  const data: Uint8Array[] = [];
  let bytes = 0;
  for (const [omapKey, head] of found.slice(0, count)) {
    if (bytes >= dataBytesMax) break;
    const content = kindOf(head) === 'entry' ? await reader.omapBody(omapKey, contentSlot) : undefined;
    if (content !== undefined) data.push(content);
    bytes += content?.byteLength ?? 0;
    items.push({ ...readGarbageKey(omapKey), head, contentBytes: content?.byteLength ?? 0 });
  }
  const holds: Uint8Array[] = [];
  for (const [omapKey, head] of await reader.omapList('h/', endOf('h/'), lookedAtMax)) {
    if (decodeHold(head) > now) holds.push(Buffer.from(omapKey.slice(2), 'latin1'));
  }
  const isMore = items.length < found.length;
  return { changes: [], output: encodeHeader({ items, holds, isMore }), data };
};

/** Forgets what was done. Answers nothing. */
export const collected: ClassMethod = async (reader, input, context) => {
  const { bucket, items } = readInput(collectedInput, input, 'collected');
  const shard = await Shard.ofBucket(reader, context, bucket);
  for (const { dueMs, sequence, againInMs } of items) {
    const omapKey = garbageKey(dueMs, sequence);
    const head = await shard.omap.head(omapKey);
    if (head === undefined) continue;
    if (againInMs === undefined) shard.omap.remove(omapKey);
    else shard.omap.move(omapKey, garbageKey(shard.date() + againInMs, sequence), head);
  }
  return shard.finish({});
};

/**
 * Removes some parts of an upload that has ended, releasing what did not go into the object, and the upload's record once all are gone and nobody
 * is told of it any more. Answers `{ isDone, againInMs }`: 0 for at once.
 */
export const cleanUpload: ClassMethod = async (reader, input, context) => {
  const { bucket, key, upload, count } = readInput(cleanUploadInput, input, 'clean-upload');
  const shard = await Shard.ofBucket(reader, context, bucket);
  const escaped = shard.own(key);
  const omapKey = uploadKey(escaped, latin1(upload));
  const head = await shard.omap.head(omapKey);
  const state = head === undefined ? undefined : decodeUpload(head).state;
  if (state === undefined || state.kind === 'open') return shard.finish({ isDone: true, againInMs: 0 });
  const used = state.kind === 'completed' ? await reader.omapBody(omapKey, usedPartsSlot) : undefined;
  const prefix = partsOf(escaped, latin1(upload));
  const parts = await reader.omapList(prefix, endOf(prefix), count);
  for (const [partKey, partHead] of parts) {
    const number = partKey.charCodeAt(prefix.length) * 256 + partKey.charCodeAt(prefix.length + 1);
    const isUsed = ((used?.[number >>> 3] ?? 0) & (1 << (number & 7))) !== 0;
    if (isUsed) {
      shard.omap.remove(partKey);
      continue;
    }
    shard.release(partKey, partHead);
    shard.change({ counts: countPart(shard.header.counts, decodePart(partHead).size, -1) });
  }
  if (parts.length === count) return shard.finish({ isDone: false, againInMs: 0 });
  const leftMs = state.kind === 'completed' ? state.keptUntilMs - shard.date() : 0;
  if (leftMs > 0) return shard.finish({ isDone: false, againInMs: leftMs });
  shard.omap.remove(omapKey);
  return shard.finish({ isDone: true, againInMs: 0 });
};
