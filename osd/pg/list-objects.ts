/** The objects of a PG, a page at a time, in the order of their keys. */
import { latin1Bytes, latin1Text } from '../../base/bytes.js';
import { CairnError } from '../../base/errors.js';
import { orderRange } from '../../cluster/object-placement.js';
import type { ListReply, ListRequest } from '../../protocol/osd-methods.js';
import type { OutgoingReply } from '../../wire/method.js';
import { parseObjectKey } from '../store/object-id.js';
import { notServing } from './refusals.js';
import type { PrimaryTerm } from './primary/primary-term.js';

const countMax = 1_000;
/** Names travel in the header of a message, which has at most 1 MiB. */
const pageBytes = 256 * 1024;
const walkPage = 64;

/** What it shows is committed, and readable now. An object that is written meanwhile may be missing, or not. */
export async function listObjects(
  primary: PrimaryTerm,
  { after, count }: ListRequest,
): Promise<OutgoingReply<ListReply>> {
  const { term, pool } = primary;
  if (!primary.isServing) throw notServing(term.pg, 'is becoming active, or has too few copies');
  if (!Number.isInteger(count) || count < 1 || count > countMax) {
    throw new CairnError('INVALID_ARGUMENT', `a page has 1 to ${countMax} objects, not ${count}`);
  }
  const walk = term.host.store.objects.objectWalk(pool.id, orderRange(term.pg.pg, pool.pgNum));
  const keys: string[] = [];
  let isAtEnd = false;
  try {
    if (after.byteLength > 0) walk.seek(`o${latin1Text(after)}\0`);
    let bytes = 0;
    while (keys.length < count && bytes < pageBytes) {
      const page = await walk.next(Math.min(count - keys.length, walkPage));
      if (page.length === 0) {
        isAtEnd = true;
        break;
      }
      for (const { key } of page) {
        keys.push(key.slice(1));
        bytes += key.length;
      }
    }
  } finally {
    await walk.close();
  }
  await primary.gate.passed(primary.copy.last.seq);
  await primary.untilReadable();
  const last = keys.at(-1);
  const next = isAtEnd || last === undefined ? undefined : latin1Bytes(last);
  return { header: { objects: keys.map((key) => parseObjectKey(key).name), next } };
}
