/** Copies what the rebuilt index tells into a new store, object by object; what cannot be read stays a hole. */
import { isCairnError } from '../../../../base/errors.js';
import { printPgId, type PgId } from '../../../../cluster/ids.js';
import { decodeChunk } from '../../format/chunk-value.js';
import type { Extent } from '../../format/extents.js';
import { objectPartOf, objectRange, pgOfKey, prefixRange, sharedKey, suffixOf } from '../../format/index-key.js';
import { decodeObjectHead, isInline, type ObjectHead, type ObjectVersion } from '../../format/object-head.js';
import { decodeOmapValue, type OmapBody } from '../../format/omap-value.js';
import { decodeSharedPayload } from '../../format/shared-payload.js';
import type { PayloadRef } from '../../format/payload-ref.js';
import type { Index } from '../../index/index.js';
import { IndexWalk, type IndexEntry } from '../../index/walk.js';
import { blockShiftMin, chunkBytes, transactionBytesIn } from '../../limits.js';
import { parseObjectKey, readU32, type ObjectId } from '../../object-id.js';
import { isShadowPool } from '../../parked/parked-place.js';
import { encodeLostTail, lostObjectsMax, lostTailKey } from '../../pg/lost-tail.js';
import type { PayloadReader } from '../../read/payload-reader.js';
import type { Store } from '../../store.js';
import { payloadOf, type Mutation } from '../../transaction.js';
import { pgOfValueKey, type RebuiltIndex } from './rebuild-index.js';

export interface SalvagedObject {
  readonly object: ObjectId;
  readonly size: number;
  readonly bytesFound: number;
  /** That the log tells of, but whose bytes do not verify or are gone: zeros in the new store. */
  readonly bytesDamaged: number;
  /** Zeros that nothing tells of: holes as they were, or lost with their batches. */
  readonly bytesUnknown: number;
  readonly omapKeys: number;
  readonly bodiesDamaged: number;
}

export interface CopyOptions {
  /** No batch is missing, and all that is there was understood: what verifies is whole. */
  readonly isLogWhole: boolean;
  /**
   * Version of objects that may lack something. Of term 0, which no entry has, and no other salvage's: a member that has the object whole
   * under its own version, or another half of it, never takes this one for the same (`osd/pg/primary/backfill.ts`).
   */
  readonly doubtfulVersion: ObjectVersion;
}

export class ObjectCopier {
  readonly #options: CopyOptions;
  readonly #doubtful = new Map<string, { readonly pg: PgId; readonly objectKeys: string[] }>();
  readonly #rebuilt: RebuiltIndex;
  readonly #index: Index;
  readonly #reader: PayloadReader;
  readonly #store: Store;
  readonly #pieceBytes: number;
  #last: Promise<void> = Promise.resolve();
  #pg: PgId | undefined;

  constructor(rebuilt: RebuiltIndex, reader: PayloadReader, store: Store, options: CopyOptions) {
    this.#options = options;
    this.#rebuilt = rebuilt;
    this.#index = rebuilt.state.index;
    this.#reader = reader;
    this.#store = store;
    // With record and checksums it has to fit into a transaction.
    this.#pieceBytes = Math.floor(transactionBytesIn(store.superblock.segmentBytes) / 2);
  }

  /** Durable when it resolves. */
  async run(onObject: (object: SalvagedObject) => void): Promise<void> {
    for await (const { key, value } of this.#walk(prefixRange('o'))) {
      onObject(await this.#object(parseObjectKey(objectPartOf(key)), decodeObjectHead(value)));
    }
    for await (const { key, value } of this.#walk(prefixRange('p'))) {
      this.#pg = pgOfValueKey(key, pgOfKey);
      await this.#run([{ kind: 'pg-set', key: key.slice(9), value }]);
    }
    await this.#noteLosses();
    await this.#last;
  }

  /** With each copy that may lack something, for whoever decides with which one a lost PG goes on. */
  async #noteLosses(): Promise<void> {
    const pgs = this.#options.isLogWhole ? [...this.#doubtful.values()].map(({ pg }) => pg) : this.#store.pgs();
    for (const pg of pgs) {
      if (isShadowPool(pg.pool)) continue;
      const { objectKeys = [] } = this.#doubtful.get(printPgId(pg)) ?? {};
      const value = encodeLostTail({ entries: 0, newest: undefined, isExact: false, objectKeys });
      this.#pg = pg;
      await this.#run([{ kind: 'pg-set', key: lostTailKey, value }]);
    }
  }

  async #object(object: ObjectId, head: ObjectHead): Promise<SalvagedObject> {
    const pg = await this.#rebuilt.pgOf(object);
    this.#pg = pg;
    const { size, attributes, version } = head;
    const { isLogWhole, doubtfulVersion } = this.#options;
    await this.#run([
      { kind: 'create', object },
      { kind: 'truncate', object, size },
      { kind: 'set-attributes', object, set: attributes },
      { kind: 'set-version', object, version: doubtfulVersion },
    ]);
    const found = { bytesFound: 0, bytesDamaged: 0, omapKeys: 0, bodiesDamaged: 0 };
    for await (const { base, extents } of this.#extents(object, head)) {
      for (const extent of extents) {
        const copied = await this.#copyExtent(object, base, extent);
        found.bytesFound += copied;
        found.bytesDamaged += extent.bytes - copied;
      }
    }
    for await (const { key, value } of this.#walk(objectRange('m', object))) {
      found.omapKeys += 1;
      found.bodiesDamaged += await this.#copyOmap(object, suffixOf(key), value);
    }
    for await (const { key, value } of this.#walk(objectRange('w', object))) {
      await this.#run([{ kind: 'set-mark', object, mark: suffixOf(key), value }]);
    }
    const isDamaged = found.bytesDamaged > 0 || found.bodiesDamaged > 0;
    if (isDamaged) this.#noteDamaged(pg, object);
    // At last: until then, nobody is to take it for whole.
    else if (isLogWhole) await this.#run([{ kind: 'set-version', object, version }]);
    return { object, size, ...found, bytesUnknown: size - found.bytesFound - found.bytesDamaged };
  }

  #noteDamaged(pg: PgId, { key }: ObjectId): void {
    const name = printPgId(pg);
    const known = this.#doubtful.get(name);
    if (known === undefined) this.#doubtful.set(name, { pg, objectKeys: [key] });
    else if (known.objectKeys.length < lostObjectsMax) known.objectKeys.push(key);
  }

  /** Returns the bytes that could be read. */
  async #copyExtent(object: ObjectId, base: number, { at, bytes, skip, source }: Extent): Promise<number> {
    const place = await this.#placeOf(object, source);
    if (place === undefined) return 0;
    const { payload, owner } = place;
    const blockBytes = 2 ** payload.blockShift;
    let found = 0;
    // In whole blocks, so that one that is damaged costs nobody else's bytes.
    for (let done = 0; done < bytes;) {
      const from = skip + done;
      const count = Math.min(bytes - done, blockBytes - (from % blockBytes), this.#pieceBytes);
      const read = await this.#read(payload, owner, from, count);
      if (read !== undefined) {
        const data = payloadOf(read);
        await this.#run([{ kind: 'write', object, offset: base + at + done, data }], payload.blockShift);
        found += count;
      }
      done += count;
    }
    return found;
  }

  async #placeOf(
    object: ObjectId,
    source: Extent['source'],
  ): Promise<{ readonly payload: PayloadRef; readonly owner: bigint } | undefined> {
    if (source.kind === 'own') return { payload: source.payload, owner: object.owner };
    const stored = await this.#index.get(sharedKey(source.id));
    return stored === undefined ? undefined : decodeSharedPayload(stored);
  }

  async #copyOmap(object: ObjectId, key: string, value: Uint8Array): Promise<number> {
    const { head, bodies } = decodeOmapValue(value);
    await this.#run([{ kind: 'omap-set', object, key, head, bodies: [] }]);
    let damaged = 0;
    for (const body of bodies) if (!(await this.#copyBody(object, key, body))) damaged += 1;
    return damaged;
  }

  async #copyBody(object: ObjectId, key: string, { slot, payload }: OmapBody): Promise<boolean> {
    const bytes = payload === undefined ? new Uint8Array(0) : await this.#read(payload, object.owner, 0, payload.bytes);
    if (bytes === undefined) return false;
    await this.#run([{ kind: 'omap-set', object, key, head: undefined, bodies: [{ slot, body: payloadOf(bytes) }] }]);
    return true;
  }

  /** `undefined` for bytes that are damaged. */
  async #read(payload: PayloadRef, owner: bigint, skip: number, bytes: number): Promise<Uint8Array | undefined> {
    try {
      return await this.#reader.read({ payload, owner, skip, bytes }, () => 'a payload');
    } catch (error) {
      if (!isCairnError(error, 'CORRUPT') && !isCairnError(error, 'IO_ERROR')) throw error;
      return undefined;
    }
  }

  async *#extents(object: ObjectId, head: ObjectHead): AsyncGenerator<{ base: number; extents: readonly Extent[] }> {
    if (isInline(head.size)) {
      yield { base: 0, extents: head.extents };
      return;
    }
    for await (const { key, value } of this.#walk(objectRange('e', object))) {
      yield { base: readU32(suffixOf(key), 0) * chunkBytes, extents: decodeChunk(value) };
    }
  }

  async *#walk(range: { readonly gte: string; readonly lt: string }): AsyncGenerator<IndexEntry> {
    const walk = new IndexWalk(this.#index, range);
    try {
      for (let page = await walk.next(256); page.length > 0; page = await walk.next(256)) yield* page;
    } finally {
      await walk.close();
    }
  }

  async #run(mutations: readonly Mutation[], blockShift: number = blockShiftMin): Promise<void> {
    if (this.#pg === undefined) return;
    const { applied, durable } = this.#store.submit({ pg: this.#pg, blockShift, mutations });
    // Whether the last one became durable is asked at the end: then all before it did.
    durable.catch(() => undefined);
    this.#last = durable;
    await applied;
  }
}
