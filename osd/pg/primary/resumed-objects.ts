/**
 * Objects that an earlier attempt, of whichever source, left at the joiner in part (`copy/partial-copy.ts`): what of each is still
 * to be copied, as far as that can be told. Pure.
 *
 *     its place is in this log     ──►  its rest, and what entries behind that place touched
 *     it has the same version here ──►  its rest, and what entries from now on touch
 *     neither                      ──►  nothing is known of it: it is copied as if nothing of it were there
 *
 * Pieces that came after what is noted may have brought what another history wrote. Those entries were in the joiner's log before, and it
 * noted what they touched as missing when it cut them: that is left as well (docs/models/copy.cpp finds the corruption without it).
 */
import type { ObjectVersion } from '../../store/format/object-head.js';
import type { Touched } from '../../store/pg/log-entry.js';
import type { PartialCopy } from '../copy/partial-copy.js';
import { TouchedSet } from '../copy/touched-set.js';
import { hasPosition, isSamePosition, type LogPosition } from '../types.js';

/** Of the source. */
export interface SourceLog {
  /** `PgCopy.lineage`. */
  readonly lineage: readonly LogPosition[];
  /** Entries behind it are there. */
  readonly trimmedTo: number;
  /** What is appended behind it is told by `add`. */
  readonly lastSeq: number;
}

interface Resumed {
  readonly partial: PartialCopy;
  readonly left: TouchedSet;
  /** What entries behind it touched is left as well. */
  readonly after: number;
  /** Its place is in the log. Else it is known only by its version. */
  readonly isInLog: boolean;
}

export class ResumedObjects {
  readonly #objects = new Map<string, Resumed>();
  /** Entries behind it are to be told by `add`. */
  readonly readFrom: number;

  /** @param missing what entries that the joiner cut off, now or earlier, had touched */
  constructor(partials: readonly PartialCopy[], missing: readonly Touched[], log: SourceLog) {
    let readFrom = log.lastSeq;
    for (const partial of partials) {
      const { at, object, rest } = partial;
      const isInLog = hasPosition(log, at);
      const after = isInLog ? at.seq : log.lastSeq;
      readFrom = Math.min(readFrom, after);
      this.#objects.set(object.key, { partial, left: TouchedSet.of(rest), after, isInLog });
    }
    this.readFrom = readFrom;
    for (const one of missing) if ('object' in one) this.#objects.get(one.object.key)?.left.add(one);
  }

  /** Those that only their version can tell of. */
  get unsettled(): readonly PartialCopy[] {
    return [...this.#objects.values()].flatMap(({ partial, isInLog }) => (isInLog ? [] : [partial]));
  }

  /** One of those has this version here, looked up since `lastSeq` was the log's end. False: nothing is known of it. */
  settle({ object, version }: PartialCopy, found: ObjectVersion | undefined): boolean {
    if (found !== undefined && isSamePosition(found, version)) return true;
    this.#objects.delete(object.key);
    return false;
  }

  /** What an entry touched, each once or more. */
  add(touched: readonly Touched[], seq: number): void {
    if (this.#objects.size === 0) return;
    for (const one of touched) {
      const resumed = 'object' in one ? this.#objects.get(one.object.key) : undefined;
      if (resumed !== undefined && seq > resumed.after) resumed.left.add(one);
    }
  }

  /** Takes it out: what of it is left, never nothing. `undefined`: nothing is known of it. */
  take(objectKey: string): readonly Touched[] | undefined {
    const resumed = this.#objects.get(objectKey);
    this.#objects.delete(objectKey);
    return resumed?.left.list();
  }

  /** What was left of them at first. */
  *partials(): Generator<PartialCopy> {
    for (const { partial } of this.#objects.values()) yield partial;
  }
}
