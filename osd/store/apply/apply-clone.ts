/**
 * Clones: payloads become shared, and both objects' extents point to them. Once one extent of a payload is shared, all of
 * its object's are, so that a payload is either one object's own or shared, never both.
 */
import { payloadOwnerKey, sharedKey } from '../format/index-key.js';
import { extentsBetween, joinExtents, type Extent } from '../format/extents.js';
import type { PayloadRef } from '../format/payload-ref.js';
import { encodePayloadOwner } from '../format/payload-owner.js';
import { encodeSharedPayload } from '../format/shared-payload.js';
import { chunkBytes } from '../limits.js';
import type { Draft } from './draft.js';
import type { ObjectEditor } from './object-editor.js';

export function applyClone(draft: Draft, source: ObjectEditor, target: ObjectEditor): void {
  if (source.object.key === target.object.key) return;
  if (!source.exists) {
    target.remove();
    return;
  }
  target.resize(0);
  target.setAttributes(source.attributes);
  target.setVersion(source.version);
  cloneBytes(draft, source, target, { sourceOffset: 0, offset: 0, bytes: source.size });
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
function shareExtents(draft: Draft, source: ObjectEditor, { sourceOffset, offset, bytes }: CloneRange): Piece[] {
  const lists = source.chunks(0, Math.floor((source.size - 1) / chunkBytes));
  const inRange = lists.map((extents, chunk) => {
    const base = chunk * chunkBytes;
    const from = Math.min(Math.max(sourceOffset - base, 0), chunkBytes);
    return extentsBetween(extents, from, Math.min(Math.max(sourceOffset + bytes - base, 0), chunkBytes));
  });
  const wanted = new Map<string, PayloadRef>();
  for (const { source: from } of inRange.flat()) {
    if (from.kind === 'own') wanted.set(payloadOwnerKey(from.payload), from.payload);
  }
  const ids = new Map<string, number>();
  for (const key of wanted.keys()) ids.set(key, draft.newSharedId());
  const toShared = (extent: Extent): Extent => {
    if (extent.source.kind === 'shared') return extent;
    const id = ids.get(payloadOwnerKey(extent.source.payload));
    return id === undefined ? extent : { ...extent, source: { kind: 'shared', id } };
  };
  convertSource(source, lists, toShared);
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
  return inRange.flatMap((extents, chunk) => {
    return extents.map((extent) => {
      return { from: chunk * chunkBytes + extent.at - sourceOffset + offset, extent: toShared(extent) };
    });
  });
}

function convertSource(
  source: ObjectEditor,
  lists: readonly (readonly Extent[])[],
  toShared: (extent: Extent) => Extent,
): void {
  lists.forEach((extents, chunk) => {
    const converted = extents.map(toShared);
    if (converted.some((extent, i) => extent !== extents[i])) source.setChunk(chunk, converted);
  });
}
