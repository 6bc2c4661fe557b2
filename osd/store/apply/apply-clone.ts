/**
 * Clones: payloads become shared, and both objects' extents point to them. Once one extent of a payload is shared, all of
 * its object's are, so that a payload is either one object's own or shared, never both.
 *
 * To share very many payloads is a long turn. So the chunks of a clone are made ahead of it, in slices (`apply-ahead.ts`); those that
 * are still what a clone would have are the clone's, as they are.
 */
import { equalBytes } from '../../../base/bytes.js';
import { aheadKey, aheadMarkKey, discardKey, payloadOwnerKey, sharedKey } from '../format/index-key.js';
import { extentsBetween, joinExtents, type Extent } from '../format/extents.js';
import type { PayloadRef } from '../format/payload-ref.js';
import { encodePayloadOwner } from '../format/payload-owner.js';
import { encodeSharedPayload } from '../format/shared-payload.js';
import { chunkBytes } from '../limits.js';
import type { ObjectId } from '../object-id.js';
import type { Draft } from './draft.js';
import type { ObjectEditor } from './object-editor.js';

/** A clone has to be made ahead first. Thrown only where `Draft.mayWait`. */
export class CloneFirst extends Error {
  readonly object: ObjectId;

  constructor(object: ObjectId) {
    super('a clone has to be made ahead first');
    this.object = object;
  }
}

/** Throws `CloneFirst`, and `MissingKeys` as `applyTransaction` does. */
export function applyClone(draft: Draft, source: ObjectEditor, target: ObjectEditor): void {
  if (source.object.key === target.object.key) return;
  if (!source.exists) {
    target.remove();
    return;
  }
  const made = madeAhead(draft, source);
  target.resize(0);
  target.setAttributes(source.attributes);
  target.setVersion(source.version);
  target.grow(source.size);
  if (made !== undefined) takeAhead(draft, source, target, made.chunks);
  for (const { from, to } of made?.left ?? [{ from: 0, to: source.chunkCount - 1 }]) {
    const offset = from * chunkBytes;
    const bytes = Math.min((to + 1) * chunkBytes, source.size) - offset;
    cloneBytes(draft, source, target, { sourceOffset: offset, offset, bytes });
  }
}

interface MadeAhead {
  readonly chunks: readonly AheadChunk[];
  /** Chunks that are none of these, as ranges, both ends included. */
  readonly left: { readonly from: number; to: number }[];
}

interface AheadChunk {
  readonly chunk: number;
  readonly value: Uint8Array;
  /** The source has not changed there since. */
  readonly isCurrent: boolean;
}

/** `undefined`: nothing is, and need not be. */
function madeAhead(draft: Draft, source: ObjectEditor): MadeAhead | undefined {
  const count = source.chunkCount;
  if (count < 2) return undefined;
  const values = source.chunkValues(0, count - 1);
  if (values.reduce((sum, value) => sum + (value?.byteLength ?? 0), 0) <= draft.bulkBytesMin) return undefined;
  const isMarked = draft.get(aheadMarkKey(source.object)) !== undefined;
  const ahead = isMarked ? draft.getMany(values.map((_, chunk) => aheadKey(source.object, chunk))) : [];
  const chunks: AheadChunk[] = [];
  const left: { from: number; to: number }[] = [];
  let leftBytes = 0;
  values.forEach((value, chunk) => {
    const made = ahead[chunk];
    const isCurrent = value !== undefined && made !== undefined && equalBytes(value, made);
    if (made !== undefined) chunks.push({ chunk, value: made, isCurrent });
    if (isCurrent || value === undefined) return;
    leftBytes += value.byteLength;
    const last = left.at(-1);
    if (last?.to === chunk - 1) last.to = chunk;
    else left.push({ from: chunk, to: chunk });
  });
  if (draft.mayWait && leftBytes > draft.bulkBytesMin) throw new CloneFirst(source.object);
  return isMarked ? { chunks, left } : undefined;
}

/** Into a target without extents. What the source has changed since is released later. */
function takeAhead(draft: Draft, { object }: ObjectEditor, target: ObjectEditor, chunks: readonly AheadChunk[]): void {
  let discard: number | undefined;
  for (const { chunk, value, isCurrent } of chunks) {
    draft.delete(aheadKey(object, chunk));
    if (isCurrent) {
      target.adoptChunk(chunk, value);
      continue;
    }
    discard ??= draft.newDiscard();
    draft.put(discardKey(draft.batch, discard, chunk), value);
  }
  draft.delete(aheadMarkKey(object));
}

export interface CloneRange {
  readonly sourceOffset: number;
  readonly offset: number;
  readonly bytes: number;
}

export function applyCloneRange(draft: Draft, source: ObjectEditor, target: ObjectEditor, range: CloneRange): void {
  // Zeros first, so that what the source does not have is none of the old bytes.
  target.replace(range.offset, range.offset + range.bytes, () => []);
  const bytes = Math.min(range.bytes, source.size - range.sourceOffset);
  if (bytes > 0) cloneBytes(draft, source, target, { ...range, bytes });
}

/** Into a range of the target that holds no extents. */
function cloneBytes(draft: Draft, source: ObjectEditor, target: ObjectEditor, range: CloneRange): void {
  target.grow(range.offset + range.bytes);
  if (range.bytes === 0) return;
  // All at once, and before any work: each key that has to be read first begins the transaction anew.
  const first = Math.floor(range.offset / chunkBytes);
  const present = target.chunks(first, Math.floor((range.offset + range.bytes - 1) / chunkBytes));
  const pieces = shareExtents(draft, source, range);
  const chunks = new Map<number, Extent[]>();
  for (const { from, extent } of pieces) {
    for (let done = 0; done < extent.bytes;) {
      const at = from + done;
      const chunk = Math.floor(at / chunkBytes);
      const bytes = Math.min(extent.bytes - done, (chunk + 1) * chunkBytes - at);
      const part = { at: at % chunkBytes, bytes, source: extent.source, skip: extent.skip + done };
      const parts = chunks.get(chunk);
      if (parts === undefined) chunks.set(chunk, [part]);
      else parts.push(part);
      done += bytes;
    }
  }
  for (const [chunk, added] of chunks) {
    const before = present[chunk - first] ?? [];
    // A clone that was made bit by bit has the extents of one made at once.
    const after = joinExtents([...before, ...added].sort((a, b) => a.at - b.at));
    target.countShared(before, after);
    target.noteExtents(chunk, before, after);
    target.setChunk(chunk, after);
  }
}

interface Piece {
  /** In the target object. */
  readonly from: number;
  readonly extent: Extent;
}

/** Makes the payloads shared that the range shows, and returns what it shows, by its place in the target. */
export function shareExtents(draft: Draft, source: ObjectEditor, { sourceOffset, offset, bytes }: CloneRange): Piece[] {
  const first = Math.floor(sourceOffset / chunkBytes);
  const inRange = source.chunks(first, Math.floor((sourceOffset + bytes - 1) / chunkBytes)).map((extents, i) => {
    const base = (first + i) * chunkBytes;
    const from = Math.max(sourceOffset - base, 0);
    return extentsBetween(extents, from, Math.min(sourceOffset + bytes - base, chunkBytes));
  });
  const wanted = new Map<string, PayloadRef>();
  for (const { source: from } of inRange.flat()) {
    if (from.kind === 'own') wanted.set(payloadOwnerKey(from.payload), from.payload);
  }
  // All that show them, in the range or not.
  const shown = chunksShowing(source, inRange, first);
  const lists = source.chunks(shown.from, shown.to);
  const ids = new Map<string, number>();
  for (const key of wanted.keys()) ids.set(key, draft.newSharedId());
  const toShared = (extent: Extent): Extent => {
    if (extent.source.kind === 'shared') return extent;
    const id = ids.get(payloadOwnerKey(extent.source.payload));
    return id === undefined ? extent : { ...extent, source: { kind: 'shared', id } };
  };
  convertSource(source, lists, shown.from, toShared);
  // In one pass: an object may have a quarter of a million extents, each of a payload of its own.
  const uses = new Map<string, { extents: number; bytes: number }>();
  for (const { source: from, bytes: shown } of lists.flat()) {
    if (from.kind !== 'own') continue;
    const key = payloadOwnerKey(from.payload);
    const before = uses.get(key);
    uses.set(key, { extents: (before?.extents ?? 0) + 1, bytes: (before?.bytes ?? 0) + shown });
  }
  for (const [key, payload] of wanted) {
    const id = ids.get(key) ?? 0;
    const { extents, bytes: shown } = uses.get(key) ?? { extents: 0, bytes: 0 };
    // A shared payload counts whole while anything points to it.
    draft.addLive(payload.segment, payload.bytes - shown);
    const shared = { payload, owner: source.object.owner, references: extents };
    draft.put(sharedKey(id), encodeSharedPayload(shared));
    draft.put(key, encodePayloadOwner({ kind: 'shared', id }));
  }
  return inRange.flatMap((extents, i) => {
    return extents.map((extent) => {
      return { from: (first + i) * chunkBytes + extent.at - sourceOffset + offset, extent: toShared(extent) };
    });
  });
}

/**
 * The chunks, both ends included, that may show payloads of these extents' objects' own: each byte of such a payload is shown where it
 * was written, or nowhere.
 */
function chunksShowing(
  source: ObjectEditor,
  lists: readonly (readonly Extent[])[],
  first: number,
): { readonly from: number; readonly to: number } {
  let from = Infinity;
  let end = 0;
  lists.forEach((extents, i) => {
    for (const { at, skip, source: shown } of extents) {
      if (shown.kind !== 'own') continue;
      const start = (first + i) * chunkBytes + at - skip;
      from = Math.min(from, start);
      end = Math.max(end, start + shown.payload.bytes);
    }
  });
  if (from === Infinity) return { from: first, to: first };
  const last = Math.min(Math.floor((end - 1) / chunkBytes), source.chunkCount - 1);
  return { from: Math.max(0, Math.floor(from / chunkBytes)), to: last };
}

function convertSource(
  source: ObjectEditor,
  lists: readonly (readonly Extent[])[],
  first: number,
  toShared: (extent: Extent) => Extent,
): void {
  lists.forEach((extents, i) => {
    const converted = extents.map(toShared);
    if (converted.some((extent, j) => extent !== extents[j])) source.setChunk(first + i, converted);
  });
}
