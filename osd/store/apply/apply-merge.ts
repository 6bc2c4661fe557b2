/**
 * What the merger wrote anew takes effect byte by byte where the chunk still shows what was read: decided when the batch is
 * formed, and again, the same way, when it is replayed.
 *
 *     read        ├a┤├b┤   ├c┤├d┤          logged: one payload  [a b 0 c d]
 *     meanwhile   ├a┤├── x ──┤├d┤
 *     then        [a]├── x ──┤[d]          both of the new payload
 */
import { extentsBetween, joinExtents, type Extent } from '../format/extents.js';
import type { ChunkMerge, MergedPart, MergedRun } from '../format/chunk-merge.js';
import { isSamePayload, type PayloadRef } from '../format/payload-ref.js';
import type { Draft } from './draft.js';
import { ObjectEditor, type ChunkChange } from './object-editor.js';

/** `payloads[i]` holds the bytes of `merge.runs[i]`. Throws `MissingKeys` as `applyTransaction` does. */
export function applyMerge(draft: Draft, merge: ChunkMerge, payloads: readonly PayloadRef[]): void {
  const editor = new ObjectEditor(draft, merge.object);
  if (!editor.exists) return;
  merge.runs.forEach((run, i) => {
    const payload = payloads[i];
    if (payload !== undefined) editor.changeChunk(merge.chunk, (extents, end) => showRun(extents, end, run, payload));
  });
  editor.finish();
}

/** The extents of a chunk of an object that ends at `end` of it; `undefined` when nothing is as it was read. */
export function showRun(
  extents: readonly Extent[],
  end: number,
  run: MergedRun,
  payload: PayloadRef,
): ChunkChange | undefined {
  const to = Math.min(run.at + run.bytes, end);
  const present = extentsBetween(extents, run.at, to);
  const parts = new RangeCursor<MergedPart>(run.parts, to);
  const now = new RangeCursor<Extent>(present, to);
  const inside: Extent[] = [];
  const dropped: Extent[] = [];
  let shown = 0;
  for (let at = run.at; at < to;) {
    const part = parts.moveTo(at);
    const extent = now.moveTo(at);
    const next = Math.min(parts.end, now.end);
    if (isSame(part, extent, at)) {
      inside.push({ at, bytes: next - at, source: { kind: 'own', payload }, skip: at - run.at });
      if (extent !== undefined) dropped.push(...extentsBetween([extent], at, next));
      shown += next - at;
    } else if (extent !== undefined) {
      inside.push(...extentsBetween([extent], at, next));
    }
    at = next;
  }
  if (dropped.length === 0) return undefined;
  const before = extentsBetween(extents, 0, run.at);
  const after = extentsBetween(extents, to, Infinity);
  return {
    extents: joinExtents([...before, ...inside, ...after]),
    dropped,
    shown: { segment: payload.segment, bytes: shown },
  };
}

/** A hole is the same as a hole: both read as zeros. */
function isSame(part: MergedPart | undefined, extent: Extent | undefined, at: number): boolean {
  if (part === undefined || extent === undefined) return part === extent;
  if (part.skip + (at - part.at) !== extent.skip + (at - extent.at)) return false;
  const { source } = extent;
  if (source.kind === 'shared') return part.sharedId === source.id;
  return part.sharedId === undefined && isSamePayload(part.payload, source.payload);
}

/** Walks over sorted ranges and the holes between them. */
class RangeCursor<T extends { readonly at: number; readonly bytes: number }> {
  readonly #ranges: readonly T[];
  readonly #to: number;
  #next = 0;
  /** Where the range, or the hole, that was moved to ends. */
  end = 0;

  constructor(ranges: readonly T[], to: number) {
    this.#ranges = ranges;
    this.#to = to;
  }

  /** Onwards to `at`: the range there; `undefined` in a hole. */
  moveTo(at: number): T | undefined {
    let range = this.#ranges[this.#next];
    while (range !== undefined && range.at + range.bytes <= at) {
      this.#next += 1;
      range = this.#ranges[this.#next];
    }
    const inside = range !== undefined && range.at <= at ? range : undefined;
    this.end = Math.min(this.#to, inside === undefined ? (range?.at ?? this.#to) : inside.at + inside.bytes);
    return inside;
  }
}
