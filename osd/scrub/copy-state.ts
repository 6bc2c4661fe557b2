/** What one member of a PG says of its copy of an object. Sent as it is. */
import type { ObjectVersion } from '../store/format/object-head.js';

export type CopyState =
  | { readonly kind: 'absent' }
  /** All that was looked at verified; `sum` is over it, in hex. */
  | { readonly kind: 'whole'; readonly version: ObjectVersion; readonly bytes: number; readonly sum: string }
  /** Something of it cannot be read, or is known not to be as the log says. `null`: not even its version can be told. */
  | { readonly kind: 'rotten'; readonly version: ObjectVersion | null; readonly problem: string }
  /** It was written to while it was looked at: this says nothing. */
  | { readonly kind: 'changed' };

/** One that says something. */
export type SettledCopy = Exclude<CopyState, { readonly kind: 'changed' }>;

export function isSameVersion(a: ObjectVersion, b: ObjectVersion): boolean {
  return a.term === b.term && a.seq === b.seq;
}

/** Versions of one object are positions in one log: a later one has the higher number. */
export function compareVersions(a: ObjectVersion, b: ObjectVersion): number {
  return a.term - b.term || a.seq - b.seq;
}

/** Nothing is wrong, as far as was looked: all are there and the same, or none is there. */
export function areSame(copies: readonly CopyState[]): boolean {
  const [first] = copies;
  if (first === undefined) return true;
  return copies.every((copy) => {
    if (first.kind === 'absent') return copy.kind === 'absent';
    if (first.kind !== 'whole' || copy.kind !== 'whole') return false;
    return isSameVersion(copy.version, first.version) && copy.bytes === first.bytes && copy.sum === first.sum;
  });
}
