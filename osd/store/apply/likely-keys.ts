/**
 * Keys that a transaction will most likely look at. Fetched together the first time that one is missing: a transaction of
 * thousands of values that only LevelDB knows would else begin anew for each of them.
 */
import { chunkKey, headKey, omapKey } from '../format/index-key.js';
import { chunkBytes } from '../limits.js';
import type { ObjectId } from '../object-id.js';
import type { PayloadSize, Transaction } from '../transaction.js';

/** A write of more chunks asks for all of its own at once. */
const chunksMax = 4;

export function likelyKeys({ mutations }: Transaction<PayloadSize>): Set<string> {
  const keys = new Set<string>();
  for (const mutation of mutations) {
    if ('object' in mutation) keys.add(headKey(mutation.object));
    if ('source' in mutation) keys.add(headKey(mutation.source));
    const { kind } = mutation;
    if (kind === 'omap-set' || kind === 'omap-remove') {
      keys.add(omapKey(mutation.object, mutation.key));
    } else if (kind === 'omap-move') {
      keys.add(omapKey(mutation.object, mutation.from));
      keys.add(omapKey(mutation.object, mutation.to));
    } else if (kind === 'write') {
      addChunks(keys, mutation.object, mutation.offset, mutation.data.bytes);
    } else if (kind === 'zero' || kind === 'punch') {
      addChunks(keys, mutation.object, mutation.offset, mutation.bytes);
    }
  }
  return keys;
}

/** Objects of one chunk have it in their head. */
function addChunks(keys: Set<string>, object: ObjectId, offset: number, bytes: number): void {
  const last = Math.floor((offset + bytes) / chunkBytes);
  const first = Math.floor(offset / chunkBytes);
  if (last === 0 || last - first >= chunksMax) return;
  for (let chunk = first; chunk <= last; chunk++) keys.add(chunkKey(object, chunk));
}
