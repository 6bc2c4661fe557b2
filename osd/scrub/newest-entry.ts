/** What the log of a PG says of one object. */
import { isCairnError } from '../../base/errors.js';
import type { PgCopy } from '../pg/pg-copy.js';
import { decodeStoredReply } from '../pg/stored-reply.js';
import type { ObjectId } from '../store/object-id.js';
import { decodeLogEntry, type LogEntry } from '../store/pg/log-entry.js';
import type { Expected } from './judge.js';

/** By the newest entry about the object, whose reply tells which version it left, or none. Reads the whole log: for findings only. */
export async function expectedByLog(copy: PgCopy, object: ObjectId): Promise<Expected> {
  let newest: LogEntry | undefined;
  for (let at = copy.trimmedTo; ;) {
    const page = await copy.readLog(at);
    const last = page.at(-1);
    if (last === undefined) break;
    for (const { bytes } of page) {
      const entry = decodeLogEntry(bytes);
      if (entry.object?.key === object.key) newest = entry;
    }
    at = last.seq;
  }
  return newest === undefined ? { kind: 'unknown' } : expectedOf(newest);
}

function expectedOf({ reply }: LogEntry): Expected {
  try {
    const answer = decodeStoredReply(reply);
    if (answer.kind === 'error') return { kind: 'unknown' };
    const { version } = answer.reply;
    return version === undefined ? { kind: 'absent' } : { kind: 'version', version };
  } catch (error) {
    // An entry of a later version of the program: the copies decide.
    if (!isCairnError(error)) throw error;
    return { kind: 'unknown' };
  }
}
