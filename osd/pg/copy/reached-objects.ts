/**
 * Objects that an earlier attempt to catch up brought further than the others, with the version that they have: they lack only what
 * entries behind it touched. A version is set with the last part of a copy, and with each entry that comes with its effects, so it
 * tells that the object is as that entry left it, unless something of it is noted as missing.
 */
import type { ObjectId } from '../../store/object-id.js';
import { decodeLogEntry } from '../../store/pg/log-entry.js';
import type { ObjectReader } from '../../store/read/object-reader.js';
import type { PgCopy } from '../pg-copy.js';
import type { LogPosition } from '../types.js';

export interface ReachedObject {
  /** `ObjectId.key`. */
  readonly objectKey: string;
  /** An entry of this copy's log. */
  readonly version: LogPosition;
}

/** They travel in one header; of what does not fit, all is copied again. */
const keyBytesMax = 256 * 1024;

/**
 * Of those that entries behind `from` touched.
 *
 * @param missing `ObjectId.key` of objects that entries which were cut off had touched
 */
export async function reachedObjects(
  copy: PgCopy,
  objects: ObjectReader,
  { from, missing }: { readonly from: number; readonly missing: ReadonlySet<string> },
): Promise<readonly ReachedObject[]> {
  const terms = new Map<number, number>();
  const touched = new Map<string, ObjectId>();
  for (let at = from; ;) {
    const page = await copy.readLog(at);
    const last = page.at(-1);
    if (last === undefined) break;
    for (const { term, seq, bytes } of page) {
      terms.set(seq, term);
      for (const one of decodeLogEntry(bytes).touched) if ('object' in one) touched.set(one.object.key, one.object);
    }
    at = last.seq;
  }
  const reached: ReachedObject[] = [];
  let bytes = 0;
  for (const [objectKey, object] of touched) {
    if (missing.has(objectKey)) continue;
    const version = (await objects.stat(object))?.version;
    if (version === undefined || terms.get(version.seq) !== version.term) continue;
    bytes += objectKey.length + 32;
    if (bytes > keyBytesMax) break;
    reached.push({ objectKey, version });
  }
  return reached;
}
