/** Random transactions over a few objects of a few PGs, so that they meet each other in all ways. */
import { latin1Bytes } from '../../../base/bytes.js';
import { childrenOf } from '../../../cluster/pg/split.js';
import { poolId, printPgId, type PgId } from '../../../cluster/ids.js';
import type { BodySlot } from '../../../osd/store/format/omap-value.js';
import { objectId, type ObjectId } from '../../../osd/store/object-id.js';
import { payloadOf, type Mutation, type Payload, type Transaction } from '../../../osd/store/transaction.js';
import type { Prng } from '../../../runtime/sim/prng.js';
import { firstPgNum, pgBy, pgNumMax, type Reference } from './reference.js';

const afterOwnKeys = '\x01';

export interface WorkloadOptions {
  readonly objects: number;
  /** Largest write, in bytes. */
  readonly writeBytesMax: number;
  /** Writes go up to here. */
  readonly objectBytesMax: number;
  /** Of a transaction. Default 3. */
  readonly mutationsMax?: number;
  /** What a transaction may take in the log. Default: no limit, for segments that are large enough. */
  readonly transactionBytesMax?: number;
  /** Mostly clones and moved keys, over and over the same bytes. */
  readonly isSharing?: boolean;
  /** Some transactions are many tiny writes and appends to one object: for the merger. Numbers of its own. Default: none. */
  readonly tiny?: Prng | undefined;
}

export class Workload {
  readonly #prng: Prng;
  readonly #options: WorkloadOptions;
  readonly objects: readonly ObjectId[];
  readonly #seqs = new Map<string, number>();
  /** Of PGs that were split: PGs of the pool since then. */
  readonly #pgNums = new Map<string, number>();
  #term = 1;
  #request = 0;

  constructor(prng: Prng, options: WorkloadOptions) {
    this.#prng = prng;
    this.#options = options;
    this.objects = Array.from({ length: options.objects }, (_, i) => {
      const pool = poolId(1 + (i % 2));
      return objectId(pool, { namespace: i % 5 === 0 ? 'ns' : '', locator: '', name: `object ${i}` });
    });
  }

  pgOf(object: ObjectId): PgId {
    return pgBy(object, (pg) => this.#pgNums.get(printPgId(pg)));
  }

  /** What follows a crash begins where the reference's logs end. */
  resume(reference: Reference): void {
    this.#seqs.clear();
    this.#pgNums.clear();
    for (const [name, { lastSeq, pgNum }] of reference.pgs) {
      this.#seqs.set(name, lastSeq);
      this.#pgNums.set(name, pgNum);
    }
  }

  /** Of some PG. `reference` is what the store has by now, and nothing else is on its way to it. `undefined`: none can be split. */
  split(prng: Prng, reference: Reference): Transaction | undefined {
    const pg = this.pgOf(prng.pick(this.objects));
    const name = printPgId(pg);
    const fromPgNum = this.#pgNums.get(name) ?? firstPgNum;
    const toPgNum = fromPgNum * prng.pick([2, 2, 4]);
    if (toPgNum > pgNumMax) return undefined;
    const numbers = childrenOf(pg.pg, { fromPgNum, toPgNum });
    const here = this.objects.filter((one) => reference.objects.has(one.key) && printPgId(this.pgOf(one)) === name);
    for (const number of [pg.pg, ...numbers]) {
      const part = printPgId({ pool: pg.pool, pg: number });
      this.#pgNums.set(part, toPgNum);
      this.#seqs.set(part, this.#seqs.get(name) ?? 0);
    }
    const children = numbers.map((number) => {
      const own = here.filter((one) => this.pgOf(one).pg === number);
      const bytes = own.reduce((sum, one) => sum + (reference.objects.get(one.key)?.data.byteLength ?? 0), 0);
      return { pg: number, objects: own.length, bytes };
    });
    const values = Array.from(reference.pg(name).values.keys()).flatMap((key) => {
      const to = prng.pick([undefined, pg.pg, ...numbers]);
      return to === pg.pg ? [] : [{ key, to }];
    });
    return { pg, blockShift: 12, mutations: [], split: { fromPgNum, toPgNum, children, values } };
  }

  next(reference: Reference): Transaction {
    const object = this.#prng.pick(this.objects);
    const pg = this.pgOf(object);
    const mates = this.objects.filter((other) => printPgId(this.pgOf(other)) === printPgId(pg));
    const mutations: Mutation[] = [];
    for (let left = 1 + this.#prng.below(this.#options.mutationsMax ?? 3); left > 0; left--) {
      mutations.push(this.#mutation(this.#prng.chance(0.7) ? object : this.#prng.pick(mates), mates));
    }
    mutations.push(...this.#tinyWrites(object));
    while (logBytesOf(mutations) > (this.#options.transactionBytesMax ?? Infinity)) mutations.pop();
    const name = printPgId(pg);
    const last = this.#seqs.get(name) ?? 0;
    const cut = this.#prng.chance(0.02) ? this.#cut(reference, name) : undefined;
    const seq = (cut?.seq ?? last) + 1 + (this.#prng.chance(0.1) ? this.#prng.below(5) : 0);
    const hasEntry = this.#prng.chance(0.8);
    if (cut !== undefined) {
      this.#term += 1;
      this.#seqs.set(name, cut.seq);
    }
    if (hasEntry) this.#seqs.set(name, seq);
    this.#request += 1;
    return {
      pg,
      blockShift: this.#prng.pick([12, 13, 16]),
      mutations,
      ...(cut === undefined ? {} : { cutAfter: cut }),
      ...(hasEntry
        ? {
            entry: {
              seq,
              term: this.#term,
              object,
              session: this.#bytes(8),
              request: this.#request,
              reply: this.#bytes(this.#prng.below(60)),
            },
          }
        : {}),
      ...(this.#prng.chance(0.05) ? { trimTo: Math.max(0, seq - this.#prng.below(100)) } : {}),
    };
  }

  #cut(reference: Reference, name: string): { seq: number; term: number } | undefined {
    const log = reference.pg(name).log;
    if (log.length === 0) return undefined;
    const { seq, term } = this.#prng.pick(log.slice(-20));
    return { seq, term };
  }

  #mutation(object: ObjectId, mates: readonly ObjectId[]): Mutation {
    const prng = this.#prng;
    const kind = this.#options.isSharing === true && prng.chance(0.5) ? prng.pick([51, 54, 88]) : prng.below(100);
    const size = this.#options.objectBytesMax;
    if (kind < 22) return { kind: 'write', object, offset: this.#offset(size), data: this.#payload() };
    if (kind < 30)
      return { kind: 'append', object, data: this.#payload(Math.min(this.#options.writeBytesMax, 20_000)) };
    if (kind < 36) return { kind: 'truncate', object, size: prng.below(size) };
    if (kind < 40) return { kind: 'zero', object, offset: this.#offset(size), bytes: prng.below(size >> 2) };
    if (kind < 44) return { kind: 'punch', object, offset: this.#offset(size), bytes: prng.below(size >> 2) };
    if (kind < 50) return { kind: 'remove', object };
    if (kind < 53) return { kind: 'clone', object, source: prng.pick(mates) };
    if (kind < 57) return this.#cloneRange(object, mates);
    if (kind < 61) return { kind: 'create', object };
    if (kind < 66) {
      return { kind: 'set-attributes', object, set: new Map([[`a${prng.below(5)}`, this.#bytes(prng.below(50))]]) };
    }
    if (kind < 68) return { kind: 'remove-attributes', object, names: [`a${prng.below(5)}`] };
    if (kind < 69) return { kind: 'set-version', object, version: { term: prng.below(5), seq: prng.below(50) } };
    if (kind < 82) return this.#omapSet(object);
    if (kind < 85) return { kind: 'omap-remove', object, key: this.#key() };
    if (kind < 88) return { kind: 'omap-remove-range', object, ...this.#range() };
    if (kind < 91) return { kind: 'omap-move', object, from: this.#key(), to: this.#key() };
    if (kind < 94) return { kind: 'set-mark', object, mark: `m${prng.below(4)}`, value: this.#bytes(prng.below(20)) };
    if (kind < 95) return { kind: 'remove-mark', object, mark: `m${prng.below(4)}` };
    if (kind < 98) return { kind: 'pg-set', key: this.#key(), value: this.#bytes(prng.below(40)) };
    if (kind < 99) return { kind: 'pg-remove', key: this.#key() };
    const { from, to } = this.#range();
    // Not what a copy keeps for itself, as how many PGs it was split for.
    return { kind: 'pg-remove-range', from: from === '' ? afterOwnKeys : from, to };
  }

  /** Close to each other, so that they meet. */
  #tinyWrites(object: ObjectId): Mutation[] {
    const { tiny } = this.#options;
    if (tiny?.chance(0.3) !== true) return [];
    const from = tiny.pick([0, 200_000, 262_000]);
    return Array.from({ length: 1 + tiny.below(25) }, (): Mutation => {
      const data = payloadOf(tiny.bytes(1 + tiny.below(tiny.pick([4, 40, 400]))));
      if (tiny.chance(0.5)) return { kind: 'append', object, data };
      if (tiny.chance(0.2)) return { kind: 'punch', object, offset: from + tiny.below(3_000), bytes: tiny.below(50) };
      return { kind: 'write', object, offset: from + tiny.below(3_000), data };
    });
  }

  #cloneRange(object: ObjectId, mates: readonly ObjectId[]): Mutation {
    const others = mates.filter((mate) => mate.key !== object.key);
    if (others.length === 0) return { kind: 'create', object };
    const size = this.#options.objectBytesMax;
    return {
      kind: 'clone-range',
      object,
      source: this.#prng.pick(others),
      sourceOffset: this.#offset(size),
      offset: this.#offset(size),
      bytes: this.#prng.below(size >> 1),
    };
  }

  #omapSet(object: ObjectId): Mutation {
    const prng = this.#prng;
    const slots = ([0, 1, 2, 3] as const).filter(() => prng.chance(0.3));
    return {
      kind: 'omap-set',
      object,
      key: this.#key(),
      head: prng.chance(0.7) ? this.#bytes(prng.below(80)) : undefined,
      bodies: slots.map((slot: BodySlot) => {
        return {
          slot,
          body: prng.chance(0.2) ? undefined : this.#payload(Math.min(this.#options.writeBytesMax, 3_000)),
        };
      }),
    };
  }

  #key(): string {
    return `k${String(this.#prng.below(30)).padStart(2, '0')}${this.#prng.chance(0.1) ? '\0\x01ÿ' : ''}`;
  }

  #range(): { from: string; to: string | undefined } {
    const [a, b] = [this.#key(), this.#key()].sort();
    return { from: this.#prng.chance(0.1) ? '' : (a ?? ''), to: this.#prng.chance(0.1) ? undefined : b };
  }

  #offset(size: number): number {
    const offset = this.#prng.below(size);
    return this.#prng.chance(0.5) ? offset - (offset % 4096) : offset;
  }

  #payload(bytesMax: number = this.#options.writeBytesMax): Payload {
    const bytes = this.#prng.chance(0.05) ? 0 : 1 + this.#prng.below(this.#prng.chance(0.2) ? bytesMax : bytesMax >> 3);
    const whole = this.#bytes(bytes);
    if (!this.#prng.chance(0.3) || bytes < 2) return payloadOf(whole);
    const at = this.#prng.below(bytes);
    return payloadOf(whole.subarray(0, at), whole.subarray(at));
  }

  /** Recognisable where it turns up in the wrong place. */
  #bytes(length: number): Uint8Array {
    const stamp = latin1Bytes(`${this.#prng.below(2 ** 31).toString(36)}.`);
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at += stamp.byteLength) bytes.set(stamp.subarray(0, length - at), at);
    return bytes;
  }
}

/** At most: payloads with their checksums, and of each mutation what a record says of it. */
function logBytesOf(mutations: readonly Mutation[]): number {
  return mutations.reduce((sum, mutation) => {
    const bodies = mutation.kind === 'omap-set' ? mutation.bodies.map(({ body }) => body?.bytes ?? 0) : [];
    const data = mutation.kind === 'write' || mutation.kind === 'append' ? [mutation.data.bytes] : [];
    const payloads = [...data, ...bodies].reduce((bytes, one) => bytes + one + 8 * Math.ceil(one / 4096), 0);
    return sum + 300 + payloads;
  }, 0);
}
