/**
 * Lets go of what chunks show that nobody wants any more: those that an object let go of as a whole (`d`), and those that were made
 * ahead of a clone that was not made (`u`).
 */
import { decodeChunk } from '../format/chunk-value.js';
import type { Extent } from '../format/extents.js';
import { objectPartOf, sharedKey } from '../format/index-key.js';
import type { Draft } from './draft.js';
import { changeReferences } from './object-editor.js';

/** Keys that are not there, or no more, are left out. Throws `MissingKeys` as `applyTransaction` does. */
export function applyRelease(draft: Draft, keys: readonly string[]): void {
  const values = draft.getMany(keys);
  const references = new Map<number, number>();
  const own: Extent[] = [];
  keys.forEach((key, i) => {
    const value = values[i];
    if (value === undefined) return;
    draft.delete(key);
    if (isMark(key)) return;
    for (const extent of decodeChunk(value)) {
      const { source } = extent;
      if (source.kind === 'own') own.push(extent);
      else references.set(source.id, (references.get(source.id) ?? 0) - 1);
    }
  });
  // Those that have to be read first are named all at once: each time, this begins anew.
  draft.getMany(Array.from(references.keys(), sharedKey));
  for (const [id, by] of references) changeReferences(draft, id, by);
  for (const { source, bytes } of own) if (source.kind === 'own') draft.addLive(source.payload.segment, -bytes);
}

/** Of a clone that was made ahead: that all its chunks are there. */
function isMark(key: string): boolean {
  return key[0] === 'u' && 1 + objectPartOf(key).length === key.length;
}
