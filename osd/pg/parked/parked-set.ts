/**
 * What the store of an OSD has parked: writes of async pools that a failover cut off, kept until an operator gives them up
 * (PG-PROTOCOL.md section 5). `../../store/parked/parked-place.ts` says where.
 */
import { CairnError } from '../../../base/errors.js';
import { type PgId, type PoolId, printPgId } from '../../../cluster/ids.js';
import type { Runtime } from '../../../runtime/runtime.js';
import { decodeObjectHead } from '../../store/format/object-head.js';
import { blockShiftMin } from '../../store/limits.js';
import { decodeParkedObject, type ParkedObject } from '../../store/parked/parked-object.js';
import {
  isShadowPool,
  parkedAttribute,
  parkedKey,
  parkedObjectId,
  parkedRange,
  type ParkedPlace,
  placeOfKey,
  placeOfObject,
  poolOfShadow,
  shadowPg,
} from '../../store/parked/parked-place.js';
import { parseObjectKey } from '../../store/object-id.js';
import type { Store } from '../../store/store.js';
import type { Mutation } from '../../store/transaction.js';
import { TouchedSet } from '../copy/touched-set.js';
import { orderRange } from '../../../cluster/object-placement.js';
import { importMarkKey } from '../../store/tools/pg-file/import-mark.js';
import type { PgCopy } from '../pg-copy.js';
import type { LogPosition } from '../types.js';
import { type CutObject, findTail } from './find-tail.js';
import { parkObject } from './park-object.js';

/** Of one store: some 300 bytes of index each, and of memory while it runs. Then copies of async pools wait to be cut. */
export const parkedObjectsMax = 20_000;
/** Dropped by one transaction. */
const dropsAtOnce = 32;
/** Heads of one page. */
const loadedAtOnce = 128;

export interface Parked extends ParkedPlace {
  readonly what: ParkedObject;
}

export interface ParkedOfPg {
  readonly pg: PgId;
  readonly objects: number;
  /** Of them, those with a write that had been acknowledged for certain. */
  readonly acknowledged: number;
  /** Their sizes. What they share with the PG's own copy is stored once. */
  readonly bytes: number;
}

/** What is kept in memory of one. */
interface Known {
  readonly isAcknowledged: boolean;
  readonly bytes: number;
}

export class ParkedSet {
  readonly #runtime: Runtime;
  readonly #store: Store;
  readonly #objectsMax: number;
  /** By pool and key. */
  readonly #known = new Map<PoolId, Map<string, Known>>();
  readonly #loaded: Promise<void>;
  /** By PG: what is being parked, one after the other, since what is cut must not be parked once more. */
  readonly #parking = new Map<string, Promise<void>>();
  #isLoaded = false;
  #underWay = 0;
  #removing: Promise<void> | undefined;
  #closed: CairnError | undefined;
  #summary: readonly ParkedOfPg[] | undefined;

  constructor(runtime: Runtime, store: Store, objectsMax = parkedObjectsMax) {
    this.#runtime = runtime;
    this.#store = store;
    this.#objectsMax = objectsMax;
    this.#loaded = this.#load();
    this.#loaded.catch((error: unknown) => {
      // Whoever needs it waits for it, and is told: nothing of an async pool is cut meanwhile.
      if (this.#closed === undefined)
        runtime.log.error({ err: error }, 'what is parked cannot be read; see cairn osd fsck');
    });
  }

  /** Of each PG of which something is parked here; `undefined` until that is known. */
  summary(): readonly ParkedOfPg[] | undefined {
    if (!this.#isLoaded) return undefined;
    this.#summary ??= this.#summed();
    return this.#summary;
  }

  #summed(): ParkedOfPg[] {
    const found = new Map<string, { pg: PgId; objects: number; acknowledged: number; bytes: number }>();
    for (const [pool, keys] of this.#known) {
      for (const [key, { isAcknowledged, bytes }] of keys) {
        const { pg } = placeOfKey(pool, key);
        const of = found.get(printPgId(pg)) ?? { pg, objects: 0, acknowledged: 0, bytes: 0 };
        of.objects += 1;
        of.bytes += bytes;
        if (isAcknowledged) of.acknowledged += 1;
        found.set(printPgId(pg), of);
      }
    }
    return [...found.values()];
  }

  /**
   * Parks what of a copy the PG does not have, behind `common` (see `findTail`): durable when it resolves, so that it may be
   * cut then. What is parked already stays as it is, so a call that is repeated goes on where the last one failed. `NO_SPACE` when
   * the set is full, or the store: then nothing may be cut.
   */
  async park(copy: PgCopy, common: LogPosition | undefined): Promise<void> {
    const name = printPgId(copy.pg);
    const before = this.#parking.get(name);
    const parking = (async () => {
      await before?.catch(() => undefined);
      await this.#park(copy, common);
    })();
    this.#parking.set(name, parking);
    try {
      await parking;
    } finally {
      if (this.#parking.get(name) === parking) this.#parking.delete(name);
    }
  }

  /** Resolves when nothing is parked or removed any more. */
  async close(reason: CairnError): Promise<void> {
    this.#closed ??= reason;
    await Promise.allSettled([this.#loaded, ...this.#parking.values(), this.#removing]);
  }

  async #park(copy: PgCopy, common: LogPosition | undefined): Promise<void> {
    await this.#loaded;
    const tail = await findTail(copy, common);
    if (tail.length === 0) return;
    const missing = TouchedSet.of(await copy.missing());
    const keys = this.#keysOf(copy.pg.pool);
    const names: string[] = [];
    for (const cut of tail) {
      const place = placeOf(copy.pg, cut);
      const key = parkedKey(place);
      if (keys.has(key)) continue;
      if (this.#closed !== undefined) throw this.#closed;
      if (this.#count + this.#underWay >= this.#objectsMax) throw this.#full(copy.pg);
      this.#underWay += 1;
      const context = { place, common, isMissing: missing.hasKey(cut.object.key), now: this.#runtime.clock.wall() };
      const parking = parkObject(this.#store, copy, cut, context);
      const what = await parking.finally(() => (this.#underWay -= 1));
      keys.set(key, knownOf(what));
      this.#summary = undefined;
      names.push(what.name.name);
    }
    if (names.length === 0) return;
    this.#runtime.log.warn(
      { pg: printPgId(copy.pg), objects: names.length },
      'writes that a failover cut off are parked; see cairn pg parked ls',
    );
  }

  /** One page in the order of PGs and entries, from behind `after`, a key; of one PG, or of all of a pool. */
  async list(
    pool: PoolId,
    { pg, after, count }: { readonly pg: number | undefined; readonly after: string; readonly count: number },
  ): Promise<{ readonly parked: readonly Parked[]; readonly next: string | undefined }> {
    await this.#loaded;
    const { from, to } = parkedRange(pg);
    const keys = [...(this.#known.get(pool)?.keys() ?? [])]
      .filter((key) => key > after && key >= from && (to === undefined || key < to))
      .sort((a, b) => (a < b ? -1 : 1));
    const parked: Parked[] = [];
    for (const key of keys.slice(0, count)) {
      const found = await this.#read(placeOfKey(pool, key));
      // It may have been dropped meanwhile.
      if (found !== undefined) parked.push(found);
    }
    return { parked, next: keys.length > count ? keys[count - 1] : undefined };
  }

  /** `NOT_FOUND` for what is not parked here. */
  async get(place: ParkedPlace): Promise<Parked> {
    await this.#loaded;
    const isKnown = this.#known.get(place.pg.pool)?.has(parkedKey(place)) === true;
    const found = isKnown ? await this.#read(place) : undefined;
    if (found === undefined) throw notParked(place);
    return found;
  }

  async #read(place: ParkedPlace): Promise<Parked | undefined> {
    const info = await this.#store.objects.stat(parkedObjectId(place, 'log'));
    const value = info?.attributes.get(parkedAttribute);
    return value === undefined ? undefined : { ...place, what: decodeParkedObject(value) };
  }

  /** How many of them were here. Durable when it resolves. */
  async drop(places: readonly ParkedPlace[]): Promise<number> {
    await this.#loaded;
    const here = places.filter((place) => this.#known.get(place.pg.pool)?.has(parkedKey(place)) === true);
    for (let at = 0; at < here.length; at += dropsAtOnce) await this.#dropSome(here.slice(at, at + dropsAtOnce));
    return here.length;
  }

  /** With each map, the pools there are: what was parked of one that was removed goes with it. In the background. */
  keepPools(has: (pool: PoolId) => boolean): void {
    if (!this.#isLoaded || this.#removing !== undefined || this.#closed !== undefined) return;
    const gone = [...this.#known.keys()].filter((pool) => !has(pool));
    if (gone.length === 0) return;
    this.#removing = this.#removePools(gone).then(
      () => {
        this.#removing = undefined;
      },
      (error: unknown) => {
        if (this.#closed === undefined) this.#runtime.fatal(error);
      },
    );
  }

  async #removePools(pools: readonly PoolId[]): Promise<void> {
    for (const pool of pools) {
      const keys = this.#keysOf(pool);
      if (keys.size > 0) {
        const { log } = this.#runtime;
        log.warn({ pool, objects: keys.size }, 'a pool was removed, and what was parked of it goes with it');
      }
      await this.drop(Array.from(keys.keys(), (key) => placeOfKey(pool, key)));
      await this.#removeUnfinished(pool);
      if (keys.size === 0) this.#known.delete(pool);
    }
  }

  /** What a process was parking when it ended: it is parked anew when its copy joins. */
  async #removeUnfinished(pool: PoolId): Promise<void> {
    const marks = await this.#store.objects.pgValues(shadowPg(pool), parkedRange(undefined));
    for (const { key } of marks) {
      if (key === importMarkKey) throw halfImported(pool);
      if (this.#closed !== undefined) throw this.#closed;
      await this.#remove(pool, [placeOfKey(pool, key)]);
    }
  }

  get #count(): number {
    let count = 0;
    for (const keys of this.#known.values()) count += keys.size;
    return count;
  }

  #keysOf(pool: PoolId): Map<string, Known> {
    let keys = this.#known.get(pool);
    if (keys === undefined) {
      keys = new Map();
      this.#known.set(pool, keys);
    }
    return keys;
  }

  async #load(): Promise<void> {
    for (const shadow of this.#store.pgs()) {
      if (!isShadowPool(shadow.pool)) continue;
      const pool = poolOfShadow(shadow.pool);
      await this.#removeUnfinished(pool);
      await this.#loadPool(pool, shadow);
    }
    this.#isLoaded = true;
  }

  async #loadPool(pool: PoolId, shadow: PgId): Promise<void> {
    const keys = this.#keysOf(pool);
    const walk = this.#store.objects.objectWalk(shadow.pool, orderRange(shadow.pg, 1));
    try {
      for (let page = await walk.next(loadedAtOnce); page.length > 0; page = await walk.next(loadedAtOnce)) {
        for (const { key, value } of page) {
          const place = placeOfObject(pool, parseObjectKey(key.slice(1)).name.name);
          const what = decodeObjectHead(value).attributes.get(parkedAttribute);
          if (place !== undefined && what !== undefined) keys.set(parkedKey(place), knownOf(decodeParkedObject(what)));
        }
      }
    } finally {
      await walk.close();
    }
  }

  async #dropSome(places: readonly ParkedPlace[]): Promise<void> {
    const byPool = new Map<PoolId, ParkedPlace[]>();
    for (const place of places) byPool.set(place.pg.pool, [...(byPool.get(place.pg.pool) ?? []), place]);
    for (const [pool, some] of byPool) {
      await this.#remove(pool, some);
      for (const place of some) this.#known.get(pool)?.delete(parkedKey(place));
      this.#summary = undefined;
    }
  }

  async #remove(pool: PoolId, places: readonly ParkedPlace[]): Promise<void> {
    const mutations = places.flatMap((place): Mutation[] => [
      { kind: 'remove', object: parkedObjectId(place, 'object') },
      { kind: 'remove', object: parkedObjectId(place, 'log') },
      { kind: 'pg-remove', key: parkedKey(place) },
    ]);
    await this.#store.apply({ pg: shadowPg(pool), blockShift: blockShiftMin, mutations, mayUseReserve: true });
  }

  #full(pg: PgId): CairnError {
    const name = printPgId(pg);
    return new CairnError(
      'NO_SPACE',
      `${this.#objectsMax} objects are parked here already, so nothing of pg ${name} may be cut; ` +
        'look at them with `cairn pg parked ls`, and give them up with `cairn pg parked drop`',
    );
  }
}

function knownOf({ acknowledged, bytes }: ParkedObject): Known {
  return { isAcknowledged: acknowledged > 0, bytes };
}

function halfImported(pool: PoolId): CairnError {
  return new CairnError('CONFLICT', `the import of what was parked of pool ${pool} was cut short; run it again`);
}

function placeOf(pg: PgId, { entries }: CutObject): ParkedPlace {
  const { term, seq } = entries.at(-1) ?? { term: 0, seq: 0 };
  return { pg, version: { term, seq } };
}

function notParked({ pg, version }: ParkedPlace): CairnError {
  return new CairnError('NOT_FOUND', `nothing of pg ${printPgId(pg)} is parked here as ${version.term}.${version.seq}`);
}
