/**
 * Makes some chunks of an object as a clone of it will have them, under keys of `u`, before the clone is made: to share the payloads of
 * a large object is too much for one turn. Nobody sees them. A clone takes those that the object still has the like of, and makes
 * the others anew (`apply-clone.ts`), so whatever happens to the object meanwhile does no harm.
 *
 *     object   e0  e1  e2  e3             e0  e1  e2' e3              e0  e1  e2' e3
 *     ahead    u0  u1  u2  u3  mark       u0  u1  u2  u3  mark
 *     clone                                                           u0  u1 new  u3
 *              made, slice by slice       the object is written to    the clone is made, in one turn
 */
import { equalBytes } from '../../../base/bytes.js';
import type { CloneAhead } from '../format/bulk-step.js';
import { decodeChunk, encodeChunk } from '../format/chunk-value.js';
import { aheadKey, aheadMarkKey } from '../format/index-key.js';
import { chunkBytes } from '../limits.js';
import { shareExtents } from './apply-clone.js';
import type { Draft } from './draft.js';
import { ObjectEditor } from './object-editor.js';

/** Nothing is in it: it is there. */
const mark = new Uint8Array(1);

/** Throws `MissingKeys` as `applyTransaction` does. */
export function applyAhead(draft: Draft, { object, from, to, isLast }: CloneAhead): void {
  const source = new ObjectEditor(draft, object);
  // An object of one chunk has it in its head, and needs none of this.
  if (source.chunkCount < 2) return;
  const last = Math.min(to, source.chunkCount - 1);
  if (from <= last) makeChunks(draft, source, from, last);
  if (isLast) draft.put(aheadMarkKey(object), mark);
  source.finish();
}

function makeChunks(draft: Draft, source: ObjectEditor, from: number, to: number): void {
  const keys = Array.from({ length: to - from + 1 }, (_, i) => aheadKey(source.object, from + i));
  const old = draft.getMany(keys);
  const sourceOffset = from * chunkBytes;
  const bytes = Math.min((to + 1) * chunkBytes, source.size) - sourceOffset;
  shareExtents(draft, source, { sourceOffset, offset: 0, bytes });
  const before = old.map((value) => (value === undefined ? [] : decodeChunk(value)));
  const lists = source.chunks(from, to);
  source.readShared([...before, ...lists]);
  keys.forEach((key, i) => {
    const extents = lists[i] ?? [];
    const value = encodeChunk(extents);
    const stored = old[i];
    if (stored === undefined ? extents.length === 0 : equalBytes(stored, value)) return;
    source.countShared(before[i] ?? [], extents);
    if (extents.length === 0) draft.delete(key);
    else draft.put(key, value);
  });
}
