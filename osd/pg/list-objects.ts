/** The objects of a PG, a page at a time, in the order of their keys. */
import { latin1Bytes, latin1Text } from '../../base/bytes.js';
import { CairnError } from '../../base/errors.js';
import { orderRange } from '../../cluster/object-placement.js';
import type { ListedObject, ListReply, ListRequest } from '../../protocol/osd-methods.js';
import type { OutgoingReply } from '../../wire/method.js';
import { parseObjectKey } from '../store/object-id.js';
import { notServing } from './refusals.js';
import type { PrimaryTerm } from './primary/primary-term.js';

const countMax = 1_000;
/** Names travel in the header of a message, which has at most 1 MiB. */
const pageBytes = 256 * 1024;
const walkPage = 64;

/**
 * What it shows is committed, and readable now. An object that is written meanwhile may be missing, or not. One that the primary
 * notes as missing is told as such, whether its index has something of it or nothing.
 */
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
  const missing = new Set(primary.mender.damagedKeys());
  const all = withMissing(keys, missing, { after: latin1Text(after), isAtEnd });
  const page = all.slice(0, count);
  const last = page.at(-1);
  const next = (isAtEnd && page.length === all.length) || last === undefined ? undefined : latin1Bytes(last);
  const objects = page.map((key): ListedObject => {
    const { name } = parseObjectKey(key);
    return missing.has(key) ? Object.assign({ isMissing: true as const }, name) : name;
  });
  return { header: { objects, next } };
}

/** In the order of the keys: those of a page of the index, and those that belong between them. */
function withMissing(
  keys: readonly string[],
  missing: ReadonlySet<string>,
  { after, isAtEnd }: { readonly after: string; readonly isAtEnd: boolean },
): readonly string[] {
  const last = keys.at(-1);
  const belongs = (key: string): boolean => key > after && (isAtEnd || (last !== undefined && key <= last));
  const more = [...missing].filter((key) => key !== '' && belongs(key) && !keys.includes(key));
  return more.length === 0 ? keys : [...keys, ...more].sort((a, b) => (a < b ? -1 : 1));
}
