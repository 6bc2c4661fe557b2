/**
 * Payloads that the cleaner copied, where the batch that wrote them is no more: the record of the move says where they
 * belong. What is known to be newer than the payload's origin stays.
 */
import { extentsBetween, type Extent } from '../../format/extents.js';
import { decodeOmapValue } from '../../format/omap-value.js';
import { omapKey } from '../../format/index-key.js';
import type { PayloadRef } from '../../format/payload-ref.js';
import type { ChunkMerge, MergedRun } from '../../format/chunk-merge.js';
import type { MoveOwner, PayloadMove } from '../../format/payload-move.js';
import { chunkBytes } from '../../limits.js';
import { applyOmapSet } from '../../apply/apply-omap.js';
import type { Draft } from '../../apply/draft.js';
import { ObjectEditor } from '../../apply/object-editor.js';

/** `to` is where the bytes are now. Returns whether anything was placed. Throws `MissingKeys` as the draft does. */
export function placeMove(draft: Draft, move: PayloadMove, to: PayloadRef): boolean {
  switch (move.owner.kind) {
    case 'chunk':
      return placeExtents(draft, move, move.owner, to);
    case 'body':
      return placeBody(draft, move, move.owner, to);
    case 'shared':
      // Whose extents pointed to it is known only where the clone's own batch is.
      return false;
  }
}

/** A run that was merged, as moves of its parts into its payload. */
export function movesOfRun({ object, chunk }: ChunkMerge, run: MergedRun): PayloadMove[] {
  return run.parts.map(({ at, bytes, skip, payload }) => {
    const owner = { kind: 'chunk' as const, object, chunk, extents: [{ at, bytes, skip }] };
    // As if the old payload had begun where the run's does.
    return { from: payload, skip: skip - (at - run.at), bytes, owner };
  });
}

function placeExtents(
  draft: Draft,
  { from, skip }: PayloadMove,
  { object, chunk, extents }: Extract<MoveOwner, { kind: 'chunk' }>,
  to: PayloadRef,
): boolean {
  const editor = new ObjectEditor(draft, object);
  let placed = false;
  for (const moved of extents) {
    const [known = []] = editor.chunks(chunk, chunk);
    for (const { at, end } of olderRanges(known, moved.at, moved.at + moved.bytes, from.batch)) {
      const base = chunk * chunkBytes;
      const source = { kind: 'own' as const, payload: to };
      const added: Extent = { at, bytes: end - at, source, skip: moved.skip - skip + (at - moved.at) };
      if (added.skip < 0 || added.skip + added.bytes > to.bytes) continue;
      editor.replace(base + at, base + end, () => [added]);
      draft.addLive(to.segment, added.bytes);
      placed = true;
    }
  }
  editor.finish();
  return placed;
}

/** Parts of a range where nothing is known, or what was written before `batch`. */
function olderRanges(known: readonly Extent[], from: number, to: number, batch: number): { at: number; end: number }[] {
  const ranges: { at: number; end: number }[] = [];
  let at = from;
  const add = (end: number): void => {
    if (end > at) ranges.push({ at, end });
  };
  for (const extent of extentsBetween(known, from, to)) {
    const isOlder = extent.source.kind === 'own' && extent.source.payload.batch < batch;
    if (isOlder) continue;
    add(extent.at);
    at = extent.at + extent.bytes;
  }
  add(to);
  return ranges;
}

function placeBody(
  draft: Draft,
  { from }: PayloadMove,
  { object, key, slot }: Extract<MoveOwner, { kind: 'body' }>,
  to: PayloadRef,
): boolean {
  const stored = draft.get(omapKey(object, key));
  const known = stored === undefined ? undefined : decodeOmapValue(stored).bodies.find((body) => body.slot === slot);
  if (known !== undefined && (known.payload === undefined || known.payload.batch >= from.batch)) return false;
  const editor = new ObjectEditor(draft, object);
  applyOmapSet(draft, editor, { key, head: undefined, bodies: [{ slot, body: { bytes: to.bytes } }] }, [to]);
  editor.finish();
  return true;
}
