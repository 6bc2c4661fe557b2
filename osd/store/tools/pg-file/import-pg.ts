/**
 * Brings a PG from a file into a store, through ordinary transactions.
 *
 *     read the whole file once: all right? ──► mark the PG ──► log, objects, values ──► remove the mark
 *
 * The log's entries come as they were, so that they tell the same to a replica that catches up.
 */
import { CairnError } from '../../../../base/errors.js';
import { invariant, unreachable } from '../../../../base/invariant.js';
import { printPgId, type PgId } from '../../../../cluster/ids.js';
import { objectHash, orderRange, pgOfHash } from '../../../../cluster/object-placement.js';
import { parentOf } from '../../../../cluster/pg/split.js';
import type { Runtime } from '../../../../runtime/runtime.js';
import type { BodySlot } from '../../format/omap-value.js';
import { blockShiftMin, transactionBytesIn } from '../../limits.js';
import { parseObjectKey, showObject, type ObjectId } from '../../object-id.js';
import { decodeLogEntry } from '../../pg/log-entry.js';
import { decodePgNum, encodePgNum, pgNumKey } from '../../pg/pg-num.js';
import type { Store } from '../../store.js';
import { payloadOf, type Mutation, type Transaction } from '../../transaction.js';
import { isShadowPool, showPg } from '../../parked/parked-place.js';
import { importMarkKey } from './import-mark.js';
import { noPgFileCounts, type PgFileBegin, type PgFileCounts, type PgFileRecord } from './pg-file-record.js';
import { readFrames } from './read-frames.js';

export interface ImportOptions {
  readonly onBytes?: (bytes: number, total: number) => void;
}

/**
 * Durable when it resolves. `EXISTS` when the store has something of the PG (an import that was cut short is cleared and
 * done again); `CORRUPT` and `UNSUPPORTED` for the file, before anything is changed; and what `Store.apply` refuses.
 */
export async function importPg(
  runtime: Runtime,
  store: Store,
  path: string,
  options: ImportOptions = {},
): Promise<PgFileBegin & PgFileCounts> {
  const { begin, end } = await verifyFile(runtime, path, options);
  const target = new PgImport(store, begin);
  await target.prepare();
  const file = await runtime.disk.open(path, { mode: 'read' });
  try {
    const total = 2 * (await file.size());
    for await (const { record, end: at } of readFrames(file)) {
      options.onBytes?.(total / 2 + at, total);
      await target.add(record);
    }
  } finally {
    await file.close();
  }
  await target.finish();
  return { ...begin, ...end };
}

/** Reads the file to its end: the order of its frames, what they belong to, and its counts. */
export async function verifyFile(
  runtime: Runtime,
  path: string,
  options: ImportOptions = {},
): Promise<{ begin: PgFileBegin; end: PgFileCounts }> {
  const file = await runtime.disk.open(path, { mode: 'read' });
  try {
    const total = 2 * (await file.size());
    const checker = new FileChecker(path);
    for await (const { record, end } of readFrames(file)) {
      options.onBytes?.(end, total);
      checker.add(record);
    }
    return checker.finish();
  } finally {
    await file.close();
  }
}

class FileChecker {
  readonly #path: string;
  #begin: PgFileBegin | undefined;
  #end: PgFileCounts | undefined;
  #object: Extract<PgFileRecord, { kind: 'object' }> | undefined;
  #slots: readonly BodySlot[] = [];
  #lastSeq = 0;
  readonly #counts = noPgFileCounts();

  constructor(path: string) {
    this.#path = path;
  }

  add(record: PgFileRecord): void {
    const counts = this.#counts;
    if ((record.kind === 'begin') !== (this.#begin === undefined))
      throw this.#wrong('its beginning is not where it should be');
    switch (record.kind) {
      case 'begin':
        this.#begin = record;
        return;
      case 'value':
        counts.values += 1;
        return;
      case 'entry':
        this.#entry(record.bytes);
        return;
      case 'object':
        this.#checkPlace(record.object);
        this.#object = record;
        this.#slots = [];
        counts.objects += 1;
        return;
      case 'data':
        if (
          this.#object === undefined ||
          record.offset + record.bytes.byteLength > this.#object.size ||
          record.bytes.byteLength === 0
        ) {
          throw this.#wrong('data that belongs to no object');
        }
        counts.dataBytes += record.bytes.byteLength;
        return;
      case 'omap':
        if (this.#object === undefined) throw this.#wrong('an omap key of no object');
        this.#slots = record.slots;
        counts.omapKeys += 1;
        return;
      case 'body':
        if (!this.#slots.includes(record.slot)) throw this.#wrong('a body of no omap key');
        counts.bodies += 1;
        return;
      case 'mark':
        if (this.#object === undefined) throw this.#wrong('a mark of no object');
        counts.marks += 1;
        return;
      case 'end':
        this.#end = record;
        return;
    }
  }

  finish(): { begin: PgFileBegin; end: PgFileCounts } {
    if (this.#begin === undefined || this.#end === undefined) throw this.#wrong('it has no end');
    const end = this.#end;
    const found = { ...this.#counts, skipped: end.skipped };
    for (const name of Object.keys(found) as (keyof PgFileCounts)[]) {
      if (found[name] !== end[name]) throw this.#wrong(`it has ${found[name]} ${name}, and its end says ${end[name]}`);
    }
    return { begin: this.#begin, end };
  }

  #entry(bytes: Uint8Array): void {
    const { seq } = decodeLogEntry(bytes);
    if (seq <= this.#lastSeq || seq > (this.#begin?.lastSeq ?? 0))
      throw this.#wrong(`entry ${seq} of the log is out of order`);
    this.#lastSeq = seq;
    this.#counts.entries += 1;
  }

  #checkPlace(object: ObjectId): void {
    const { pg, pgNum } = this.#begin ?? { pg: undefined, pgNum: 1 };
    if (object.pool === pg?.pool && pgOfHash(objectHash(object.pool, object.name), pgNum) === pg.pg) return;
    throw this.#wrong(`${showObject(object)} is not of its PG`);
  }

  #wrong(why: string): CairnError {
    return new CairnError('CORRUPT', `${this.#path} is not right: ${why}; nothing of it is used, export it again`);
  }
}

class PgImport {
  readonly #store: Store;
  readonly #begin: PgFileBegin;
  readonly #pg: PgId;
  readonly #dataBytesMax: number;
  #last: Promise<void> = Promise.resolve();
  #hasLog = false;
  #object: ObjectId | undefined;
  #omap: { key: string; head: Uint8Array; slots: readonly BodySlot[]; bodies: Map<BodySlot, Uint8Array> } | undefined;

  constructor(store: Store, begin: PgFileBegin) {
    this.#store = store;
    this.#begin = begin;
    this.#pg = begin.pg;
    // A record and checksums have to fit as well.
    this.#dataBytesMax = Math.floor(transactionBytesIn(store.superblock.segmentBytes) / 2);
  }

  async prepare(): Promise<void> {
    const isCutShort = (await this.#store.objects.pgGet(this.#pg, importMarkKey)) !== undefined;
    const { objects } = this.#store.counts(this.#pg);
    const { lastSeq } = this.#store.logBounds(this.#pg);
    const hasValues = await this.#hasValues();
    if (!isCutShort && (objects > 0 || lastSeq > 0 || hasValues)) {
      const message = `the store has ${showPg(this.#pg)} already (${objects} objects, log up to ${lastSeq})`;
      throw new CairnError('EXISTS', `${message}; nothing was imported`);
    }
    await this.#checkOthers();
    if (isCutShort) await this.#clear();
    await this.#run([{ kind: 'pg-set', key: importMarkKey, value: new Uint8Array(this.#begin.storeUuid) }]);
  }

  async add(record: PgFileRecord): Promise<void> {
    if (record.kind !== 'body') await this.#finishOmap();
    if (record.kind !== 'entry' && record.kind !== 'begin') await this.#finishLog();
    switch (record.kind) {
      case 'begin':
      case 'end':
        return;
      case 'value':
        await this.#run([{ kind: 'pg-set', key: record.key, value: record.value }]);
        return;
      case 'entry':
        await this.#entry(record.bytes);
        return;
      case 'object':
        await this.#beginObject(record);
        return;
      case 'data':
        await this.#data(record);
        return;
      case 'omap':
        this.#omap = { key: record.key, head: record.head, slots: record.slots, bodies: new Map() };
        return;
      case 'body':
        this.#omap?.bodies.set(record.slot, record.bytes);
        return;
      case 'mark':
        await this.#run([{ kind: 'set-mark', object: this.#current, mark: record.mark, value: record.value }]);
        return;
      default:
        unreachable(record);
    }
  }

  /** The PG is whole from here on. */
  async finish(): Promise<void> {
    const end: Mutation[] = [{ kind: 'pg-remove', key: importMarkKey }];
    // What is parked is of no PG.
    if (!isShadowPool(this.#pg.pool)) {
      end.push({ kind: 'pg-set', key: pgNumKey, value: encodePgNum(this.#begin.pgNum) });
    }
    await this.#run(end);
    await this.#last;
  }

  get #current(): ObjectId {
    invariant(this.#object !== undefined, 'what belongs to an object comes behind it: the file was checked');
    return this.#object;
  }

  /** Of PGs that were split from this one, or it from them, the store has no copy with the same objects. */
  async #checkOthers(): Promise<void> {
    const { pool, pg } = this.#pg;
    const { pgNum } = this.#begin;
    for (const other of this.#store.pgs()) {
      if (other.pool !== pool || other.pg === pg) continue;
      const stored = await this.#store.objects.pgGet(other, pgNumKey);
      const otherNum = stored === undefined ? pgNum : decodePgNum(stored);
      const isPart = other.pg >= pgNum && parentOf(other.pg, pgNum) === pg;
      const isWhole = pg >= otherNum && parentOf(pg, otherNum) === other.pg;
      if (!isPart && !isWhole) continue;
      const what = `PG ${printPgId(this.#pg)} of a pool of ${pgNum} PGs has objects that are in PG ${printPgId(other)} here`;
      const why = `of a pool of ${otherNum}: one was split from the other`;
      throw new CairnError('EXISTS', `${what}, ${why}; import it into an empty store instead. Nothing was imported`);
    }
  }

  async #hasValues(): Promise<boolean> {
    const walk = this.#store.objects.pgWalk(this.#pg);
    try {
      return (await walk.next(1)).length > 0;
    } finally {
      await walk.close();
    }
  }

  /** Takes away what an import left that was cut short; the mark stays. */
  async #clear(): Promise<void> {
    const { from, to } = orderRange(this.#pg.pg, this.#begin.pgNum);
    const walk = this.#store.objects.objectWalk(this.#pg.pool, { from, to });
    try {
      for (let page = await walk.next(256); page.length > 0; page = await walk.next(256)) {
        for (const { key } of page) await this.#run([{ kind: 'remove', object: parseObjectKey(key.slice(1)) }]);
      }
    } finally {
      await walk.close();
    }
    await this.#run([{ kind: 'pg-remove-range', from: '', to: importMarkKey }], { cutAfter: { term: 0, seq: 0 } });
  }

  async #entry(bytes: Uint8Array): Promise<void> {
    const { term, seq } = decodeLogEntry(bytes);
    await this.#run([], { copied: [{ term, seq, bytes }] });
  }

  /** Brings the log's bounds to where they were. */
  async #finishLog(): Promise<void> {
    if (this.#hasLog) return;
    this.#hasLog = true;
    const { lastSeq, lastTerm, trimmedTo } = this.#begin;
    const bounds = this.#store.logBounds(this.#pg);
    if (lastSeq > 0 && (bounds.lastSeq !== lastSeq || bounds.lastTerm !== lastTerm)) {
      // The log ends behind its last entry: by an entry more that is cut off again.
      const none = new Uint8Array(0);
      const entry = { seq: lastSeq + 1, term: lastTerm, object: undefined, session: none, request: 0, reply: none };
      await this.#run([], { entry });
      await this.#run([], { cutAfter: { term: lastTerm, seq: lastSeq } });
    }
    if (trimmedTo > 0) await this.#run([], { trimTo: trimmedTo });
  }

  async #beginObject({ object, size, version, attributes }: Extract<PgFileRecord, { kind: 'object' }>): Promise<void> {
    this.#object = object;
    await this.#run([
      { kind: 'create', object },
      { kind: 'truncate', object, size },
      { kind: 'set-attributes', object, set: attributes },
      { kind: 'set-version', object, version },
    ]);
  }

  async #data({ offset, blockShift, bytes }: Extract<PgFileRecord, { kind: 'data' }>): Promise<void> {
    for (let at = 0; at < bytes.byteLength; at += this.#dataBytesMax) {
      const data = payloadOf(bytes.subarray(at, at + this.#dataBytesMax));
      await this.#run([{ kind: 'write', object: this.#current, offset: offset + at, data }], { blockShift });
    }
  }

  async #finishOmap(): Promise<void> {
    const omap = this.#omap;
    this.#omap = undefined;
    if (omap === undefined) return;
    const { key, head, slots, bodies } = omap;
    const object = this.#current;
    const bodyOf = (slot: BodySlot) => ({ slot, body: payloadOf(bodies.get(slot) ?? new Uint8Array(0)) });
    // One by one: four large bodies may be more than a transaction takes.
    const [first, ...others] = slots;
    await this.#run([{ kind: 'omap-set', object, key, head, bodies: first === undefined ? [] : [bodyOf(first)] }]);
    for (const slot of others) {
      await this.#run([{ kind: 'omap-set', object, key, head: undefined, bodies: [bodyOf(slot)] }]);
    }
  }

  /** In order; the store's queue makes it wait when the disk is behind. */
  async #run(mutations: readonly Mutation[], rest: Partial<Transaction> = {}): Promise<void> {
    const { applied, durable } = this.#store.submit({ pg: this.#pg, blockShift: blockShiftMin, mutations, ...rest });
    // Whether the last one became durable is asked at the end: then all before it did.
    durable.catch(() => undefined);
    this.#last = durable;
    await applied;
  }
}
