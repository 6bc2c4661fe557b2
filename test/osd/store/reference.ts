/** What a store promises, as simply as it can be said: maps in memory. Compared with the real one after every step. */
import { copyBytes, concatBytes } from '../../../base/bytes.js';
import { poolId, printPgId, type PgId } from '../../../cluster/ids.js';
import { pgOfHash } from '../../../cluster/object-placement.js';
import type { PgSplit } from '../../../osd/store/pg/pg-split.js';
import type { ObjectId } from '../../../osd/store/object-id.js';
import type { Mutation, Transaction } from '../../../osd/store/transaction.js';

export interface ReferenceOmapValue {
  head: Uint8Array;
  bodies: Map<number, Uint8Array>;
}

export interface ReferenceObject {
  readonly id: ObjectId;
  data: Uint8Array;
  attributes: Map<string, Uint8Array>;
  omap: Map<string, ReferenceOmapValue>;
  marks: Map<string, Uint8Array>;
  version: { term: number; seq: number };
}

/** Of each pool before any PG is split. */
export const firstPgNum = 4;

/** As many as are tried in all. */
export const pgNumMax = 64;

/** The one PG that the object is in, `pgNumOf` being what each PG was split for: PGs of a pool are split one after the other. */
export function pgBy({ pool, hash }: ObjectId, pgNumOf: (pg: PgId) => number | undefined): PgId {
  for (let pgNum = firstPgNum; pgNum <= pgNumMax; pgNum *= 2) {
    const id = { pool, pg: pgOfHash(hash, pgNum) };
    if ((pgNumOf(id) ?? firstPgNum) === pgNum) return id;
  }
  throw new Error('an object is in some PG');
}

export interface ReferencePg {
  readonly id: PgId;
  /** Of the pool when it was split last. */
  pgNum: number;
  values: Map<string, Uint8Array>;
  log: { seq: number; term: number; object: ObjectId | undefined; request: number; reply: Uint8Array }[];
  trimmedTo: number;
  lastSeq: number;
}

export class Reference {
  readonly objects = new Map<string, ReferenceObject>();
  readonly pgs = new Map<string, ReferencePg>();

  /** A deep copy, to compare a store after a crash with. */
  clone(): Reference {
    const copy = new Reference();
    for (const [key, object] of this.objects) copy.objects.set(key, copyObject(object));
    for (const [key, pg] of this.pgs) {
      copy.pgs.set(key, { ...pg, values: new Map(pg.values), log: pg.log.slice() });
    }
    return copy;
  }

  apply(transaction: Transaction): void {
    const changed = new Map<string, ObjectId>();
    const versioned = new Set<string>();
    for (const mutation of transaction.mutations) {
      if ('object' in mutation) changed.set(mutation.object.key, mutation.object);
      if (mutation.kind === 'set-version') versioned.add(mutation.object.key);
      this.#mutate(transaction, mutation);
    }
    const { entry } = transaction;
    const pg = this.pg(printPgId(transaction.pg));
    const cut = transaction.cutAfter;
    if (cut !== undefined && cut.seq < pg.lastSeq) {
      pg.log = pg.log.filter(({ seq }) => seq <= cut.seq);
      pg.lastSeq = cut.seq;
      pg.trimmedTo = Math.min(pg.trimmedTo, cut.seq);
    }
    if (entry !== undefined) {
      for (const key of changed.keys()) {
        const object = this.objects.get(key);
        if (object !== undefined && !versioned.has(key)) object.version = { term: entry.term, seq: entry.seq };
      }
      const { seq, term, object, request } = entry;
      pg.log.push({ seq, term, object, request, reply: copyBytes(entry.reply) });
      pg.lastSeq = entry.seq;
    }
    if (transaction.trimTo !== undefined) {
      pg.trimmedTo = Math.max(pg.trimmedTo, Math.min(transaction.trimTo, pg.lastSeq));
      pg.log = pg.log.filter(({ seq }) => seq > pg.trimmedTo);
    }
    if (transaction.split !== undefined) this.#split(pg, transaction.split);
  }

  /** The PG that the object is in by now. */
  pgOf(object: ObjectId): PgId {
    return pgBy(object, (pg) => this.pgs.get(printPgId(pg))?.pgNum);
  }

  /** Every log keeps every position; what is in it is of the PG that has the object. */
  #split(whole: ReferencePg, { toPgNum, children, values }: PgSplit): void {
    const before = { ...whole, values: new Map(whole.values) };
    const parts = [whole, ...children.map(({ pg }) => this.pg(printPgId({ pool: whole.id.pool, pg })))];
    for (const part of parts) {
      part.pgNum = toPgNum;
      part.trimmedTo = before.trimmedTo;
      part.lastSeq = before.lastSeq;
      part.log = before.log.map((entry) => {
        const isOwn = entry.object === undefined || pgOfHash(entry.object.hash, toPgNum) === part.id.pg;
        return isOwn ? entry : { ...entry, object: undefined, request: 0, reply: new Uint8Array(0) };
      });
      for (const { key, to } of values) {
        const value = before.values.get(key);
        if (value !== undefined && (to ?? part.id.pg) === part.id.pg) part.values.set(key, value);
        else part.values.delete(key);
      }
    }
  }

  pg(name: string): ReferencePg {
    let pg = this.pgs.get(name);
    if (pg === undefined) {
      const [pool = '', number = ''] = name.split('.');
      const id = { pool: poolId(Number(pool)), pg: parseInt(number, 16) };
      pg = { id, pgNum: firstPgNum, values: new Map(), log: [], trimmedTo: 0, lastSeq: 0 };
      this.pgs.set(name, pg);
    }
    return pg;
  }

  #object(id: ObjectId): ReferenceObject {
    let object = this.objects.get(id.key);
    if (object === undefined) {
      object = {
        id,
        data: new Uint8Array(0),
        attributes: new Map(),
        omap: new Map(),
        marks: new Map(),
        version: { term: 0, seq: 0 },
      };
      this.objects.set(id.key, object);
    }
    return object;
  }

  #mutate(transaction: Transaction, mutation: Mutation): void {
    switch (mutation.kind) {
      case 'create':
        this.#object(mutation.object);
        return;
      case 'remove':
        this.objects.delete(mutation.object.key);
        return;
      case 'write':
        this.#write(mutation.object, mutation.offset, concatBytes(mutation.data.pieces));
        return;
      case 'append':
        this.#write(mutation.object, this.#object(mutation.object).data.byteLength, concatBytes(mutation.data.pieces));
        return;
      case 'truncate':
        this.#resize(mutation.object, mutation.size);
        return;
      case 'zero':
        this.#write(mutation.object, mutation.offset, new Uint8Array(mutation.bytes), true);
        return;
      case 'punch': {
        const object = this.objects.get(mutation.object.key);
        object?.data.fill(0, mutation.offset, mutation.offset + mutation.bytes);
        return;
      }
      case 'clone':
        this.#clone(mutation.source, mutation.object);
        return;
      case 'clone-range': {
        const source = this.objects.get(mutation.source.key)?.data ?? new Uint8Array(0);
        const bytes = new Uint8Array(mutation.bytes);
        bytes.set(source.subarray(mutation.sourceOffset, mutation.sourceOffset + mutation.bytes));
        this.#write(mutation.object, mutation.offset, bytes, true);
        return;
      }
      case 'set-attributes':
        for (const [name, value] of mutation.set) this.#object(mutation.object).attributes.set(name, copyBytes(value));
        this.#object(mutation.object);
        return;
      case 'remove-attributes':
        for (const name of mutation.names) this.objects.get(mutation.object.key)?.attributes.delete(name);
        return;
      case 'set-version':
        this.#object(mutation.object).version = mutation.version;
        return;
      case 'omap-set':
        this.#omapSet(mutation);
        return;
      case 'omap-remove':
        this.objects.get(mutation.object.key)?.omap.delete(mutation.key);
        return;
      case 'omap-remove-range':
        removeRange(this.objects.get(mutation.object.key)?.omap, mutation.from, mutation.to);
        return;
      case 'omap-move': {
        const omap = this.objects.get(mutation.object.key)?.omap;
        const value = omap?.get(mutation.from);
        if (omap === undefined || value === undefined || mutation.from === mutation.to) return;
        omap.delete(mutation.from);
        omap.set(mutation.to, value);
        return;
      }
      case 'set-mark':
        this.#object(mutation.object).marks.set(mutation.mark, copyBytes(mutation.value));
        return;
      case 'remove-mark':
        this.objects.get(mutation.object.key)?.marks.delete(mutation.mark);
        return;
      case 'pg-set':
        this.pg(printPgId(transaction.pg)).values.set(mutation.key, copyBytes(mutation.value));
        return;
      case 'pg-remove':
        this.pg(printPgId(transaction.pg)).values.delete(mutation.key);
        return;
      case 'pg-remove-range':
        removeRange(this.pg(printPgId(transaction.pg)).values, mutation.from, mutation.to);
        return;
    }
  }

  #write(id: ObjectId, offset: number, bytes: Uint8Array, mayGrow = bytes.byteLength > 0): void {
    const object = this.#object(id);
    if (mayGrow && offset + bytes.byteLength > object.data.byteLength) this.#resize(id, offset + bytes.byteLength);
    object.data.set(bytes, offset > object.data.byteLength ? 0 : offset);
  }

  #resize(id: ObjectId, size: number): void {
    const object = this.#object(id);
    const data = new Uint8Array(size);
    data.set(object.data.subarray(0, size));
    object.data = data;
  }

  #clone(source: ObjectId, target: ObjectId): void {
    if (source.key === target.key) return;
    const from = this.objects.get(source.key);
    if (from === undefined) {
      this.objects.delete(target.key);
      return;
    }
    const object = this.#object(target);
    object.data = copyBytes(from.data);
    object.attributes = new Map(from.attributes);
    object.version = from.version;
  }

  #omapSet(mutation: Extract<Mutation, { kind: 'omap-set' }>): void {
    const object = this.#object(mutation.object);
    const old = object.omap.get(mutation.key);
    const value = { head: copyBytes(mutation.head ?? old?.head ?? new Uint8Array(0)), bodies: new Map(old?.bodies) };
    for (const { slot, body } of mutation.bodies) {
      if (body === undefined) value.bodies.delete(slot);
      else value.bodies.set(slot, concatBytes(body.pieces));
    }
    object.omap.set(mutation.key, value);
  }
}

function removeRange(map: Map<string, unknown> | undefined, from: string, to: string | undefined): void {
  for (const key of map?.keys() ?? []) if (key >= from && (to === undefined || key < to)) map?.delete(key);
}

function copyObject(object: ReferenceObject): ReferenceObject {
  return {
    ...object,
    data: copyBytes(object.data),
    attributes: new Map(object.attributes),
    omap: new Map(Array.from(object.omap, ([key, value]) => [key, { ...value, bodies: new Map(value.bodies) }])),
    marks: new Map(object.marks),
  };
}
