/** Which entries of a copy that is about to be cut, or to go, may be writes that the PG does not have. */
import { decodeLogEntry, type LogEntry } from '../../store/pg/log-entry.js';
import type { PackedEntry } from '../../store/pg/log-block.js';
import type { ObjectId } from '../../store/object-id.js';
import type { PgCopy } from '../pg-copy.js';
import type { LogPosition } from '../types.js';

/** What was cut of one object, oldest first. */
export interface CutObject {
  readonly object: ObjectId;
  readonly entries: readonly (LogEntry & { readonly packed: PackedEntry })[];
}

/**
 * Entries behind `common`, the last that the PG's log has as well. Where that does not reach back so far (`undefined`), those
 * that were not noted to be on every member: twice a second that is noted, so some of them the PG has. Entries of sync
 * terms are none of them: what was acknowledged in one, every member has (PG-PROTOCOL.md section 6, I1).
 */
export async function findTail(copy: PgCopy, common: LogPosition | undefined): Promise<CutObject[]> {
  const note = copy.async;
  if (note === undefined) return [];
  const found = new Map<string, { object: ObjectId; entries: CutObject['entries'][number][] }>();
  let after = Math.max(common?.seq ?? note.everywhere, copy.trimmedTo);
  for (;;) {
    const page = await copy.readLog(after);
    const last = page.at(-1);
    if (last === undefined) return [...found.values()];
    after = last.seq;
    for (const packed of page) {
      if (packed.term > note.term) continue;
      const entry = decodeLogEntry(packed.bytes);
      if (entry.object === undefined) continue;
      const of = found.get(entry.object.key) ?? { object: entry.object, entries: [] };
      of.entries.push({ ...entry, packed });
      found.set(entry.object.key, of);
    }
  }
}
