/**
 * A PG becomes itself and its children. No object moves: the index has them in the order of their bit-reversed hash, of which
 * the children have parts. What is divided is kept once for each PG:
 *
 *     log of 1.0     (3,7) a   (3,8) b   (3,9) c   (4,10) a
 *     1.0 from now   (3,7) a   (3,8) ·   (3,9) c   (4,10) a       b's hash is the child's
 *     its child      (3,7) ·   (3,8) b   (3,9) ·   (4,10) ·
 *
 * **Every log keeps every position**, of entries about another PG's objects with nothing in them (·): all members that agreed about
 * the log before agree about each of its parts, whatever each of them has trimmed, lacks at the end, or splits at another
 * time. So what is said of logs in docs/PG-PROTOCOL.md holds for the parts as it did for the whole. What an entry changed of the PG's values
 * stays in all parts, as those values are copied.
 */
import { CairnError } from '../../../base/errors.js';
import { printPgId, type PgId } from '../../../cluster/ids.js';
import { pgOfHash } from '../../../cluster/object-placement.js';
import { logBlockKey, pgValueKey } from '../format/index-key.js';
import type { PgSplit } from '../pg/pg-split.js';
import { decodeLogBlock, encodeLogBlock, type PackedEntry } from '../pg/log-block.js';
import { decodeLogEntry, encodeLogEntry } from '../pg/log-entry.js';
import { encodePgNum, pgNumKey } from '../pg/pg-num.js';
import type { LogParts, PgCounts } from '../pg/pg-state.js';
import type { Draft } from './draft.js';

/** Throws `MissingKeys` as `applyTransaction` does, `CONFLICT` when a child is here already. */
export function applySplit(draft: Draft, pg: PgId, split: PgSplit): void {
  const { pgs } = draft.state;
  const state = pgs.get(pg);
  const children = split.children.map((child) => ({ ...child, id: { pool: pg.pool, pg: child.pg } }));
  for (const { id } of children) {
    if (pgs.get(id) === undefined) continue;
    throw new CairnError('CONFLICT', `PG ${printPgId(pg)} cannot be split: ${printPgId(id)} is here already`);
  }
  const blocks = state?.blocks ?? [];
  const blockKeys = blocks.map(({ first }) => logBlockKey(pg, first));
  const valueKeys = split.values.map(({ key }) => pgValueKey(pg, key));
  // All that has to be fetched is named at once, before anything is worked out.
  const found = draft.getMany([...blockKeys, ...valueKeys]);
  for (const [i, { key, to }] of split.values.entries()) {
    const value = found[blockKeys.length + i];
    if (value === undefined) continue;
    for (const { id } of children) if (to === undefined || to === id.pg) draft.put(pgValueKey(id, key), value);
    if (to !== undefined) draft.delete(pgValueKey(pg, key));
  }
  const pgNum = encodePgNum(split.toPgNum);
  for (const id of [pg, ...children.map((child) => child.id)]) draft.put(pgValueKey(id, pgNumKey), pgNum);
  const dividing = new DividedLog(pg, split);
  for (const [i, { first }] of blocks.entries()) {
    const stored = found[i];
    if (stored === undefined) {
      throw new CairnError('CORRUPT', `the index lacks log block ${first} of PG ${printPgId(pg)}; run cairn osd fsck`);
    }
    dividing.addBlock(decodeLogBlock(stored));
  }
  dividing.addTail(state?.tail ?? []);
  const counts = state?.record ?? { objects: 0, bytes: 0 };
  draft.splitPg({
    own: { counts: less(counts, split.children), log: dividing.of(pg.pg) },
    children: children.map(({ id, objects, bytes }) => ({
      pg: id,
      counts: { objects, bytes },
      log: dividing.of(id.pg),
    })),
  });
}

/** What counts that were wrong before leave is not below 0: fsck counts anew. */
function less({ objects, bytes }: PgCounts, children: readonly PgCounts[]): PgCounts {
  let left = { objects, bytes };
  for (const child of children) left = { objects: left.objects - child.objects, bytes: left.bytes - child.bytes };
  return { objects: Math.max(0, left.objects), bytes: Math.max(0, left.bytes) };
}

/** The logs of a PG and of its children, made of the PG's, block by block. */
class DividedLog {
  readonly #own: number;
  readonly #toPgNum: number;
  readonly #numbers: readonly number[];
  readonly #blocks = new Map<number, { readonly first: number; readonly entries: number; readonly bytes: number }[]>();
  readonly #stored = new Map<number, Uint8Array[]>();
  readonly #tails = new Map<number, readonly PackedEntry[]>();

  constructor({ pg }: PgId, { toPgNum, children }: PgSplit) {
    this.#own = pg;
    this.#toPgNum = toPgNum;
    this.#numbers = [pg, ...children.map((child) => child.pg)];
    for (const number of this.#numbers) {
      this.#blocks.set(number, []);
      this.#stored.set(number, []);
    }
  }

  addBlock(entries: readonly PackedEntry[]): void {
    const first = entries[0]?.seq ?? 0;
    for (const [number, list] of this.#divide(entries)) {
      const bytes = list.reduce((sum, entry) => sum + entry.bytes.byteLength, 0);
      this.#blocks.get(number)?.push({ first, entries: list.length, bytes });
      this.#stored.get(number)?.push(encodeLogBlock(list));
    }
  }

  addTail(entries: readonly PackedEntry[]): void {
    for (const [number, list] of this.#divide(entries)) this.#tails.set(number, list);
  }

  of(number: number): LogParts {
    return {
      blocks: this.#blocks.get(number) ?? [],
      stored: this.#stored.get(number) ?? [],
      tail: this.#tails.get(number) ?? [],
    };
  }

  #divide(entries: readonly PackedEntry[]): Map<number, PackedEntry[]> {
    const lists = new Map(this.#numbers.map((number): [number, PackedEntry[]] => [number, []]));
    for (const packed of entries) {
      const entry = decodeLogEntry(packed.bytes);
      if (entry.object === undefined) {
        // Of the PG as a whole, or emptied by an earlier split.
        for (const list of lists.values()) list.push(packed);
        continue;
      }
      const number = pgOfHash(entry.object.hash, this.#toPgNum);
      const owner = lists.has(number) ? number : this.#own;
      const emptied = emptiedEntry(packed, entry.touched);
      for (const [one, list] of lists) list.push(one === owner ? packed : emptied);
    }
    return lists;
  }
}

const nothing = new Uint8Array(0);

/** What an entry about another PG's object leaves: its place, and what it changed of values that all parts have. */
function emptiedEntry({ term, seq }: PackedEntry, touched: ReturnType<typeof decodeLogEntry>['touched']): PackedEntry {
  const kept = touched.filter((one) => !('object' in one));
  const entry = { term, seq, object: undefined, session: nothing, request: 0, reply: nothing, touched: kept };
  return { term, seq, bytes: encodeLogEntry(entry) };
}
