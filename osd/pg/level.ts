/**
 * A member takes over the end of another's log: the entries as they are, and what they touched as it is at the log's end, **in
 * one transaction**. A copy that had the entries without their effects would serve old data under a new log should the
 * other be lost; one that had the effects without the entries would run a repeated request again (PG-PROTOCOL.md section 6, I6).
 *
 * What is not committed of a PG is bounded (`windowBytesMax`), so this fits a transaction. Members agree up to the end of the
 * shorter log (I2); whoever does not is no member, and joins.
 */
import { CairnError } from '../../base/errors.js';
import type { Member } from '../../cluster/pg-record.js';
import { decodeLogBlock, type PackedEntry } from '../store/pg/log-block.js';
import { decodeLogEntry, type Touched } from '../store/pg/log-entry.js';
import type { Mutation } from '../store/transaction.js';
import { unpackParts } from './copy/parts-message.js';
import { TouchedSet } from './copy/touched-set.js';
import { encodeTouched } from './copy/touched-list.js';
import { partsMethod, positionHeader, positionOfHeader, tailMethod } from './messages.js';
import type { PgCopy } from './pg-copy.js';
import type { Term } from './term.js';
import { comparePositions, isSamePosition, type LogPosition } from './types.js';

/** Takes over from `source` what is behind the end of this log. Durable when it resolves, with the new end. */
export async function levelFrom(term: Term, copy: PgCopy, source: Member): Promise<LogPosition> {
  const entries: PackedEntry[] = [];
  const touched = new TouchedSet();
  const from = copy.last;
  let after = from;
  for (;;) {
    const { header, payload } = await term.call(source, tailMethod, { after: positionHeader(after) });
    const page = header.entries === 0 ? [] : decodeLogBlock(payload);
    for (const entry of page) {
      entries.push(entry);
      for (const one of decodeLogEntry(entry.bytes).touched) touched.add(one);
    }
    const last = page.at(-1);
    if (last !== undefined) after = { term: last.term, seq: last.seq };
    const end = positionOfHeader(header.last);
    if (isSamePosition(after, end)) break;
    if (last === undefined || comparePositions(after, end) > 0) {
      throw new CairnError(
        'CORRUPT',
        `the log of osd.${source.osd} ends at ${end.seq} and has nothing behind ${after.seq}`,
      );
    }
  }
  if (entries.length === 0) return copy.last;
  const mutations = await fetchParts(term, source, touched.list(), after);
  term.throwIfOver();
  if (!isSamePosition(copy.last, from))
    throw new CairnError('CONFLICT', 'this copy was levelled by another call meanwhile');
  await copy.takeOver({ mutations, copied: entries });
  return copy.last;
}

async function fetchParts(
  term: Term,
  source: Member,
  parts: readonly Touched[],
  at: LogPosition,
): Promise<readonly Mutation[]> {
  const all: Mutation[] = [];
  let rest = parts;
  while (rest.length > 0) {
    const { header, payload } = await term.call(source, partsMethod, {}, { payload: encodeTouched(rest) });
    if (!isSamePosition(positionOfHeader(header.last), at)) {
      throw new CairnError('CONFLICT', `osd.${source.osd} went on while parts were copied from it; begin anew`);
    }
    const found = unpackParts(payload, header);
    all.push(...found.mutations);
    rest = found.rest;
  }
  return all;
}
