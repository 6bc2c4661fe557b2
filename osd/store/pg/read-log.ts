/** Reads a PG's log back. */
import { CairnError } from '../../../base/errors.js';
import { printPgId, type PgId } from '../../../cluster/ids.js';
import type { StoreState } from '../apply/draft.js';
import { logBlockKey } from '../format/index-key.js';
import { decodeLogBlock, type PackedEntry } from './log-block.js';
import { decodeLogEntry, type LogEntry } from './log-entry.js';
import type { PgState } from './pg-state.js';

export interface PgLogPage {
  /** Oldest first; none at the end of the log. */
  readonly entries: readonly LogEntry[];
}

/** Entries behind `afterSeq` and behind what was trimmed, of the first block that has any. */
export async function readPgLog(state: StoreState, pg: PgId, afterSeq: number): Promise<PgLogPage> {
  const page = await readPackedLog(state, pg, afterSeq);
  return { entries: page.map(({ bytes }) => decodeLogEntry(bytes)) };
}

/** As `readPgLog`, entries as they are stored. Lent: not to be changed. */
export async function readPackedLog(state: StoreState, pg: PgId, afterSeq: number): Promise<readonly PackedEntry[]> {
  for (;;) {
    const found = state.pgs.get(pg);
    if (found === undefined) return [];
    const from = Math.max(afterSeq, found.trimmedTo);
    const page = await findPage(state, found, from);
    if (page !== undefined) return page;
  }
}

/** `undefined` when the log was trimmed or cut meanwhile: look again. */
async function findPage(state: StoreState, found: PgState, from: number): Promise<readonly PackedEntry[] | undefined> {
  const blocks = found.blocks.slice();
  for (const [i, { first }] of blocks.entries()) {
    const next = blocks[i + 1]?.first ?? found.tailFirst;
    if (next !== undefined && next <= from + 1) continue;
    const stored = await state.index.get(logBlockKey(found.pg, first));
    if (stored === undefined) {
      if (!found.blocks.some((block) => block.first === first)) return undefined;
      throw lost(found.pg, first);
    }
    const entries = decodeLogBlock(stored).filter(({ seq }) => seq > from);
    if (entries.length > 0) return entries;
  }
  // What was the tail may be a full block by now, which this loop has not seen. Their number tells nothing: the oldest may
  // have been trimmed meanwhile.
  return found.blocks.at(-1) === blocks.at(-1) ? found.tail.filter(({ seq }) => seq > from) : undefined;
}

function lost(pg: PgId, first: number): CairnError {
  const message = `the index lacks log block ${first} of PG ${printPgId(pg)}`;
  return new CairnError('CORRUPT', `${message}; run cairn osd fsck`);
}
